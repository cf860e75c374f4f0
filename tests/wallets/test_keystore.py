"""Keys at rest: encrypted, private, and readable by every other program that knows the format."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from pmm.eip712 import SignatureType
from pmm.errors import DiskError
from pmm.settings.private_file import NotPrivate
from pmm.venues.polymarket.credentials import Credentials
from pmm.wallets.key import Key
from pmm.wallets.keystore import SCRYPT_N, Keystore, KeystoreRefused
from tests.wallets.conftest import KEY_TEXT, PASSPHRASE

OTHER = "0x" + "02" * 32
FUNDER = "0x7F985742675955766C37531b4986BC642af9A6dF"
posix = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")

Change = Callable[[dict[str, object]], object]


def test_a_key_comes_back_with_its_pass_phrase_and_with_no_other(keystore: Keystore, key: Key) -> None:
    entry = keystore.add(key, PASSPHRASE)
    assert keystore.unlock(entry, PASSPHRASE).reveal() == key.reveal()
    with pytest.raises(KeystoreRefused, match="does not open") as caught:
        keystore.unlock(entry, "another pass phrase")
    assert "another" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_is_one_of_version_3_with_the_work_of_the_contract(tmp_path: Path, key: Key) -> None:
    entry = Keystore(tmp_path).add(key, PASSPHRASE)
    document = json.loads(entry.path.read_text())
    assert document["version"] == 3
    assert document["crypto"]["kdfparams"]["n"] == SCRYPT_N == 2**17
    assert Account.decrypt(document, PASSPHRASE) == key.reveal()


@posix
def test_files_and_folder_are_nobody_elses_to_read(
    keystore: Keystore, key: Key, credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "umask", os.umask)
    before = os.umask(0)
    try:
        entry = keystore.add(key, PASSPHRASE)
        keystore.store_credentials(key, credentials)
    finally:
        os.umask(before)
    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keystore.folder.stat().st_mode) == 0o700
    assert list(keystore.folder.iterdir()) == [entry.path]


@posix
@pytest.mark.parametrize("loose", ["file", "folder"])
def test_wider_permissions_are_refused(keystore: Keystore, key: Key, loose: str) -> None:
    entry = keystore.add(key, PASSPHRASE)
    (entry.path if loose == "file" else keystore.folder).chmod(0o744)
    with pytest.raises(NotPrivate, match="mode 0744"):
        keystore.entries()


def test_the_only_key_needs_no_name_and_of_several_one_is_chosen(keystore: Keystore, key: Key) -> None:
    assert keystore.with_key() is None
    first = keystore.add(key, PASSPHRASE)
    assert keystore.with_key() == first
    second = keystore.add(Key.of(OTHER), PASSPHRASE, name="cold")
    with pytest.raises(KeystoreRefused, match="several"):
        keystore.with_key()
    assert keystore.with_key("cold") == keystore.with_key(second.address) == second
    with pytest.raises(KeystoreRefused, match=r"no encrypted key 'warm'.*cold"):
        keystore.with_key("warm")


def test_a_key_is_never_written_over(keystore: Keystore, key: Key) -> None:
    keystore.add(key, PASSPHRASE, name="hot")
    with pytest.raises(KeystoreRefused, match="holds another key"):
        keystore.add(Key.of(OTHER), PASSPHRASE, name="hot")
    with pytest.raises(KeystoreRefused, match="holds this key already"):
        keystore.add(key, PASSPHRASE, name="again")


@pytest.mark.parametrize("name", ["../hot", "a/b", ".hot", "a b", "x" * 65, "é"])
def test_a_name_cannot_lead_out_of_the_folder(keystore: Keystore, key: Key, name: str) -> None:
    with pytest.raises(KeystoreRefused, match="is no name"):
        keystore.add(key, PASSPHRASE, name=name)


def test_a_short_pass_phrase_is_refused(keystore: Keystore, key: Key) -> None:
    with pytest.raises(KeystoreRefused, match="fewer than 8"):
        keystore.add(key, "short")


def test_funder_and_type_stand_in_the_clear(keystore: Keystore, key: Key) -> None:
    entry = keystore.add(key, PASSPHRASE, funder=FUNDER.lower(), signature_type=SignatureType.POLY_GNOSIS_SAFE)
    assert (entry.funder, entry.signature_type) == (FUNDER, SignatureType.POLY_GNOSIS_SAFE)
    assert keystore.entries() == [entry]


def test_credentials_are_stored_beside_their_key_and_stay_when_they_are_renewed(
    keystore: Keystore, key: Key, credentials: Credentials
) -> None:
    entry = keystore.add(key, PASSPHRASE, name="hot", funder=FUNDER)
    assert keystore.credentials(key) is None
    assert keystore.store_credentials(key, credentials) == entry.path
    found = keystore.credentials(keystore.unlock(entry, PASSPHRASE))
    assert found is not None
    assert found.reveal() == credentials.reveal()
    assert keystore.entries()[0].funder == FUNDER


def test_credentials_of_a_key_that_is_kept_elsewhere_have_a_file_of_their_own(
    keystore: Keystore, key: Key, credentials: Credentials
) -> None:
    path = keystore.store_credentials(key, credentials)
    (entry,) = keystore.entries()
    assert (entry.path, entry.has_key, entry.has_credentials) == (path, False, True)
    assert keystore.with_key() is None
    keystore.add(key, PASSPHRASE, name="hot")
    (entry,) = keystore.entries()
    assert (entry.name, entry.has_key, entry.has_credentials) == ("hot", True, True)


def test_credentials_open_with_their_own_key_only(keystore: Keystore, key: Key, credentials: Credentials) -> None:
    path = keystore.store_credentials(key, credentials)
    stranger = Key.of(OTHER)
    text = path.read_text().replace(key.address.removeprefix("0x"), stranger.address.removeprefix("0x"))
    path.write_text(text)
    with pytest.raises(KeystoreRefused, match="cannot be opened"):
        keystore.credentials(stranger)


def test_no_secret_stands_in_the_clear(keystore: Keystore, key: Key, credentials: Credentials) -> None:
    entry = keystore.add(key, PASSPHRASE)
    keystore.store_credentials(key, credentials)
    text = entry.path.read_text()
    assert not any(secret in text for secret in (KEY_TEXT[2:], PASSPHRASE, *credentials.reveal()))


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(version=4),
        lambda document: document.update(address="12"),
        lambda document: document.update(pmm={"funder": 7}),
        lambda document: document.update(pmm={"signature_type": 9}),
    ],
)
def test_a_file_that_is_something_else_is_refused(keystore: Keystore, key: Key, change: Change) -> None:
    entry = keystore.add(key, PASSPHRASE)
    document = json.loads(entry.path.read_text())
    change(document)
    entry.path.write_text(json.dumps(document))
    with pytest.raises(KeystoreRefused, match="no keystore of version 3"):
        keystore.entries()


def test_a_file_that_asks_for_all_memory_is_refused(keystore: Keystore, key: Key) -> None:
    entry = keystore.add(key, PASSPHRASE)
    document = json.loads(entry.path.read_text())
    document["crypto"]["kdfparams"]["n"] = 2**30
    entry.path.write_text(json.dumps(document))
    with pytest.raises(KeystoreRefused, match="no keystore"):
        keystore.unlock(entry, PASSPHRASE)


def test_a_file_under_another_address_is_refused(keystore: Keystore, key: Key) -> None:
    entry = keystore.add(key, PASSPHRASE)
    document = json.loads(entry.path.read_text())
    document["address"] = "ab" * 20
    entry.path.write_text(json.dumps(document))
    (lying,) = keystore.entries()
    with pytest.raises(KeystoreRefused, match="another address"):
        keystore.unlock(lying, PASSPHRASE)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, key: Key) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DiskError, match="cannot be made"):
        Keystore(tmp_path / "data").add(key, PASSPHRASE)

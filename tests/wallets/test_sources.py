"""Which of several places a key and its credentials come from, and what is said when they come from none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmm.eip712 import SignatureType
from pmm.errors import Exit
from pmm.venues.polymarket.credentials import Credentials
from pmm.wallets import MissingSecrets, wallet_for
from pmm.wallets.key import Key
from pmm.wallets.keystore import Keystore
from pmm.wallets.kinds import wallets_of
from pmm.wallets.passphrase import NoPassphrase
from pmm.wallets.sources import UnknownFunder, profile_for
from tests.wallets.conftest import KEY_TEXT, PASSPHRASE, Read

SAFE = "0x7F985742675955766C37531b4986BC642af9A6dF"
CREDENTIALS = {"POLY_API_KEY": "k", "POLY_API_SECRET": "c2VjcmV0", "POLY_PASSPHRASE": "p"}


def typed(_question: str) -> str:
    return PASSPHRASE


def test_with_nothing_set_every_missing_name_is_listed(read: Read) -> None:
    with pytest.raises(MissingSecrets) as caught:
        wallet_for(read(), needs_credentials=True)
    assert caught.value.missing == ["POLY_PRIVATE_KEY", *CREDENTIALS]
    assert caught.value.exit is Exit.AUTH


def test_only_what_is_missing_is_listed(read: Read) -> None:
    with pytest.raises(MissingSecrets) as caught:
        wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT), needs_credentials=True)
    assert caught.value.missing == list(CREDENTIALS)
    with pytest.raises(MissingSecrets) as caught:
        wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, POLY_API_KEY="k"))
    assert caught.value.missing == ["POLY_API_SECRET", "POLY_PASSPHRASE"]


def test_a_key_of_the_environment_makes_a_wallet(read: Read, key: Key) -> None:
    wallet = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, **CREDENTIALS), needs_credentials=True)
    assert (wallet.signer.address, wallet.signer.maker, wallet.source) == (
        key.address,
        key.address,
        "env POLY_PRIVATE_KEY",
    )
    assert wallet.credentials is not None
    assert wallet.credentials.reveal() == tuple(CREDENTIALS.values())
    assert KEY_TEXT[2:] not in repr(wallet)


def test_the_caps_of_the_settings_bind_the_signer(read: Read) -> None:
    wallet = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, PMM_LIVE__MAX_ORDER_USD="7", PMM_LIVE__ORDER_LIFE="200"))
    assert (wallet.signer.caps.order, wallet.signer.caps.life_max) == (7_000_000, (200 + 2) * 10**9)


def test_the_keystore_counts_where_the_environment_is_silent(read: Read, keystore: Keystore, key: Key) -> None:
    entry = keystore.add(Key.of("0x" + "02" * 32), PASSPHRASE)
    assert wallet_for(read(), typed).source == f"keystore {entry.path}"
    assert wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT), typed).source == "env POLY_PRIVATE_KEY"


def test_the_pass_phrase_comes_from_a_file_before_anybody_is_asked(
    read: Read, keystore: Keystore, key: Key, tmp_path: Path
) -> None:
    keystore.add(key, PASSPHRASE)
    words = tmp_path / "words"
    words.write_text(PASSPHRASE + "\n")
    words.chmod(0o600)
    assert wallet_for(read(PMM_KEYSTORE_PASSWORD_FILE=str(words)), None).signer.address == key.address
    with pytest.raises(NoPassphrase, match="nobody can be asked"):
        wallet_for(read(), None)


def test_stored_credentials_count_where_none_are_set(
    read: Read, keystore: Keystore, key: Key, credentials: Credentials
) -> None:
    keystore.store_credentials(key, credentials)
    stored = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT), needs_credentials=True).credentials
    stated = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, **CREDENTIALS), needs_credentials=True).credentials
    assert stored is not None
    assert stated is not None
    assert (stored.key, stated.key) == (credentials.key, "k")


@pytest.mark.parametrize("position", range(5))
def test_the_kind_of_a_funder_is_found_out(read: Read, key: Key, position: int) -> None:
    derived = wallets_of(key.address)[position]
    signer = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, POLY_FUNDER=derived.address.lower())).signer
    assert (signer.maker, signer.signature_type) == (derived.address, derived.signature_type)


def test_a_funder_that_does_not_follow_from_the_key_needs_a_stated_kind(read: Read) -> None:
    stranger = "0x" + "ab" * 20
    with pytest.raises(UnknownFunder, match="does not follow"):
        wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, POLY_FUNDER=stranger))
    wallet = wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, POLY_FUNDER=stranger, POLY_SIGNATURE_TYPE="3"))
    assert wallet.signer.maker.lower() == stranger


def test_a_stated_kind_with_one_possible_wallet_needs_no_funder(read: Read) -> None:
    assert wallet_for(read(POLY_PRIVATE_KEY=KEY_TEXT, POLY_SIGNATURE_TYPE="2")).signer.maker == SAFE


def test_funder_and_kind_of_the_keystore_count_unless_the_settings_say_others(
    read: Read, keystore: Keystore, key: Key
) -> None:
    keystore.add(key, PASSPHRASE, funder="0x" + "ab" * 20, signature_type=SignatureType.POLY_1271)
    assert wallet_for(read(), typed).signer.signature_type is SignatureType.POLY_1271
    assert wallet_for(read(POLY_FUNDER=SAFE), typed).signer.signature_type is SignatureType.POLY_GNOSIS_SAFE


def test_what_may_be_shown_needs_no_pass_phrase(
    read: Read, keystore: Keystore, key: Key, credentials: Credentials
) -> None:
    assert profile_for(read()) is None
    entry = keystore.add(key, PASSPHRASE, funder=SAFE)
    keystore.store_credentials(key, credentials)
    profile = profile_for(read())
    assert profile is not None
    assert (profile.address, profile.funder) == (key.address, SAFE)
    assert profile.signature_type is SignatureType.POLY_GNOSIS_SAFE
    assert profile.source == profile.credentials_source == f"keystore {entry.path}"

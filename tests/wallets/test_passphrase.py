"""A pass phrase in the system's keyring, which is a pretend one here."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from pmm.wallets.passphrase import NoPassphrase, keep_in_keyring, passphrase_for
from tests.wallets.conftest import Read

ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"


class KeyringError(Exception):
    pass


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What the pretend keyring holds, by service and name."""
    held: dict[tuple[str, str], str] = {}
    keyring, errors = ModuleType("keyring"), ModuleType("keyring.errors")
    vars(errors).update(KeyringError=KeyringError)
    vars(keyring).update(
        errors=errors,
        get_password=lambda service, name: held.get((service, name)),
        set_password=lambda service, name, secret: held.update({(service, name): secret}),
    )
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return held


def test_what_was_kept_is_found_under_the_address(read: Read, kept: dict[tuple[str, str], str]) -> None:
    keep_in_keyring(ADDRESS, "words of a keyring")
    assert kept == {("pmm", ADDRESS): "words of a keyring"}
    assert passphrase_for(read(PMM_WALLET__KEYRING="true").settings, ADDRESS, None) == "words of a keyring"


def test_an_empty_keyring_is_said_to_be(read: Read, kept: dict[tuple[str, str], str]) -> None:
    with pytest.raises(NoPassphrase, match="holds no pass phrase"):
        passphrase_for(read(PMM_WALLET__KEYRING="true").settings, ADDRESS, None)


def test_a_keyring_that_is_locked_is_told_without_the_pass_phrase(
    kept: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_service: str, _name: str, secret: str) -> None:
        raise KeyringError(secret)

    monkeypatch.setattr(sys.modules["keyring"], "set_password", refuse)
    with pytest.raises(NoPassphrase) as caught:
        keep_in_keyring(ADDRESS, "words of a keyring")
    assert "words" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_the_extra_the_way_to_get_it_is_said(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(NoPassphrase) as caught:
        passphrase_for(read(PMM_WALLET__KEYRING="true").settings, ADDRESS, None)
    assert "polymarket-pmm[keyring]" in caught.value.hint


def test_without_a_keyring_a_person_is_asked(read: Read) -> None:
    assert passphrase_for(read().settings, ADDRESS, lambda question: question) == f"Pass phrase of {ADDRESS}"

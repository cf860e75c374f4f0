"""Where the pass phrase of an encrypted key comes from: a file, the system's keyring, or a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pmm.errors import Exit, LocalError
from pmm.settings import Settings
from pmm.settings.private_file import read_secret

if TYPE_CHECKING:
    from types import ModuleType

# Asks a person for a secret, which the terminal does not show.
Ask: TypeAlias = Callable[[str], str]

SERVICE = "pmm"


class NoPassphrase(LocalError):
    """An encrypted key needs its pass phrase, and nobody says it."""

    code = "PMM-E613"
    exit = Exit.AUTH
    hint = "Type it in a terminal, or set PMM_KEYSTORE_PASSWORD_FILE or PMM_WALLET__KEYRING=true."


def passphrase_for(settings: Settings, address: str, ask: Ask | None) -> str:
    """The pass phrase of the key of an address: the file's, else the keyring's, else what a person types.

    Raises NoPassphrase, and NotPrivate for a file that others may read.
    """
    wallet = settings.wallet
    if wallet.password_file is not None:
        return read_secret(wallet.password_file.expanduser())
    if wallet.keyring:
        return _kept(address)
    if ask is None:
        raise NoPassphrase(f"the key of {address} is encrypted, and nobody can be asked for its pass phrase")
    return ask(f"Pass phrase of {address}")


def _kept(address: str) -> str:
    keyring = _keyring()
    try:
        kept = keyring.get_password(SERVICE, address)
    except keyring.errors.KeyringError as error:
        raise NoPassphrase(f"the keyring does not answer: {type(error).__name__}") from None
    if not isinstance(kept, str):
        raise NoPassphrase(f"the keyring holds no pass phrase for {address}")
    return kept


def keep_in_keyring(address: str, passphrase: str) -> None:
    """Store a pass phrase in the system's keyring.  Raises NoPassphrase."""
    keyring = _keyring()
    try:
        keyring.set_password(SERVICE, address, passphrase)
    except keyring.errors.KeyringError as error:
        raise NoPassphrase(f"the keyring takes no pass phrase: {type(error).__name__}") from None


def _keyring() -> ModuleType:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise NoPassphrase(
            "the keyring needs an extra package", hint="Install it with `pip install polymarket-pmm[keyring]`."
        ) from None
    module: ModuleType = keyring
    return module

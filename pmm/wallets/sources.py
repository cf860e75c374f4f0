"""From settings to a wallet: which of several places a key and its API credentials come from.

Key: process environment, `.env`, `pmm.toml` (each also through a `_FILE` variable), then the encrypted keystore.
API credentials: the same places when all three parts are there, then what `pmm wallet derive-key` stored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from pmm.eip712 import SignatureType, checksummed
from pmm.errors import Exit, LocalError
from pmm.model import SECOND, Nanos
from pmm.settings import Loaded
from pmm.venues.polymarket.credentials import Credentials, derive
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer
from pmm.wallets.core_dumps import forbid_core_dumps
from pmm.wallets.key import Key
from pmm.wallets.keystore import Entry, Keystore
from pmm.wallets.kinds import kind_of, wallets_of
from pmm.wallets.passphrase import Ask, passphrase_for

KEY_NAME = "POLY_PRIVATE_KEY"
# An order's end is planned by our clock and checked by the venue's, which may be behind by as much as is tolerated.
CLOCKS_APART: Nanos = 2 * SECOND
CREDENTIAL_NAMES = {"api_key": "POLY_API_KEY", "api_secret": "POLY_API_SECRET", "passphrase": "POLY_PASSPHRASE"}


class MissingSecrets(LocalError):
    """Live trading needs secrets that nobody has set; `missing` holds their names."""

    code = "PMM-E614"
    exit = Exit.AUTH
    hint = "Set them, or encrypt a key with `pmm wallet import` and then run `pmm wallet derive-key`."

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"live trading needs {', '.join(missing)}")
        self.missing = list(missing)


class UnknownFunder(LocalError):
    """The funder does not follow from the key, so its kind cannot be told."""

    code = "PMM-E615"
    exit = Exit.AUTH
    hint = "Check POLY_FUNDER, or state its kind with POLY_SIGNATURE_TYPE (1 proxy, 2 Safe, 3 deposit wallet)."


class WrongWallet(LocalError):
    """The wallet with the money is not the key's, is of another type than stated, or is not the one with the money."""

    code = "PMM-E618"
    exit = Exit.AUTH
    hint = "`pmm wallet show` lists the wallets of the key; set POLY_FUNDER and POLY_SIGNATURE_TYPE to the right one."


@dataclass(frozen=True, slots=True)
class Profile:
    """What may be shown of a wallet: `signature_type` None means that the funder does not follow from the signer.

    `source` and `credentials_source` say where the secrets are; the latter is None where there are none.
    """

    address: str
    funder: str
    signature_type: SignatureType | None
    source: str
    credentials_source: str | None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """Who trades: a signer, the credentials of its requests when there are any, and where the key came from."""

    signer: Signer
    credentials: Credentials | None
    source: str

    def http(self, clob_url: str, deadline: Nanos) -> PrivateHttp:
        """A way to the exchange for requests of this wallet, not open yet; `deadline` is of a whole call."""
        return PrivateHttp(clob_url, self.signer.address, self.credentials, deadline=deadline)

    @asynccontextmanager
    async def signed_in(self, clob_url: str, deadline: Nanos) -> AsyncIterator[PrivateHttp]:
        """The same, open, by the venue's clock and with credentials, which are made where there are none.

        Raises what the venue raises.
        """
        async with self.http(clob_url, deadline) as http:
            await http.synchronise()
            http.credentials = http.credentials or await derive(http, self.signer)
            yield http


def wallet_for(loaded: Loaded, ask: Ask | None = None, *, needs_credentials: bool = False) -> Wallet:
    """The wallet that the settings mean; `ask` gets the pass phrase of an encrypted key from a person.

    Raises MissingSecrets with every name that is missing, UnknownFunder, and what keystore and pass phrase raise.
    Nothing is asked and nothing decrypted while something else is missing.
    """
    profile = profile_for(loaded)
    missing = [KEY_NAME] if profile is None else []
    missing += _missing_credentials(loaded, profile, needs_credentials=needs_credentials)
    if missing or profile is None:
        raise MissingSecrets(missing)
    key = key_for(loaded, ask)
    return Wallet(signer_for(loaded, profile, key), credentials_for(loaded, key), profile.source)


def profile_for(loaded: Loaded) -> Profile | None:
    """What can be said of the wallet without opening anything but a key in the clear; None where there is no key.

    Raises BadKey, KeystoreRefused and NotPrivate.
    """
    wallet, keystore = loaded.settings.wallet, _keystore(loaded)
    if wallet.private_key is not None:
        address, entry = Key.of(wallet.private_key.get_secret_value()).address, None
        source = str(loaded.origins["wallet.private_key"])
    else:
        entry = keystore.with_key(wallet.keystore)
        if entry is None:
            return None
        address, source = entry.address, f"keystore {entry.path}"
    funder = wallet.funder or (entry.funder if entry is not None else None)
    kind = _kind(loaded, address, funder, entry)
    return Profile(
        address,
        checksummed(funder or _derived(address, kind)),
        kind,
        source,
        _credentials_source(loaded, address),
        entry,
    )


def key_for(loaded: Loaded, ask: Ask | None = None) -> Key:
    """The key in the clear, in a process that leaves no core behind.

    Raises MissingSecrets, BadKey, KeystoreRefused, NoPassphrase and NotPrivate.
    """
    wallet, keystore = loaded.settings.wallet, _keystore(loaded)
    forbid_core_dumps()
    if wallet.private_key is not None:
        return Key.of(wallet.private_key.get_secret_value())
    entry = keystore.with_key(wallet.keystore)
    if entry is None:
        raise MissingSecrets([KEY_NAME])
    return keystore.unlock(entry, passphrase_for(loaded.settings, entry.address, ask))


def signer_for(loaded: Loaded, profile: Profile, key: Key) -> Signer:
    """The signer of a wallet with the caps of the settings.  Raises UnknownFunder and SignerRefused."""
    if profile.signature_type is None:
        raise UnknownFunder(f"the funder {profile.funder} does not follow from the key of {profile.address}")
    live = loaded.settings.live
    return Signer(
        key.reveal(),
        funder=profile.funder,
        signature_type=profile.signature_type,
        caps=Caps(order=live.max_order_micro, life_max=live.order_life_ns + CLOCKS_APART),
        chain_id=loaded.settings.venue.chain_id,
    )


def credentials_for(loaded: Loaded, key: Key) -> Credentials | None:
    """The API credentials of a key, if there are any.  Raises BadCredentials, KeystoreRefused and NotPrivate."""
    parts = _credential_parts(loaded)
    if all(parts.values()):
        return Credentials(*(_clear(part) for part in parts.values()))
    return _keystore(loaded).credentials(key)


def _missing_credentials(loaded: Loaded, profile: Profile | None, *, needs_credentials: bool) -> list[str]:
    """Names of what is missing; a part of three is always a mistake."""
    parts = _credential_parts(loaded)
    absent = [CREDENTIAL_NAMES[name] for name, part in parts.items() if part is None]
    stored = profile is not None and profile.credentials_source is not None
    if 0 < len(absent) < len(parts):
        return absent
    return absent if needs_credentials and not stored else []


def _credentials_source(loaded: Loaded, address: str) -> str | None:
    parts = _credential_parts(loaded)
    if all(parts.values()):
        return str(loaded.origins["wallet.api_secret"])
    stored = [entry for entry in _keystore(loaded).entries() if entry.address == address and entry.has_credentials]
    return f"keystore {stored[0].path}" if stored else None


def _credential_parts(loaded: Loaded) -> dict[str, SecretStr | None]:
    return {name: getattr(loaded.settings.wallet, name) for name in CREDENTIAL_NAMES}


def _clear(secret: SecretStr | None) -> str:
    assert secret is not None, "asked only where all parts are there"
    return secret.get_secret_value()


def _kind(loaded: Loaded, address: str, funder: str | None, entry: Entry | None) -> SignatureType | None:
    """As stated in the settings, else in the keystore, else as the funder shows."""
    stated = loaded.settings.wallet.signature_type
    if stated != "auto":
        return SignatureType(stated)
    if entry is not None and entry.signature_type is not None and entry.funder == funder:
        return entry.signature_type
    return kind_of(address, funder)


def _derived(address: str, kind: SignatureType | None) -> str:
    """The wallet of a stated kind where only one can be meant; otherwise the signer's own address."""
    known = [one.address for one in wallets_of(address) if one.signature_type is kind]
    return known[0] if len(known) == 1 else address


def _keystore(loaded: Loaded) -> Keystore:
    return Keystore(loaded.settings.data_dir)

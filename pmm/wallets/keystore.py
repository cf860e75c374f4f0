"""Keys at rest: one file per wallet in `wallets` of the data folder, in the Ethereum keystore format, version 3.

The key is encrypted with a pass phrase (scrypt).  API credentials are encrypted with a key made from the private key
itself, so whoever can sign can read them, and nobody else; a wallet whose key is kept elsewhere has a file with
credentials only.  Address, funder and type are public and stand in the clear.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import orjson
from Crypto.Cipher import AES

from pmm.eip712 import SignatureType, checksummed
from pmm.errors import DiskError, Exit, LocalError
from pmm.settings.private_file import FILE_MODE, FOLDER_MODE, check_folder, read_private
from pmm.venues.polymarket.credentials import Credentials
from pmm.wallets.key import Key

FOLDER = "wallets"
# Work of the key derivation: 128 MB and some tenths of a second for every guess of a pass phrase.
SCRYPT_N = 2**17
# What a file may demand of us: more memory than 2 GB is an attack.
SCRYPT_N_MAX = 2**21
SCRYPT_RP_MAX = 16
PASSPHRASE_CHARS_MIN = 8
FILE_BYTES_MAX = 64 * 1024
_CREDENTIALS_LABEL = b"pmm api credentials 1"
_OURS = "pmm"


class KeystoreRefused(LocalError):
    """An encrypted key cannot be made, found or opened."""

    code = "PMM-E612"
    exit = Exit.AUTH
    hint = "Encrypt a key with `pmm wallet import`."


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says without its pass phrase; `signature_type` None is to be found out from the funder."""

    path: Path
    address: str
    funder: str | None
    signature_type: SignatureType | None
    has_key: bool
    has_credentials: bool

    @property
    def name(self) -> str:
        return self.path.stem


class Keystore:
    """The files of one data folder."""

    def __init__(self, data_dir: Path, *, scrypt_n: int = SCRYPT_N) -> None:
        self.folder = data_dir / FOLDER
        self._scrypt_n = scrypt_n

    def entries(self) -> list[Entry]:
        """Every wallet, by name; none where there is no folder.  Raises NotPrivate and KeystoreRefused."""
        if not self.folder.exists():
            return []
        check_folder(self.folder)
        return [_entry(path, _read(path)) for path in sorted(self.folder.glob("*.json"))]

    def with_key(self, name: str = "") -> Entry | None:
        """The wallet of that name or address, or the only one that has a key.  None where there is none.

        Raises KeystoreRefused for a name that nobody has, and where several could be meant.
        """
        found = [entry for entry in self.entries() if entry.has_key]
        if name:
            named = [entry for entry in found if name.lower() in {entry.name.lower(), entry.address.lower()}]
            if not named:
                known = ", ".join(entry.name for entry in found) or "none"
                raise KeystoreRefused(f"there is no encrypted key {name!r} in {self.folder}; there is: {known}")
            return named[0]
        if len(found) > 1:
            names = ", ".join(entry.name for entry in found)
            raise KeystoreRefused(
                f"several encrypted keys could be meant: {names}",
                hint="Choose one with PMM_WALLET__KEYSTORE=NAME.",
            )
        return found[0] if found else None

    def add(
        self,
        key: Key,
        passphrase: str,
        *,
        name: str = "",
        funder: str | None = None,
        signature_type: SignatureType | None = None,
    ) -> Entry:
        """Encrypt a key into a file of its own.  Raises KeystoreRefused, NotPrivate and DiskError."""
        from eth_keyfile.keyfile import create_keyfile_json

        if len(passphrase) < PASSPHRASE_CHARS_MIN:
            raise KeystoreRefused(
                f"the pass phrase has fewer than {PASSPHRASE_CHARS_MIN} characters", hint="Choose a longer one."
            )
        path, there = self._path(name or key.address.lower()), self._of(key.address)
        before = {} if there is None else _read(there)
        if "crypto" in before:
            raise KeystoreRefused(f"{there} holds this key already", hint="Move that file away to import it anew.")
        if path.exists() and path != there:
            raise KeystoreRefused(f"{path} holds another key", hint="Give this one another name with --keystore.")
        document = create_keyfile_json(key.reveal(), passphrase.encode(), kdf="scrypt", iterations=self._scrypt_n)
        ours = {"funder": funder, "signature_type": None if signature_type is None else int(signature_type)}
        self._write(path, {**document, _OURS: {**_ours(before), **ours}})
        if there is not None and there != path:
            there.unlink()  # its credentials are beside their key now
        return _entry(path, _read(path))

    def unlock(self, entry: Entry, passphrase: str) -> Key:
        """The key of a file.  Raises KeystoreRefused, never with the pass phrase."""
        from eth_keyfile.keyfile import decode_keyfile_json

        document = _read(entry.path)
        _judge_work(entry.path, document)
        try:
            secret = decode_keyfile_json(document, passphrase.encode())
        except (ValueError, TypeError, KeyError):
            del passphrase
            raise KeystoreRefused(
                f"the pass phrase does not open {entry.path}",
                hint="Check PMM_KEYSTORE_PASSWORD_FILE, or type it again.",
            ) from None
        key = Key(secret)
        if key.address != entry.address:
            raise KeystoreRefused(f"{entry.path} holds the key of another address than it says", hint="Import it anew.")
        return key

    def credentials(self, key: Key) -> Credentials | None:
        """The API credentials that are stored for a key's address.  Raises KeystoreRefused and NotPrivate."""
        path = self._of(key.address)
        sealed = _ours(_read(path)).get("credentials") if path is not None else None
        if sealed is None:
            return None
        assert path is not None
        return _opened(path, key, sealed)

    def store_credentials(self, key: Key, credentials: Credentials) -> Path:
        """Encrypt API credentials beside their key, or alone.  Raises KeystoreRefused, NotPrivate and DiskError."""
        path = self._of(key.address) or self._path(key.address.lower())
        bare = {"version": 3, "address": key.address.removeprefix("0x")}
        document = _read(path) if path.exists() else bare
        self._write(path, {**document, _OURS: {**_ours(document), "credentials": _sealed(key, credentials)}})
        return path

    def _of(self, address: str) -> Path | None:
        """The file of an address: the one with its key rather than one without."""
        owned = [entry for entry in self.entries() if entry.address == address]
        owned.sort(key=lambda entry: (not entry.has_key, entry.name))
        return owned[0].path if owned else None

    def _path(self, name: str) -> Path:
        if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > 64:
            raise KeystoreRefused(f"{name!r} is no name", hint="Use letters, digits, - and _.")
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError as error:
            raise DiskError(f"{self.folder} cannot be made: {os.strerror(error.errno or 0)}") from error
        check_folder(self.folder)
        return self.folder / f"{name}.json"

    def _write(self, path: Path, document: Mapping[str, object]) -> None:
        """Whole or not at all, and nobody else's to read at any moment."""
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            try:
                with open(handle, "wb") as file:  # noqa: PTH123  the handle was made with its permissions
                    file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise DiskError(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from error


def _read(path: Path) -> dict[str, object]:
    text = read_private(path, FILE_BYTES_MAX)
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        _refuse(path)
    if not isinstance(document, dict) or document.get("version") != 3:
        _refuse(path)
    return document


def _refuse(path: Path) -> NoReturn:
    raise KeystoreRefused(f"{path} is no keystore of version 3", hint="Move it away, or restore it from a backup.")


def _entry(path: Path, document: Mapping[str, object]) -> Entry:
    ours = _ours(document)
    address, funder, kind = document.get("address"), ours.get("funder"), ours.get("signature_type")
    if not isinstance(address, str) or not _is_address("0x" + address.removeprefix("0x")):
        _refuse(path)
    if (funder is not None and not (isinstance(funder, str) and _is_address(funder))) or kind not in {None, 0, 1, 2, 3}:
        _refuse(path)
    assert funder is None or isinstance(funder, str)
    return Entry(
        path,
        checksummed("0x" + address.removeprefix("0x")),
        funder and checksummed(funder),
        SignatureType(kind) if isinstance(kind, int) else None,
        "crypto" in document,
        "credentials" in ours,
    )


def _is_address(text: str) -> bool:
    return len(text) == 42 and text[:2] == "0x" and all(char in "0123456789abcdefABCDEF" for char in text[2:])


def _ours(document: Mapping[str, object]) -> dict[str, object]:
    """Our part of a file; other programs leave it alone."""
    ours = document.get(_OURS)
    return ours if isinstance(ours, dict) else {}


def _judge_work(path: Path, document: Mapping[str, object]) -> None:
    """A file that somebody else made may ask for more memory than there is."""
    crypto = document.get("crypto")
    params = crypto.get("kdfparams") if isinstance(crypto, dict) else None
    if not isinstance(params, dict):
        _refuse(path)
    limits = {"n": SCRYPT_N_MAX, "r": SCRYPT_RP_MAX, "p": SCRYPT_RP_MAX, "c": 10_000_000, "dklen": 64}
    for name, most in limits.items():
        value = params.get(name, 1)
        if not isinstance(value, int) or not 0 < value <= most:
            _refuse(path)


def _sealed(key: Key, credentials: Credentials) -> dict[str, str]:
    salt = secrets.token_bytes(32)
    cipher = AES.new(_sealing_key(key, salt), AES.MODE_GCM)
    ciphertext, tag = cipher.encrypt_and_digest(orjson.dumps(credentials.reveal()))
    parts = {"salt": salt, "nonce": cipher.nonce, "ciphertext": ciphertext, "tag": tag}
    return {"cipher": "aes-256-gcm", **{name: part.hex() for name, part in parts.items()}}


def _opened(path: Path, key: Key, sealed: object) -> Credentials:
    """What was sealed with this key.  Raises KeystoreRefused."""
    try:
        assert isinstance(sealed, dict)
        salt, nonce, ciphertext, tag = (bytes.fromhex(sealed[name]) for name in ("salt", "nonce", "ciphertext", "tag"))
        cipher = AES.new(_sealing_key(key, salt), AES.MODE_GCM, nonce=nonce)
        told = orjson.loads(cipher.decrypt_and_verify(ciphertext, tag))
    except (AssertionError, KeyError, TypeError, ValueError):
        raise KeystoreRefused(
            f"the API credentials in {path} cannot be opened", hint="Make new ones with `pmm wallet derive-key`."
        ) from None
    return Credentials(*told)


def _sealing_key(key: Key, salt: bytes) -> bytes:
    return hmac.digest(key.reveal(), _CREDENTIALS_LABEL + salt, "sha256")

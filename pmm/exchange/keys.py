"""API keys: made from a wallet's signature, the same ones for the same wallet and nonce (protocol reference, 2.3).

They are play keys: they follow from the seed of the exchange, and open nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from binascii import b2a_base64
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

# What one exchange remembers; whoever asks for more keys is refused.
KEYS_MAX = 100_000

_sha256 = hashlib.sha256
_BLOCK_BYTES = 64
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Key:
    """An API key with its secrets; `address` is the signing wallet, in lower case."""

    api_key: str
    secret: str
    passphrase: str
    address: str
    nonce: int
    readonly: bool = False

    def signature(self, timestamp: str, method: str, path: str, body: bytes) -> str:
        """What a request made with this key carries as POLY_SIGNATURE; `path` has no query."""
        # HMAC as RFC 2104 writes it: half of what the library takes to find its way to the same two hashes.
        begun_inner, begun_outer = _hashes(self.secret)
        inner, outer = begun_inner.copy(), begun_outer.copy()
        inner.update(f"{timestamp}{method}{path}".encode())
        inner.update(body)
        outer.update(inner.digest())
        return b2a_base64(outer.digest(), newline=False).translate(_URL_SAFE).decode()


@lru_cache(maxsize=4096)
def _hashes(secret: str) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The inner and the outer hash of an HMAC, to be copied; some clients leave out the padding of a secret."""
    key = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    block = (key if len(key) <= _BLOCK_BYTES else _sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    return _sha256(bytes(byte ^ 0x36 for byte in block)), _sha256(bytes(byte ^ 0x5C for byte in block))


class KeyRing:
    """All keys of one exchange; `seed` makes them."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = str(seed).encode()
        self._keys: dict[str, Key] = {}
        self._readonly = 0

    def create(self, address: str, nonce: int) -> Key | None:
        """The key of that wallet and nonce; None when it exists already or there are too many."""
        key = self._made(address, nonce)
        if key.api_key in self._keys or len(self._keys) >= KEYS_MAX:
            return None
        self._keys[key.api_key] = key
        return key

    def derive(self, address: str, nonce: int) -> Key | None:
        """The key of that wallet and nonce, if it exists."""
        return self._keys.get(self._made(address, nonce).api_key)

    def get(self, api_key: str) -> Key | None:
        return self._keys.get(api_key)

    def of(self, address: str, *, readonly: bool = False) -> list[Key]:
        """All keys of a wallet, oldest first."""
        return [key for key in self._keys.values() if key.address == address and key.readonly is readonly]

    def readonly(self, address: str) -> Key | None:
        """A new key that may look but not act; None when there are too many."""
        if len(self._keys) >= KEYS_MAX:
            return None
        self._readonly += 1
        key = self._made(address, self._readonly, readonly=True)
        self._keys[key.api_key] = key
        return key

    def delete(self, api_key: str) -> bool:
        return self._keys.pop(api_key, None) is not None

    def _made(self, address: str, nonce: int, *, readonly: bool = False) -> Key:
        name = f"{address}:{nonce}:{readonly}"
        secret = base64.urlsafe_b64encode(self._bytes(f"secret:{name}")).decode()
        passphrase = self._bytes(f"passphrase:{name}").hex()
        api_key = str(UUID(bytes=self._bytes(f"key:{name}")[:16], version=4))
        return Key(api_key, secret, passphrase, address, nonce, readonly)

    def _bytes(self, name: str) -> bytes:
        return hmac.new(self._seed, name.encode(), hashlib.sha256).digest()

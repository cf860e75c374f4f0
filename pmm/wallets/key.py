"""A private key in memory: nothing that shows an object shows it, and only `reveal` hands it out."""

from __future__ import annotations

from typing import NoReturn

from coincurve import PrivateKey

from pmm.eip712 import address_of, checksummed
from pmm.errors import Exit, LocalError

KEY_BYTES = 32


class BadKey(LocalError):
    """What should be a private key is none."""

    code = "PMM-E611"
    exit = Exit.AUTH
    hint = "A private key is 64 hexadecimal digits, with or without 0x."


class Key:
    """A key of the curve; `address` is the checksummed address that it signs for."""

    __slots__ = ("_secret", "address")

    def __init__(self, secret: bytes) -> None:
        """Raises BadKey, never with the bytes."""
        private = _private_key(secret)
        if private is None:
            del secret
            raise BadKey("the private key is no key of the curve")
        self.address = checksummed(address_of(private.public_key))
        self._secret = secret

    @classmethod
    def of(cls, text: str) -> Key:
        """Read 64 hexadecimal digits.  Raises BadKey."""
        secret = _bytes(text)
        sound = secret is not None and _private_key(secret) is not None
        if not sound or secret is None:
            kind = "not written in hexadecimal digits" if secret is None else "no key of the curve"
            del text, secret  # a traceback shows the locals of its frames
            raise BadKey(f"the private key is {kind}")
        return cls(secret)

    def reveal(self) -> bytes:
        """The key itself, for the signer and for the keystore, and for nobody else."""
        return self._secret

    def __repr__(self) -> str:
        return "<Key>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key can neither be copied nor stored")


def _private_key(secret: bytes) -> PrivateKey | None:
    try:
        return PrivateKey(secret) if len(secret) == KEY_BYTES else None
    except ValueError:
        return None


def _bytes(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.strip().removeprefix("0x").removeprefix("0X"))
    except ValueError:
        return None

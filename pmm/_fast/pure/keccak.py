"""The hash of Ethereum by pycryptodome: what the compiled one is held against, and instead of it where none is."""

from __future__ import annotations

from Crypto.Hash import keccak


def keccak256(data: bytes) -> bytes:
    """The 32 bytes of a hash.  Raises TypeError for anything but bytes."""
    if not isinstance(data, bytes):
        raise TypeError(f"bytes are hashed, not {type(data).__name__}")
    return keccak.new(digest_bits=256, data=data).digest()

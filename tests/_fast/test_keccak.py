"""The hash of Ethereum: what others say that it is, and both implementations say the same."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from random import Random

import pytest
from Crypto.Hash import keccak

RATE = 136


def implementations() -> dict[str, Callable[[bytes], bytes]]:
    found = {"pure": importlib.import_module("pmm._fast.pure.keccak").keccak256}
    with contextlib.suppress(ImportError):
        found["compiled"] = importlib.import_module("pmm._fast.keccak").keccak256
    return found


@pytest.fixture(params=list(implementations()))
def keccak256(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    return implementations()[request.param]


def test_the_known_hashes(keccak256: Callable[[bytes], bytes]) -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert keccak256(b"transfer(address,uint256)")[:4].hex() == "a9059cbb"


@pytest.mark.parametrize("size", [0, 1, RATE - 1, RATE, RATE + 1, 2 * RATE - 1, 2 * RATE, 2 * RATE + 1, 384, 10_000])
def test_every_length_around_a_block_is_hashed_as_the_library_does(
    keccak256: Callable[[bytes], bytes], size: int
) -> None:
    data = Random(size).randbytes(size)
    assert keccak256(data) == keccak.new(digest_bits=256, data=data).digest()


def test_random_bytes_are_hashed_as_the_library_does(keccak256: Callable[[bytes], bytes]) -> None:
    dice = Random(1)
    for _ in range(2_000):
        data = dice.randbytes(dice.randrange(500))
        assert keccak256(data) == keccak.new(digest_bits=256, data=data).digest()


@pytest.mark.parametrize("what", ["text", None, bytearray(b"abc"), memoryview(b"abc"), 7])
def test_only_bytes_are_hashed(keccak256: Callable[[bytes], bytes], what: object) -> None:
    with pytest.raises(TypeError):
        keccak256(what)  # type: ignore[arg-type]  # that is the question

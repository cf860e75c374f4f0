"""Where chance enters the pretend venue: a protocol that `random.Random` satisfies, and a generator to fork from it.

Every market draws from a stream of its own, forked by name, so adding a market changes no other market's history.
"""

from __future__ import annotations

import hashlib
import math
from typing import Protocol

_MASK = (1 << 64) - 1
# splitmix64 (Steele, Lea, Flood 2014): the odd increment is 2**64 divided by the golden ratio.
_INCREMENT = 0x9E3779B97F4A7C15
_MIX_A = 0xBF58476D1CE4E5B9
_MIX_B = 0x94D049BB133111EB


class Dice(Protocol):
    """A seeded source of chance."""

    def random(self) -> float:
        """Uniform in [0, 1)."""

    def gauss(self, mu: float, sigma: float) -> float:
        """Normal with mean `mu` and deviation `sigma`."""

    def expovariate(self, lambd: float) -> float:
        """Waiting time of a Poisson process with `lambd` events per unit of time."""

    def getrandbits(self, k: int, /) -> int:
        """`k` random bits."""


class Stream:
    """A small generator (splitmix64) whose whole state is one 64-bit number; satisfies `Dice`."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def getrandbits(self, k: int, /) -> int:
        value = 0
        for _ in range(0, k, 64):
            value = value << 64 | self._word()
        return value & ((1 << k) - 1)

    def random(self) -> float:
        return (self._word() >> 11) * 2.0**-53

    def gauss(self, mu: float, sigma: float) -> float:
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return mu + sigma * radius * math.cos(math.tau * self.random())

    def expovariate(self, lambd: float) -> float:
        return -math.log(1.0 - self.random()) / lambd

    def _word(self) -> int:
        self._state = word = (self._state + _INCREMENT) & _MASK
        word = ((word ^ word >> 30) * _MIX_A) & _MASK
        word = ((word ^ word >> 27) * _MIX_B) & _MASK
        return word ^ word >> 31


def fork(root: int, name: str) -> Stream:
    """An independent stream for `name`; the same root and name give the same stream."""
    digest = hashlib.blake2b(f"{root}:{name}".encode(), digest_size=8).digest()
    return Stream(int.from_bytes(digest, "big"))

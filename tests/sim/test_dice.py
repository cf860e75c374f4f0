from __future__ import annotations

from random import Random
from statistics import fmean, pstdev

from pmm.sim.dice import Dice, Stream, fork


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, two = Stream(7), Stream(7)
    assert [one.getrandbits(64) for _ in range(5)] == [two.getrandbits(64) for _ in range(5)]


def test_splitmix64_gives_its_published_numbers() -> None:
    stream = Stream(1234567)
    assert [stream.getrandbits(64) for _ in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


def test_forks_differ_by_name_and_by_root_only() -> None:
    assert fork(1, "a").getrandbits(64) == fork(1, "a").getrandbits(64)
    assert len({fork(1, "a").getrandbits(64), fork(1, "b").getrandbits(64), fork(2, "a").getrandbits(64)}) == 3


def test_moments_are_those_of_the_distributions() -> None:
    stream = Stream(3)
    uniform = [stream.random() for _ in range(20_000)]
    normal = [stream.gauss(2.0, 3.0) for _ in range(20_000)]
    waits = [stream.expovariate(4.0) for _ in range(20_000)]
    assert abs(fmean(uniform) - 0.5) < 0.01
    assert min(uniform) >= 0
    assert max(uniform) < 1
    assert abs(fmean(normal) - 2.0) < 0.1
    assert abs(pstdev(normal) - 3.0) < 0.1
    assert abs(fmean(waits) - 0.25) < 0.01
    assert min(waits) >= 0


def test_both_generators_are_dice() -> None:
    for dice in (Stream(1), Random(1)):
        assert isinstance(_roll(dice), float)


def _roll(dice: Dice) -> float:
    return dice.random() + dice.gauss(0.0, 1.0) + dice.expovariate(1.0) + dice.getrandbits(8)

from __future__ import annotations

import itertools

from pmm.sim.dice import Stream
from pmm.sim.truth import Truth, TruthParams


def walk(params: TruthParams, *, start: float = 0.5, pace: float = 1.0, minutes: int = 60) -> list[float]:
    """The probability at the end of every minute."""
    truth = Truth(params, start, pace, Stream(11))
    path = []
    for _ in range(minutes):
        for _ in range(240):
            truth.wake(0)
        path.append(truth.probability)
    return path


def test_it_moves_a_cent_or_two_a_minute() -> None:
    path = [0.5, *walk(TruthParams(pull_per_minute=0.0), minutes=400)]
    moves = [abs(b - a) for a, b in itertools.pairwise(path)]
    assert 0.01 < sum(moves) / len(moves) < 0.03


def test_it_stays_between_floor_and_ceiling() -> None:
    path = walk(TruthParams(drift_per_minute=1.0, jump_size=2.0, jump_every_s=5))
    assert all(0.08 - 1e-9 <= value <= 0.92 + 1e-9 for value in path)
    assert min(path) < 0.2 < 0.8 < max(path)


def test_it_stands_still_at_pace_zero() -> None:
    assert set(walk(TruthParams(), start=0.3, pace=0.0, minutes=3)) == {walk(TruthParams(), start=0.3, pace=0.0)[0]}
    assert abs(walk(TruthParams(), start=0.3, pace=0.0)[0] - 0.3) < 1e-12


def test_news_makes_it_jump() -> None:
    calm = TruthParams(drift_per_minute=0.0, jump_every_s=1e12)
    assert abs(walk(calm)[-1] - 0.5) < 1e-12
    nervous = TruthParams(drift_per_minute=0.0, jump_every_s=30)
    assert len({round(value, 9) for value in walk(nervous)}) > 10

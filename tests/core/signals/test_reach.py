"""How often takers come and how deep they reach, as the tape tells it."""

import pytest

from pmm.core.signals.reach import TOGETHER, Reach
from pmm.model import SECOND

START = 1_790_000_000 * SECOND
HALF_LIFE = 600.0


@pytest.fixture
def reach():
    reach = Reach(HALF_LIFE)
    reach.watch(START)
    return reach


def later(seconds: float) -> int:
    return START + round(seconds * SECOND)


def test_nobody_came_and_nothing_is_said(reach):
    assert (reach.takers(later(60)), reach.arrival(later(60)), reach.depth) == (0.0, 0.0, 0.0)
    assert Reach(HALF_LIFE).arrival(START) == 0.0


def test_takers_are_counted_for_both_sides_and_their_depths_averaged(reach):
    for second in range(1, 11):
        reach.on_trade(later(second), 0.01 if second % 2 else 0.03)
    assert reach.arrival(later(10)) == pytest.approx(10 / 10 / 2, rel=0.01)
    assert reach.depth == pytest.approx(0.02, rel=0.01)


def test_prints_that_come_together_are_one_taker_at_the_deepest_of_them(reach):
    for distance in (0.005, 0.025, 0.015):
        reach.on_trade(later(1), distance)
    reach.on_trade(later(1) + TOGETHER, 0.02)
    assert reach.takers(later(1)) == 1.0
    assert reach.depth == pytest.approx(0.025)
    reach.on_trade(later(1) + TOGETHER + 1, 0.005)
    assert reach.depth == pytest.approx(0.015, rel=1e-3)


def test_a_quieter_time_is_believed_after_a_while(reach):
    for second in range(600):
        reach.on_trade(later(second), 0.03)
    busy = reach.arrival(later(600))
    for minute in range(120):
        reach.on_trade(later(600 + 60 * minute), 0.01)
    assert busy == pytest.approx(0.5, rel=0.01)
    assert reach.arrival(later(7_800)) == pytest.approx(1 / 60 / 2, rel=0.1)
    assert reach.depth == pytest.approx(0.01, rel=0.05)
    assert reach.takers(later(7_800 + HALF_LIFE)) == pytest.approx(reach.takers(later(7_800)) / 2)


def test_what_was_watched_is_remembered_no_longer_than_takers(reach):
    hours = 10 * 3_600
    for second in range(0, hours, 10):
        reach.on_trade(later(second), 0.01)
    assert reach.arrival(later(hours)) == pytest.approx(1 / 10 / 2, rel=0.02)

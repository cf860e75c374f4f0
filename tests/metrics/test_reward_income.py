"""Expected rewards of a run are the part that was ours, for as long as it stayed so."""

from __future__ import annotations

from pmm.core.step import RewardSample, Step
from pmm.events import Timer
from pmm.metrics.performance import APART_MAX, DAY
from pmm.metrics.reward_income import RewardIncome
from pmm.metrics.summary import Summary
from pmm.model import SECOND, SHARE, USD

HOUR = 3_600 * SECOND


def lived(*shares: tuple[int, int, str]) -> RewardIncome:
    """Samples by time, our part of a hundred, and market, of 24 USD a day."""
    income = RewardIncome()
    for at, part, market in shares:
        sample = RewardSample(at, market, part * SHARE, (100 - part) * SHARE, 24 * USD)
        income.on_step(Step(Timer(at), rewards=(sample,)))
    return income


def test_a_share_earns_for_the_time_until_the_next_sample() -> None:
    every = 5 * SECOND
    income = lived(*((number * every, 50, "m") for number in range(HOUR // every + 1)))
    assert income.total == USD // 2
    assert lived((0, 50, "m"), (30 * SECOND, 0, "m"), (60 * SECOND, 0, "m")).total == 12 * USD * 30 * SECOND // DAY


def test_what_was_not_watched_is_not_counted() -> None:
    assert lived((0, 50, "m"), (APART_MAX + 1, 50, "m")).total == 0
    assert lived((0, 50, "m")).by_market == {"m": 0}


def test_markets_are_told_apart_and_the_summary_tells_them_all() -> None:
    told = [(at, part, market) for at in (0, 30 * SECOND) for part, market in ((50, "a"), (25, "b"))]
    assert lived(*told).by_market == {"a": 12 * USD // 2_880, "b": 6 * USD // 2_880}
    assert Summary().record()["rewards"] == {"expected": "0", "markets": {}}

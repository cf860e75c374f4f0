"""Figures of a run from its samples, computed by hand beside."""

from dataclasses import replace

import pytest

from pmm.metrics.performance import drawdown, performance, together
from pmm.metrics.sample import Sample
from pmm.model import SECOND, SHARE, USD

TEN = 10 * SHARE
QUOTED = Sample("m", 0, 10_000, 0, 0, 0, 4_900, TEN, 5_100, TEN, 4_900, 5_000, None, None, None)


def run(*changes, every=5):
    return [replace(QUOTED, at=place * every * SECOND, **change) for place, change in enumerate(changes)]


def test_uptime_counts_only_moments_with_a_price():
    found = performance(run({}, {"bid": None}, {"mid2": None, "bid": None}, {}))
    assert found.uptime == pytest.approx(2 / 3)
    assert found.span == 15 * SECOND


def test_each_side_that_works_is_held_against_the_best_of_others():
    found = performance(run({}, {"bid": 4_700, "ask": None}))
    assert found.at_best == pytest.approx(1 / 3)  # a bid at the best, an ask one tick behind, a bid two behind
    assert found.one_tick == pytest.approx(2 / 3)


def test_what_was_held_counts_whichever_outcome_it_is():
    found = performance(run({"yes": 4 * SHARE}, {"no": 8 * SHARE}))
    assert (found.mean_held, found.most_held) == (6 * SHARE, 8 * SHARE)


def test_equity_falls_from_its_height():
    held = {"yes": TEN, "cash": -5 * USD}
    found = performance(run(held, held | {"mid2": 11_000}, held | {"mid2": 9_000}, held | {"mid2": 9_500}))
    assert found.drawdown == USD
    assert found.equity == -USD // 4


def test_the_reward_is_what_our_share_pays_for_the_time_between():
    paid = {"own_score": 1, "others_score": 3, "reward_per_day": 864 * USD}
    found = performance(run(paid, paid | {"own_score": 0}, paid))
    assert found.reward == 864 * USD // 4 * 5 // 86_400
    assert found.reward_share == pytest.approx((0.25 + 0 + 0.25) / 3)


def test_nothing_is_said_of_the_time_between_two_sittings():
    paid = {"own_score": 1, "others_score": 0, "reward_per_day": 864 * USD}
    found = performance(run(paid, paid, every=3_600))
    assert (found.reward, found.span) == (0, 0)


def test_no_samples_are_no_figures():
    found = performance([])
    assert (found.samples, found.uptime, found.at_best, found.reward_share, found.equity) == (0, None, None, None, None)


def test_markets_are_added_up_at_every_moment():
    first = [replace(QUOTED, at=at, cash=cash) for at, cash in ((0, 1), (10, 5))]
    second = [replace(QUOTED, at=at, cash=cash, mid2=mid2) for at, cash, mid2 in ((0, 2, 10_000), (20, 9, None))]
    assert together({"a": first, "b": second}) == [(0, 3), (10, 7), (20, 7)]


def test_a_curve_that_only_rises_has_no_drawdown():
    assert drawdown([1, 2, 3]) == drawdown([]) == 0

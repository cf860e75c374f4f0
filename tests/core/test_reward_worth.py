"""What a two-sided quote is worth a day, and what it costs to move it, by hand."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import pytest

from pmm.core.reward_score import Contest
from pmm.core.reward_view import contest
from pmm.core.reward_worth import ASK, BID, DAY_S, Leg, RewardParams, Worth
from pmm.core.signals import Signals
from pmm.core.view import View
from pmm.model import GRID, SHARE, USD, FeeSchedule, RewardTerms
from tests.support.story import START, book_of, market, shares

TERMS = RewardTerms(20 * SHARE, 300, 86_400 * USD)  # a dollar a second
BOOK = book_of([("0.49", 100)], [("0.51", 100)])
NOTHING = RewardParams(arrival=0.0, capital=0.0, gap=0.0, message=0.0)
HERE, THERE = (Leg(4_900, shares(100)), Leg(5_100, shares(100))), (Leg(4_800, shares(100)), Leg(5_200, shares(100)))


def worth(params: RewardParams = NOTHING, signals: Signals | None = None, fees: FeeSchedule | None = None) -> Worth:
    view = View(START, replace(market(), rewards=TERMS, fees=fees), BOOK, 0, signals=signals or Signals())
    here = contest(view)
    assert isinstance(here, Contest)
    return Worth(view, here, params, (GRID, GRID))


def test_the_reward_is_our_part_of_the_score() -> None:
    """As much as the others at their distance is a half; at twice the distance a quarter of the weight is a fifth."""
    assert worth().reward(HERE) == pytest.approx(43_200)
    assert worth().reward(THERE) == pytest.approx(86_400 / 5)
    assert worth().reward((None, None)) == 0


def test_a_fill_is_worth_its_distance_and_its_rebate_less_its_adverse_move() -> None:
    signals = Signals(bid_markout=0.004)
    fees = FeeSchedule(40_000, 1, taker_only=True, rebate=250_000)
    told = worth(replace(NOTHING, arrival=100.0, decay=50.0), signals, fees)
    assert told.edge(BID, 4_900) == pytest.approx(0.01 + 0.0025 - 0.004)
    assert told.edge(ASK, 5_200) == pytest.approx(0.02 + 0.0025)
    assert told.fills(BID, HERE[BID]) == pytest.approx(100 * 100 * exp(-0.5) * 0.0085)
    assert told.value(HERE) == pytest.approx(
        told.reward(HERE) + told.fills(BID, HERE[BID]) + told.fills(ASK, HERE[ASK])
    )


def test_capital_costs_what_each_side_binds() -> None:
    told = worth(replace(NOTHING, capital=0.01))
    assert told.fills(BID, Leg(4_000, shares(100))) == pytest.approx(-0.4)
    assert told.fills(ASK, Leg(6_000, shares(100))) == pytest.approx(-0.4)


def test_a_move_misses_the_samples_of_its_gap_and_of_its_age() -> None:
    """Both sides of a quote that earns half a dollar a second are gone for two; the new one is counted after ten."""
    gone = worth(replace(NOTHING, gap=2.0))
    assert gone.cost(HERE, THERE) == pytest.approx(1.0)
    old = worth(replace(NOTHING, age=10.0))
    assert old.cost(HERE, THERE) == pytest.approx(10 / 5)
    assert gone.cost(HERE, HERE) == 0


def test_with_one_side_kept_only_the_difference_is_missed() -> None:
    """One side alone scores a third, 1/3 against 1: a quarter of the dollar stays, and a quarter of it is missed."""
    moved = (HERE[BID], THERE[ASK])
    assert worth(replace(NOTHING, gap=1.0)).cost(HERE, moved) == pytest.approx(0.5 - 0.25)


def test_a_gain_is_what_the_holding_time_brings_less_the_cost() -> None:
    told = worth(replace(NOTHING, holding=60.0, gap=1.0, message=0.5))
    difference = (told.value(HERE) - told.value(THERE)) * 60 / DAY_S
    assert told.gain(THERE, HERE) == pytest.approx(difference - told.cost(THERE, HERE))
    assert told.cost(THERE, HERE) == pytest.approx(86_400 / 5 / DAY_S + 2 * 0.5)


def test_a_quote_holds_no_longer_than_the_price_needs_for_a_tick() -> None:
    assert worth(replace(NOTHING, holding=60.0)).holding == 60
    assert worth(replace(NOTHING, holding=60.0), Signals(variance=0.01**2 / 90)).holding == 60
    assert worth(replace(NOTHING, holding=60.0), Signals(variance=0.01**2 / 4)).holding == pytest.approx(4)


def test_the_best_size_is_that_of_the_closed_form_in_whole_shares() -> None:
    """R 86,400, w 4/9, C 44.4; a share on both sides costs 100 USD a day."""
    told = worth(replace(NOTHING, capital=100.0 / 0.98))
    size = told.best_size(4_900, 5_100, shares(20), shares(10_000))
    weight, others = 4 / 9, 100 * 4 / 9
    free = ((86_400 * weight * others / 100) ** 0.5 - others) / weight
    assert size == int(free) * SHARE
    assert told.best_size(4_900, 5_100, shares(20), shares(100)) == shares(100)
    assert told.best_size(4_700, 5_300, shares(20), shares(100)) == shares(20)  # scores nothing

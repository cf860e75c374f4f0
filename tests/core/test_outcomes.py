"""Shares over the outcomes of an event as one pay-off vector, and what could be lost of it at worst."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.outcomes import (
    NOTHING,
    Conversion,
    Corners,
    Stake,
    conversions,
    corners,
    event_loss,
    mergeable,
    payoffs,
    worst_loss,
)
from pmm.core.position import Position
from pmm.model import GRID, SHARE, USD, Side
from tests.support.story import shares

SIZES = st.integers(1, 10_000).map(lambda cents: cents * SHARE // 100)
STAKES = st.builds(Stake, st.sampled_from(Side), st.integers(1, GRID - 1), SIZES, st.booleans())
CASH = st.integers(-(10**9), 10**9)


def held(cash, pending):
    position = Position(cash=cash)
    for stake in pending:
        position.apply(stake.side, stake.price, stake.size, is_yes=stake.is_yes)
    return position


def bought(price, size, *, is_yes=True):
    """The corners of a market where so many shares were bought."""
    position = Position()
    position.apply(Side.BUY, price, shares(size), is_yes=is_yes)
    return corners(position, (), ())


MARKETS = st.lists(st.tuples(CASH, st.lists(STAKES, max_size=2), st.lists(STAKES, max_size=2)), min_size=1, max_size=3)


@given(MARKETS, st.booleans())
def test_the_worst_of_an_event_is_the_worst_over_outcomes_and_over_which_orders_trade(markets, other):
    found = [corners(held(cash, pending), uncertain, pending) for cash, uncertain, pending in markets]
    worst = 0
    for winner in range(len(markets) + other):
        stakes = [(stake, place == winner) for place, (_, u, p) in enumerate(markets) for stake in (*u, *p)]
        for happens in product((0, 1), repeat=len(stakes)):
            gain = sum(stake.gain(yes_wins=wins) for (stake, wins), it in zip(stakes, happens, strict=True) if it)
            worst = max(worst, -sum(cash for cash, _, _ in markets) - gain // GRID)
    assert event_loss(found, other=other) == worst


@given(CASH, st.lists(STAKES, max_size=4), st.lists(STAKES, max_size=3))
def test_an_event_of_a_single_market_is_that_market(cash, uncertain, pending):
    position = held(cash, pending)
    alone = event_loss([corners(position, uncertain, pending)], other=True)
    assert alone == worst_loss(position, uncertain, pending)


@given(CASH, st.lists(STAKES, max_size=3), st.lists(STAKES, max_size=2), STAKES)
def test_one_more_order_may_be_counted_in_afterwards(cash, uncertain, pending, stake):
    position = held(cash, pending)
    assert corners(position, uncertain, pending).after(stake) == corners(position, (*uncertain, stake), pending)


@given(st.lists(st.builds(Corners, st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12)), max_size=6))
def test_counted_together_markets_never_cost_more_than_each_for_itself(markets):
    assert event_loss(markets, other=True) <= sum(market.worst for market in markets)
    assert event_loss(markets, other=False) <= event_loss(markets, other=True)


@given(st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=4), SIZES, st.integers(0, 3), st.booleans())
def test_a_minted_pair_adds_a_dollar_to_every_outcome(holdings, size, place, other):
    place %= len(holdings)
    more = list(holdings)
    more[place] = (more[place][0] + size, more[place][1] + size)
    before, after = payoffs(holdings, other=other), payoffs(more, other=other)
    assert [new - old for old, new in zip(before, after, strict=True)] == [size] * len(before)


def test_yes_of_every_outcome_pays_a_dollar_unless_another_one_may_win():
    every = [(shares(10), 0)] * 3
    assert payoffs(every, other=False) == (10 * USD,) * 3
    assert payoffs(every, other=True) == (10 * USD, 10 * USD, 10 * USD, 0)


def test_no_of_every_outcome_pays_all_but_one():
    assert payoffs([(0, shares(10))] * 3, other=True) == (20 * USD, 20 * USD, 20 * USD, 30 * USD)


def test_outcomes_that_exclude_each_other_cannot_both_take_what_their_no_shares_cost():
    # NO of two outcomes at 0.60 each: one of them pays at least.
    both = [bought(6000, 10, is_yes=False)] * 2
    assert sum(one.worst for one in both) == 12 * USD
    assert event_loss(both, other=True) == 2 * USD


def test_yes_of_two_outcomes_may_both_be_lost_to_the_other_one():
    both = [bought(4000, 10), bought(3000, 10)]
    assert event_loss(both, other=True) == 7 * USD
    assert event_loss(both, other=False) == 0


def test_nothing_held_is_nothing_lost():
    assert event_loss([], other=False) == event_loss([NOTHING] * 3, other=True) == 0


@pytest.mark.parametrize(("yes", "no", "pairs"), [(10, 4, 4), (0, 4, 0), (3, 3, 3)])
def test_pairs_can_be_merged(yes, no, pairs):
    assert mergeable(shares(yes), shares(no)) == shares(pairs)


def test_no_shares_that_match_each_other_are_converted():
    found = conversions((shares(10), 0, shares(4), shares(6)))
    assert found == (Conversion((0, 2, 3), shares(4)), Conversion((0, 3), shares(2)))
    assert sum(one.cash for one in found) == 10 * USD
    assert conversions((shares(10), 0)) == conversions(()) == ()


@given(st.lists(st.integers(0, 10**9), max_size=6))
def test_conversions_free_everything_but_the_largest_holding(no):
    found = conversions(no)
    assert sum(one.cash for one in found) == sum(no) - max(no, default=0)
    for place, size in enumerate(no):
        assert sum(one.size for one in found if place in one.outcomes) <= size


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_a_conversion_changes_nothing_whoever_wins(no):
    """Cash and the YES shares of the outcomes that were not converted are worth what was given for them."""
    before = payoffs([(0, size) for size in no], other=True)
    left, yes, cash, others = list(no), [0] * len(no), 0, 0
    for one in conversions(no):
        cash, others = cash + one.cash, others + one.size
        for place in range(len(no)):
            if place in one.outcomes:
                left[place] -= one.size
            else:
                yes[place] += one.size
    *after, beyond = payoffs(list(zip(yes, left, strict=True)), other=True)
    assert [value + cash for value in after] == list(before[:-1])
    assert beyond + cash + others == before[-1]

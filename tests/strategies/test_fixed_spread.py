"""Fixed spread: the card's defaults, its limits, and its manners at the edges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.view import View
from pmm.model import GRID, TICKS
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from tests.support.story import START, market, shares


def decide(bid=4900, ask=5100, position=0, params=None, tick="0.01"):
    facts = market(tick)
    book = Book(facts.tick)
    if bid is not None:
        book.set(BID, bid, shares(100))
    if ask is not None:
        book.set(ASK, ask, shares(100))
    return FixedSpread(params).decide(View(START, facts, book, position))


def prices(targets):
    return targets.bid and targets.bid.price, targets.ask and targets.ask.price


def test_defaults_quote_two_cents_each_side_with_ten_shares():
    targets = decide()
    assert prices(targets) == (4800, 5200)
    assert targets.bid.size == targets.ask.size == shares(10)


def test_a_size_below_the_markets_minimum_is_said():
    targets = decide(params=FixedSpreadParams(size=shares(4)))
    assert prices(targets) == (None, None)
    assert targets.reason == "4 shares are fewer than the market's minimum of 5"


@pytest.mark.parametrize(("spread", "expected"), [(200, (4900, 5100)), (1000, (4500, 5500)), (300, (4800, 5200))])
def test_the_spread_is_the_total_one_rounded_outward(spread, expected):
    assert prices(decide(params=FixedSpreadParams(spread=spread))) == expected


@pytest.mark.parametrize(
    ("position", "bid", "ask"),
    [
        (0, 10, 10),
        (40, 10, 10),
        (41, 9, 10),
        (45, 5, 10),
        (46, None, 10),
        (50, None, 10),
        (-50, 10, None),
        (60, None, 10),
    ],
)
def test_a_side_is_shortened_towards_the_limit_and_then_drops_out(position, bid, ask):
    targets = decide(position=shares(position))
    sizes = [target and target.size for target in (targets.bid, targets.ask)]
    assert sizes == [bid and shares(bid), ask and shares(ask)]


@pytest.mark.parametrize(("bid", "ask"), [(None, 5100), (4900, None), (None, None)])
def test_without_both_sides_there_is_no_mid_and_no_quote(bid, ask):
    assert prices(decide(bid, ask)) == (None, None)


@given(st.data())
def test_quotes_are_inside_on_tick_and_never_crossed(data):
    tick = data.draw(st.sampled_from(TICKS))
    n = GRID // tick
    bid = data.draw(st.integers(1, n - 2))
    ask = data.draw(st.integers(bid + 1, n - 1))
    spread = data.draw(st.integers(1, 9_999))
    text = {1000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}[tick]
    low, high = prices(decide(bid * tick, ask * tick, params=FixedSpreadParams(spread=spread), tick=text))
    for price in (low, high):
        assert price is None or (tick <= price <= GRID - tick and price % tick == 0)
    assert low is None or high is None or low < high
    assert low is None or low < ask * tick
    assert high is None or high > bid * tick

"""All signals of one market together."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.signals import QUIET
from pmm.core.signals.market import MarketSignals
from pmm.model import GRID, SECOND, TICKS, Side
from tests.support.story import shares

START = 1_790_000_000 * SECOND


@pytest.fixture
def signals():
    signals = MarketSignals(100)
    signals.on_book(START, 4_900, 5_100, shares(10), shares(10))
    return signals


def later(seconds: float) -> int:
    return START + round(seconds * SECOND)


def test_who_knows_nothing_is_quiet():
    assert MarketSignals(100).read(START) == QUIET
    assert MarketSignals(100).trend_score(START) == 0.0


def test_the_fair_price_leans_to_the_side_with_less_behind_it(signals):
    signals.on_book(later(1), 4_900, 5_100, shares(30), shares(10))
    assert signals.read(later(1)).fair == pytest.approx(0.505)


def test_every_signal_finds_its_place(signals):
    signals.on_trade(later(2), Side.SELL, shares(100), 4_700)
    signals.on_fill(later(2), Side.BUY, shares(10))
    signals.on_book(later(40), 4_500, 4_700, shares(10), shares(10))
    read = signals.read(later(80), imbalance=0.25)
    assert read.variance > 0
    assert read.imbalance == 0.25
    assert read.fair == pytest.approx(0.46)
    assert read.flow < 0
    assert (read.takers, read.reach) == pytest.approx((1.0, 0.03), rel=0.1)
    assert read.arrival == pytest.approx(1 / 80 / 2, rel=0.1)
    assert read.trend < 0
    assert read.jumps > 0
    assert signals.jumped_at == later(40)
    assert read.bid_markout == 0.0, "the price stood still while the horizons passed"


def test_a_fill_before_a_fall_was_dear(signals):
    signals.on_fill(later(10), Side.BUY, shares(10))
    signals.on_fill(later(10), Side.SELL, shares(10))
    signals.on_book(later(12), 4_500, 4_700, shares(10), shares(10))
    read = signals.read(later(60))
    assert read.bid_markout == pytest.approx(-read.ask_markout)
    assert read.bid_markout == pytest.approx(0.04 / 6, rel=0.02)


def test_a_gap_leaves_what_was_learnt_and_no_fair_price(signals):
    signals.on_book(later(30), 4_800, 5_000, shares(10), shares(10))
    before = signals.read(later(120))
    signals.interrupt()
    after = signals.read(later(120))
    assert (after.fair, after.variance, after.trend) == (None, before.variance, before.trend)


def test_the_start_of_a_market_is_no_jump(signals):
    signals.on_book(later(1), 6_900, 7_100, shares(10), shares(10))
    assert signals.jumped_at is None


def test_reading_more_often_changes_nothing():
    often, once = MarketSignals(100), MarketSignals(100)
    for second in range(300):
        for signals in (often, once):
            signals.on_book(later(second), 4_900 + second % 7 * 100, 5_300, shares(10), shares(10))
        often.read(later(second + 0.5))
    left, right = often.read(later(400)), once.read(later(400))
    assert left.variance == pytest.approx(right.variance)
    assert left.trend == pytest.approx(right.trend)


PRICES = st.integers(1, GRID - 2)
SIZES = st.integers(1, 10**15)
STEPS = st.tuples(
    st.sampled_from(["book", "trade", "fill", "gap", "read"]), st.integers(0, 10**13), PRICES, SIZES, SIZES
)


@given(st.lists(STEPS, max_size=40), st.sampled_from(TICKS), st.booleans())
def test_whatever_happens_signals_stay_in_their_bounds(steps, tick, buys):
    signals, at = MarketSignals(tick), START
    side = Side.BUY if buys else Side.SELL
    for what, wait, price, size, other in steps:
        at += wait
        match what:
            case "book":
                signals.on_book(at, price, price + 1, size, other)
            case "trade":
                signals.on_trade(at, side, size, price)
            case "fill":
                signals.on_fill(at, side, size)
            case "gap":
                signals.interrupt()
        read = signals.read(at)
        assert 0 <= read.variance <= 1
        assert -1 <= read.flow <= 1
        assert abs(read.trend) <= 1
        assert 0 <= read.jumps <= 1
        assert read.takers >= 0
        assert 0 <= read.arrival <= 50
        assert 0 <= read.reach <= 1
        assert abs(read.bid_markout) <= 1
        assert abs(read.ask_markout) <= 1
        assert read.fair is None or 0 < read.fair < 1
        assert isfinite(signals.trend_score(at))

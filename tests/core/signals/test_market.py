"""All signals of one market together."""

import pytest

from pmm.core.signals import QUIET
from pmm.core.signals.market import MarketSignals
from pmm.model import SECOND, Side
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
    signals.on_trade(later(2), Side.SELL, shares(100))
    signals.on_fill(later(2), Side.BUY, shares(10))
    signals.on_book(later(40), 4_500, 4_700, shares(10), shares(10))
    read = signals.read(later(80), imbalance=0.25)
    assert read.variance > 0
    assert read.imbalance == 0.25
    assert read.fair == pytest.approx(0.46)
    assert read.flow < 0
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

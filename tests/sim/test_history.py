from __future__ import annotations

from pmm._fast import ASK, BID
from pmm.model import SECOND, USD, Side
from pmm.sim.catalog import demo_listing
from pmm.sim.frames import MarketWire
from pmm.sim.history import DAY, MINUTE, MINUTES_KEPT_MAX, MarketHistory, Track, worth
from pmm.sim.matching import Outcome

OPENED = 1_000 * MINUTE + 20 * SECOND


def quoted(bid: int, ask: int) -> MarketWire:
    """Books of YES with one level on each side."""
    wire = MarketWire(demo_listing().market, 0)
    wire.books[Outcome.YES].set(BID, bid, 10)
    wire.books[Outcome.YES].set(ASK, ask, 10)
    return wire


def test_a_price_is_the_middle_then_the_last_trade_then_nothing() -> None:
    wire = MarketWire(demo_listing().market, 0)
    assert worth(wire) is None
    wire.note_trade(Outcome.NO, Side.BUY, 3_000)
    assert worth(wire) == 14_000
    wire.note_trade(Outcome.YES, Side.SELL, 6_500)
    assert worth(wire) == 13_000
    assert worth(quoted(4_500, 4_600)) == 9_100


def test_every_full_minute_has_the_price_that_lasted_up_to_it() -> None:
    history = MarketHistory(OPENED)
    history.tell(OPENED, quoted(4_000, 4_200), 0)
    history.tell(OPENED + 3 * MINUTE, quoted(5_000, 5_200), 0)
    history.tell(OPENED + 3 * MINUTE + SECOND, quoted(9_000, 9_200), 0)  # in the same minute: nothing is due
    history.tell(OPENED + 4 * MINUTE, quoted(5_000, 5_200), 0)
    everything = history.prices(0, OPENED + DAY)
    assert everything == [(60_000, 8_200), *((60_000 + 60 * n, 10_200) for n in (1, 2, 3, 4))]
    assert history.prices(1_002 * MINUTE, 1_003 * MINUTE) == [(60_120, 10_200), (60_180, 10_200)]
    assert history.prices(1_002 * MINUTE + 1, 1_003 * MINUTE - 1) == []


def test_points_can_be_further_apart_and_lie_on_whole_multiples() -> None:
    history = MarketHistory(OPENED)
    history.tell(OPENED + 12 * MINUTE, quoted(4_000, 4_200), 0)
    assert [at // 60 for at, _ in history.prices(0, OPENED + DAY, 5)] == [1_000, 1_005, 1_010]
    assert [at // 60 for at, _ in history.prices(1_001 * MINUTE, OPENED + DAY, 5)] == [1_005, 1_010]


def test_what_never_had_a_price_has_no_history() -> None:
    history = MarketHistory(OPENED)
    history.tell(OPENED + MINUTE, MarketWire(demo_listing().market, 0), 0)
    assert history.prices(0, OPENED + DAY) == []
    assert history.price_change(OPENED + MINUTE, quoted(4_000, 4_200)) == 0


def test_a_side_that_is_empty_for_a_while_leaves_the_price_where_it_was() -> None:
    history = MarketHistory(OPENED)
    history.tell(OPENED, quoted(4_000, 4_200), 0)
    history.tell(OPENED + 2 * MINUTE, MarketWire(demo_listing().market, 0), 0)
    assert [price for _, price in history.prices(0, OPENED + DAY)] == [8_200] * 3


def test_the_last_day_is_counted_from_a_day_ago_or_from_the_opening() -> None:
    history = MarketHistory(OPENED)
    history.tell(OPENED, quoted(4_000, 4_200), 100 * USD)
    assert history.volume(OPENED + SECOND, 130 * USD) == 30 * USD
    assert history.price_change(OPENED + SECOND, quoted(5_000, 5_200)) == 2_000
    history.tell(OPENED + MINUTE, quoted(5_000, 5_200), 130 * USD)
    history.tell(OPENED + DAY, quoted(6_000, 6_200), 150 * USD)
    assert history.volume(OPENED + DAY + MINUTE, 150 * USD) == 20 * USD
    assert history.price_change(OPENED + DAY + MINUTE, quoted(6_000, 6_200)) == 2_000
    assert history.volume(OPENED + 3 * DAY, 150 * USD) == 0


def test_a_month_is_kept_and_no_more() -> None:
    track = Track()
    for minute in range(MINUTES_KEPT_MAX + 10):
        track.note(minute, minute)
    assert track.opening == (10, 10)
    assert (track.value(9), track.value(10), track.value(10**9)) == (None, 10, MINUTES_KEPT_MAX + 9)
    history = MarketHistory(0)
    history.tell(0, quoted(4_000, 4_200), 0)
    history.tell(2 * MINUTES_KEPT_MAX * MINUTE, quoted(4_000, 4_200), 0)
    assert len(history.prices(0, 3 * MINUTES_KEPT_MAX * MINUTE)) == MINUTES_KEPT_MAX

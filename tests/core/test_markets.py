"""What a quoted market learns from its book, the tape, our fills and the calendar, through the engine."""

from dataclasses import replace

import pytest

from pmm.core.engine import EngineConfig
from pmm.core.regime import Regime
from pmm.events import FeedNews, FeedSignal, MarketListed, Wake
from pmm.model import MILLISECOND, SECOND, Side, utc_text
from tests.support.story import (
    CONDITION,
    NO,
    Story,
    book_frame,
    canceled,
    market,
    placed,
    shares,
    trade_frame,
)

HOUR = 3_600


@pytest.fixture
def story():
    story = Story()
    story.open_market()
    return story


def quoted(story):
    return story.engine.markets[CONDITION]


def signals(story):
    return story.engine.quoting.view(quoted(story), story.at).signals


def book(story, *levels, seconds=1.0):
    """A snapshot some time later: bid, size, ask, size."""
    story.at += round(seconds * SECOND)
    bid, bid_size, ask, ask_size = levels
    return story.tell(book_frame([(bid, bid_size)], [(ask, ask_size)], at=story.at))


# --- signals ------------------------------------------------------------------------------------------------------


def test_sizes_alone_move_the_fair_price_and_nothing_else(story):
    step = book(story, "0.49", 300, "0.51", 100)
    assert step.decisions == ()
    assert signals(story).fair == pytest.approx(0.505)
    assert signals(story).imbalance == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("token", "taker", "sign"),
    [("yes", Side.BUY, 1), ("yes", Side.SELL, -1), ("no", Side.BUY, -1), ("no", Side.SELL, 1)],
)
def test_trades_of_either_token_flow_in_the_terms_of_the_first(story, token, taker, sign):
    traded = {"token": NO} if token == "no" else {}
    story.tell(trade_frame(taker, "0.5", 100, at=story.at, **traded))
    assert signals(story).flow == pytest.approx(sign * 0.5)


def test_a_frame_that_is_refused_tells_no_trade_again(story):
    story.tell(trade_frame(Side.BUY, "0.5", 100, at=story.at))
    flow = signals(story).flow
    for _ in range(3):
        story.tell(replace(trade_frame(Side.BUY, "0.5", 100, at=story.at), data=b'{"event_type":'))
    assert signals(story).flow == flow


@pytest.mark.parametrize(("quote", "lost"), [("bid", 0.1), ("ask", -0.1)])
def test_fills_are_held_against_what_came_after(story, quote, lost):
    story.accept()
    story.at += 5 * SECOND
    story.fill(quote, 10)
    book(story, "0.39", 100, "0.41", 100, seconds=3)
    story.wait(40)
    learnt = signals(story)
    assert {"bid": learnt.bid_markout, "ask": learnt.ask_markout}[quote] == pytest.approx(lost / 6, rel=0.02)


def test_our_own_orders_are_no_news():
    story = Story(config=EngineConfig(in_book=True))
    story.open_market("0.40", "0.60")
    story.accept()
    assert story.working() == {"bid": "0.48", "ask": "0.52"}
    story.at += SECOND
    seen = book_frame([("0.48", 10), ("0.40", 100)], [("0.52", 10), ("0.60", 300)], at=story.at)
    story.tell(seen)
    assert signals(story).fair == pytest.approx(0.45)


def test_a_lost_feed_teaches_nothing(story):
    story.accept()
    story.fill("bid", 10)
    story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, "gone"))
    assert signals(story).fair is None
    story.at += 2 * SECOND
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    for second in range(40):
        book(story, "0.09", 100 + second, "0.11", 100 + second)
    assert signals(story).bid_markout == 0.0
    assert signals(story).fair == pytest.approx(0.1)


def test_a_coarser_grid_has_a_higher_floor(story):
    story.wait(30)
    coarse = signals(story).variance
    fine = Story()
    fine.open_market(tick="0.001")
    fine.wait(30)
    assert coarse == pytest.approx(100 * signals(fine).variance)


# --- regimes ------------------------------------------------------------------------------------------------------


def ending(hours, game_in=None, config=None):
    """A story whose market ends in so many hours, and whose game starts in so many."""
    story = Story(config=config)
    dates = {"end_date": utc_text(story.at + round(hours * HOUR * SECOND))}
    if game_in is not None:
        dates["game_start"] = utc_text(story.at + round(game_in * HOUR * SECOND))
    story.tell(MarketListed(story.at, replace(market(), **dates)))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    story.touch("0.49", "0.51")
    story.accept()
    return story


def until(story, moment):
    """Let the engine be woken when it asks for it; books stay proven."""
    while story.at < moment:
        story.at = min(moment, story.step.wake_at or moment)
        story.tell(Wake(story.at))


def test_quoting_goes_on_where_the_end_is_far():
    story = ending(48)
    assert quoted(story).regime.regime is Regime.QUIET
    assert story.working() == {"bid": "0.48", "ask": "0.52"}


def test_the_last_day_is_told_and_leaves_quoting_to_the_model():
    story = ending(23)
    assert story.machine("regime") == ["NEAR_RESOLUTION"]
    assert story.working() == {"bid": "0.48", "ask": "0.52"}


def test_without_a_position_nothing_is_quoted_in_the_last_hour():
    story = ending(0.9)
    assert story.working() == {}
    assert story.wait(1).decisions[-1].targets.reason == "the market's end is near: reducing only"


def test_in_the_last_hour_only_the_position_goes_home():
    story = ending(1 + 1 / HOUR)
    story.fill("bid", 8)
    story.accept()
    story.wait(1)
    story.accept()
    story.wait(0)
    orders = {str(order.quote): order.size for order in story.engine.orders.open()}
    assert orders == {"ask": shares(8)}


def test_past_its_end_nothing_is_quoted():
    story = ending(0.5)
    story.wait(HOUR / 2)
    assert quoted(story).regime.regime is Regime.HALTED


def test_the_cut_off_comes_at_its_minute_without_a_timer():
    story = ending(1 + 2 / HOUR)
    assert set(story.working()) == {"bid", "ask"}
    moment = story.at - MILLISECOND + 2 * SECOND
    until(story, moment - 1)
    assert set(story.working()) == {"bid", "ask"}
    until(story, moment)
    assert story.machine("regime") == ["NEAR_RESOLUTION", "REDUCE_ONLY"]
    assert len(canceled(story.step.commands)) == 2


def test_an_end_that_is_put_off_gives_the_market_back():
    story = ending(0.9)
    later = replace(market(), end_date=utc_text(story.at + 72 * HOUR * SECOND))
    assert len(placed(story.tell(MarketListed(story.at, later)).commands)) == 2
    assert quoted(story).regime.regime is Regime.QUIET


def test_a_game_is_an_event_from_a_quarter_of_an_hour_before():
    story = ending(100, game_in=0.25 + 1 / HOUR)
    assert story.machine("regime") == []
    until(story, story.at + SECOND)
    assert story.machine("regime") == ["EVENT"]


def test_a_jump_is_an_event_in_the_frame_that_shows_it(story):
    for second in range(40):
        book(story, "0.49", 100 + second, "0.51", 100)
    step = book(story, "0.57", 100, "0.59", 100)
    assert [(change.machine, change.new) for change in step.changes if change.machine == "regime"] == [
        ("regime", "EVENT")
    ]
    assert quoted(story).regime.regime is Regime.EVENT
    for _ in range(62):
        story.wait(1)
        book(story, "0.57", 100, "0.59", 100, seconds=0)
    assert quoted(story).regime.regime is Regime.QUIET


def test_the_view_tells_the_regime(story):
    assert story.engine.quoting.view(quoted(story), story.at).regime is Regime.QUIET
    ends = ending(0.9)
    assert ends.engine.quoting.view(quoted(ends), ends.at).regime is Regime.REDUCE_ONLY


def test_a_retired_market_remembers_what_it_learnt(story):
    story.wait(30)
    before = quoted(story).signals
    story.engine.data.retire(quoted(story))
    story.tell(MarketListed(story.at, market()))
    assert quoted(story).signals is before
    assert signals(story).fair is None

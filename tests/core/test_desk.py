"""The order desk: orders of earlier runs, orders in markets nobody listed, terms of orders, late and odd news."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.account import OrderStatus, TradeStatus
from pmm.commands import Cancel, QueryOrder
from pmm.core.desk import ADOPTION_PATIENCE, SHORT_PAUSE
from pmm.core.engine import EngineConfig, Outcome
from pmm.core.ledger import Account
from pmm.events import (
    Accepted,
    Adopted,
    Canceled,
    CancelRejected,
    FeedNews,
    FeedSignal,
    Filled,
    MarketDropped,
    MarketListed,
    Operator,
    OperatorAction,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
    Unanswered,
)
from pmm.model import MILLISECOND, SECOND, Side, TimeInForce
from pmm.rules.error_rate import ErrorRate, ErrorRateLimits
from tests.support.rules import ruled
from tests.support.story import CONDITION, NO, YES, Story, canceled, market, placed, shares

LIFE = 300 * SECOND
GTD = EngineConfig(order_prefix="live-2-", tif=TimeInForce.GTD, order_life=LIFE)
OTHER = "0xother"


def adopted(at, order_id="live-1-7", token=YES, side=Side.BUY, price=4800, size=10.0, condition=CONDITION):
    return Adopted(at, order_id, condition, token, side, price, shares(size), at + LIFE - SECOND, at - SECOND)


def restarted(*orders, config=GTD):
    """A run that finds orders of an earlier one before it knows the book."""
    story = Story(config=config)
    story.tell(MarketListed(story.at, market()))
    for order in orders or [adopted(story.at)]:
        story.tell(order)
    return story


def connect(story):
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))


# --- sales ------------------------------------------------------------------------------------------------------------


def test_shares_that_the_venue_does_not_show_yet_are_not_sold_in_a_loop():
    story = Story()
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    story.tell(Settled(story.at, "dry-1", "t1", TradeStatus.CONFIRMED))
    (sale,) = placed(story.tell(Canceled(story.at, "dry-2")).commands)
    (instead,) = placed(story.tell(Rejected(story.at, sale.order_id, "Not enough balance / allowance")).commands)
    assert (sale.token, sale.side, instead.token, instead.side) == (YES, Side.SELL, NO, Side.BUY)
    story.at += SHORT_PAUSE
    (again,) = placed(story.tell(Canceled(story.at, instead.order_id)).commands)
    assert (again.token, again.side) == (YES, Side.SELL)


def test_an_order_that_is_taken_back_before_it_is_sent_is_no_error():
    story = Story(rules=ruled(ErrorRate(ErrorRateLimits(1))))
    first = placed(story.open_market().commands)
    story.touch("0.59", "0.61")
    steps = [story.tell(Rejected(story.at, order.order_id, "canceled before it was sent")) for order in first]
    assert story.machine("risk") == []
    story.tell(Rejected(story.at, placed(steps[0].commands)[0].order_id, "no"))
    assert story.machine("risk") == ["COOLDOWN"]


# --- terms ------------------------------------------------------------------------------------------------------------


def test_a_gtd_order_says_when_it_ends_and_is_replaced_before_that():
    story = Story(config=GTD)
    story.open_market()
    began = story.at
    assert {(place.tif, place.expires_at) for place in placed(story.step.commands)} == {(TimeInForce.GTD, began + LIFE)}
    story.accept()
    for _ in range(23):
        story.wait(10)
        assert canceled(story.touch("0.49", "0.51").commands) == []
    story.wait(10)
    assert len(canceled(story.touch("0.49", "0.51").commands) or canceled(story.history[-2].commands)) == 2


def test_a_gtc_order_with_a_greatest_age_is_replaced_too_and_has_no_end():
    story = Story(config=EngineConfig(order_life=LIFE))
    story.open_market()
    assert {(place.tif, place.expires_at) for place in placed(story.step.commands)} == {(TimeInForce.GTC, None)}
    story.accept()
    assert len(canceled(story.wait(240).commands)) == 2


# --- orders of earlier runs -------------------------------------------------------------------------------------------


def test_an_order_of_an_earlier_run_is_in_doubt_and_asked_about_at_once():
    story = restarted()
    assert story.step.commands == (QueryOrder("live-1-7"),)
    assert story.engine.orders.get("live-1-7").state == "UNKNOWN"


def test_it_keeps_its_place_when_it_is_still_what_is_wanted():
    story = restarted()
    story.tell(OrderShown(story.at, story.at, "live-1-7", OrderStatus.LIVE, 0))
    connect(story)
    step = story.touch("0.49", "0.51")
    assert [place.token for place in placed(step.commands)] == [NO]
    assert canceled(step.commands) == []


@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
def test_it_is_cancelled_when_something_else_is_wanted(moment):
    story = restarted()
    if moment == "after the answer":
        story.tell(OrderShown(story.at, story.at, "live-1-7", OrderStatus.LIVE, 0))
    connect(story)
    step = story.touch("0.59", "0.61")
    assert canceled(step.commands) == [Cancel("live-1-7")]


def test_it_waits_for_the_first_book_for_a_while_and_not_for_ever():
    story = restarted()
    story.tell(OrderShown(story.at, story.at, "live-1-7", OrderStatus.LIVE, 0))
    began = story.at
    while story.at + SECOND < began + ADOPTION_PATIENCE:
        assert canceled(story.wait(1).commands) == []
    assert canceled(story.wait(1).commands) == [Cancel("live-1-7")]


@pytest.mark.parametrize("action", [OperatorAction.STOP, OperatorAction.PAUSE, OperatorAction.KILL])
def test_nothing_waits_when_the_operator_speaks(action):
    story = restarted()
    story.tell(OrderShown(story.at, story.at, "live-1-7", OrderStatus.LIVE, 0))
    assert canceled(story.tell(Operator(story.at, action)).commands) == [Cancel("live-1-7")]


def test_after_the_first_decision_it_is_like_any_other():
    story = restarted()
    story.tell(OrderShown(story.at, story.at, "live-1-7", OrderStatus.LIVE, 0))
    connect(story)
    story.touch("0.49", "0.51")
    story.accept()
    step = story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, "gone"))
    assert Cancel("live-1-7") in step.commands


def test_of_two_orders_found_in_one_slot_one_stays():
    at = Story().at
    story = restarted(adopted(at), adopted(at, "live-1-8"))
    for order_id in ("live-1-7", "live-1-8"):
        story.tell(OrderShown(story.at, story.at, order_id, OrderStatus.LIVE, 0))
    connect(story)
    assert len(canceled(story.touch("0.49", "0.51").commands)) == 1


def test_an_order_is_adopted_once():
    story = restarted()
    assert story.tell(adopted(story.at)).commands == ()


def test_its_fills_are_ours():
    story = restarted()
    story.tell(Filled(story.at, "live-1-7", "t1", 4800, shares(4)))
    assert story.engine.markets[CONDITION].position.yes == shares(4)


def test_an_order_of_a_sale_of_no_is_a_bid():
    at = Story().at
    story = restarted(adopted(at, token=NO, side=Side.SELL, price=5200))
    order = story.engine.orders.get("live-1-7")
    assert (order.quote, order.price_yes) == ("bid", 4800)


# --- markets that are not quoted --------------------------------------------------------------------------------------


def test_an_order_in_a_market_that_nobody_listed_is_only_cancelled():
    story = Story(config=GTD)
    step = story.tell(adopted(story.at, condition=OTHER))
    assert step.commands == (QueryOrder("live-1-7"), Cancel("live-1-7"))
    story.tell(CancelRejected(story.at, "live-1-7", "Order already matched"))
    story.tell(Filled(story.at, "live-1-7", "t1", 4800, shares(10)))
    assert story.engine.desk.empty
    assert story.engine.desk.positions.of(OTHER).yes == shares(10)
    assert story.engine.outcome is Outcome.RUNNING


def test_what_was_held_before_a_market_was_listed_is_put_under_its_name():
    story = Story(config=GTD)
    story.tell(adopted(story.at, token=NO))
    story.tell(Filled(story.at, "live-1-7", "t1", 4800, shares(4)))
    story.tell(MarketListed(story.at, market()))
    position = story.engine.markets[CONDITION].position
    assert (position.yes, position.no, position.cash) == (0, shares(4), -1_920_000)
    story.tell(Settled(story.at, "live-1-7", "t1", TradeStatus.CONFIRMED))
    assert position.no_held.settled == shares(4)


def test_an_order_that_reappears_in_a_market_that_was_dropped_is_cancelled():
    story = Story(config=GTD)
    story.open_market()
    story.accept()
    bid = next(order for order in story.engine.orders.open() if order.quote == "bid")
    story.tell(MarketDropped(story.at, CONDITION))
    story.accept()
    assert CONDITION not in story.engine.markets
    story.at += 1
    step = story.tell(OrderShown(story.at, story.at, bid.order_id, OrderStatus.LIVE, 0))
    assert Cancel(bid.order_id) in step.commands


# --- news in any order ------------------------------------------------------------------------------------------------


def reports(order_id, at):
    """Everything the venue may tell of an order of ten shares that traded 4 and 3 and was cancelled then."""
    trades = [("t1", 4), ("t2", 3)]
    return [
        Accepted(at, order_id),
        *(Filled(at, order_id, trade, 4800, shares(size)) for trade, size in trades),
        *(Settled(at, order_id, trade, status) for trade, _ in trades for status in (TradeStatus.MINED, FINAL[trade])),
        Canceled(at, order_id, "canceled by us"),
        Unanswered(at, order_id, "time-out"),
        CancelRejected(at, order_id, "Order not found or already canceled"),
        OrderShown(at, at, order_id, OrderStatus.LIVE, shares(4)),
        OrderShown(at, at, order_id, OrderStatus.CANCELED, shares(7)),
        OrderMissing(at, at, order_id, Reading.ORDER),
        OrderMissing(at, at, order_id, Reading.OPEN_ORDERS),
    ]


FINAL = {"t1": TradeStatus.CONFIRMED, "t2": TradeStatus.FAILED}
KINDS = len(reports("", 0))


@settings(deadline=None)
@given(st.permutations(range(KINDS)), st.lists(st.integers(0, KINDS - 1), max_size=8))
def test_late_doubled_and_reordered_news_end_in_the_same_position(order, again):
    story = Story(config=GTD)
    story.open_market()
    bid = next(one for one in story.engine.orders.open() if one.quote == "bid")
    desk = story.engine.desk
    for number in (*order, *again):
        story.at += MILLISECOND
        news = reports(bid.order_id, story.at)[number]
        story.tell(news)
        untold = shares(10) - bid.filled if bid.open else max(0, bid.matched - bid.filled)
        assert bid.at_stake == untold
        assert not any(desk.ledger.sums().values())
    position = story.engine.markets[CONDITION].position
    assert story.engine.outcome is Outcome.RUNNING
    assert (position.yes, position.cash) == (shares(4), -1_920_000)
    assert (position.yes_held.settled, position.yes_held.pending) == (shares(4), 0)
    assert (desk.ledger.held(), desk.ledger.held(YES)) == (-1_920_000, shares(4))
    assert bid.filled == shares(7)
    assert sum(len(step.reversals) for step in story.history) == 1


NEWS = st.sampled_from(
    ["accepted", "shown live", "unanswered", "cancel refused", "missing", "list lacks it", "fill", "time passes"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(NEWS, st.integers(0, 20)), max_size=30), st.booleans())
def test_without_proof_exposure_is_never_freed(script, wanted):
    story = Story(config=GTD)
    story.open_market()
    bid = next(one for one in story.engine.orders.open() if one.quote == "bid")
    if not wanted:
        story.tell(Operator(story.at, OperatorAction.PAUSE))
    for number, (what, seconds) in enumerate(script):
        order_id, at = bid.order_id, story.at
        match what:
            case "accepted":
                story.tell(Accepted(at, order_id))
            case "shown live":
                story.tell(OrderShown(at, at, order_id, OrderStatus.LIVE, 0))
            case "unanswered":
                story.tell(Unanswered(at, order_id, "time-out"))
            case "cancel refused" if bid.state == "CANCEL_PENDING" or bid.canceled_at is not None:
                story.tell(CancelRejected(at, order_id, "Order not found"))
            case "missing" | "list lacks it":
                reading = Reading.ORDER if what == "missing" else Reading.OPEN_ORDERS
                asked_at = min(at, bid.expires_at + 10 * SECOND - 1)
                story.tell(OrderMissing(at, asked_at, order_id, reading))
            case "fill" if bid.size_left > shares(1):
                story.tell(Filled(at, order_id, f"t{number}", 4800, shares(1)))
            case "time passes":
                story.wait(seconds)
        assert bid.open
        assert bid.at_stake == bid.size - bid.filled
        assert story.engine.desk.exposure.loss(CONDITION) >= 4_800 * bid.size // 10_000
        assert story.engine.desk.ledger.balance(Account.RESERVED) >= 4_800 * bid.size_left // 10_000
        assert story.engine.outcome is Outcome.RUNNING
        mine = [order for order in story.engine.orders.open() if order.quote == "bid"]
        assert mine == [bid]

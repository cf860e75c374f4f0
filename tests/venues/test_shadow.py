"""The dry run's gateway: orders rest behind the real book and fill only from what the tape shows."""

from dataclasses import replace

import pytest

from pmm.account import OrderStatus, TradeStatus
from pmm.commands import Cancel, CancelAll, Place, QueryOrder
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    FeedNews,
    FeedSignal,
    Filled,
    MarketListed,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
)
from pmm.model import MILLISECOND, Side, parse_price
from pmm.venues.shadow import ShadowGateway
from tests.support.story import (
    CONDITION,
    NO,
    START,
    YES,
    book_frame,
    change_frame,
    market,
    shares,
    touch_frame,
    trade_frame,
)

LATENCY = 50 * MILLISECOND


class Desk:
    """A shadow gateway and what it reported, driven by hand."""

    def __init__(self, latency=0, settlement=0):
        self.gateway = ShadowGateway(latency, settlement)
        self.reports = []
        self.at = START
        self.see(MarketListed(START, market()))

    def see(self, event):
        self.gateway.observe(event, self.reports.append)

    def place(self, side, price, size=10, token=YES, order_id="o1"):
        command = Place(order_id, CONDITION, token, side, parse_price(price), shares(size))
        self.gateway.submit([command], self.at, self.reports.append)

    def cancel(self, order_id="o1"):
        self.gateway.submit([Cancel(order_id)], self.at, self.reports.append)

    def kinds(self):
        return [type(report) for report in self.reports]

    def filled(self, order_id="o1"):
        return sum(r.size for r in self.reports if isinstance(r, Filled) and r.order_id == order_id) / shares(1)


@pytest.fixture
def desk():
    desk = Desk()
    desk.see(book_frame([("0.49", 100), ("0.48", 50)], [("0.51", 100), ("0.52", 50)]))
    return desk


def test_an_order_is_accepted_and_rests(desk):
    desk.place(Side.BUY, "0.48")
    assert desk.kinds() == [Accepted]


def test_a_print_at_our_price_fills_only_what_is_left_beyond_the_queue(desk):
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(Side.SELL, "0.48", 50))
    assert desk.filled() == 0
    desk.see(trade_frame(Side.SELL, "0.48", 4))
    assert desk.filled() == 4
    desk.see(trade_frame(Side.SELL, "0.48", 100))
    assert desk.filled() == 10


def test_a_print_through_our_price_fills_us_first_but_never_beyond_its_size(desk):
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(Side.SELL, "0.47", 3))
    assert desk.filled() == 3


def test_fills_are_at_our_price(desk):
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(Side.SELL, "0.40", 100))
    assert [report.price for report in desk.reports if isinstance(report, Filled)] == [4800]


@pytest.mark.parametrize(("taker", "price"), [(Side.BUY, "0.48"), (Side.BUY, "0.51"), (Side.SELL, "0.49")])
def test_prints_of_the_other_side_or_above_us_do_not_fill_a_bid(desk, taker, price):
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(taker, price, 1000))
    assert desk.filled() == 0


@pytest.mark.parametrize(
    ("side", "token", "price", "taker", "printed_in", "at"),
    [
        (Side.BUY, YES, "0.48", Side.SELL, YES, "0.47"),
        (Side.BUY, YES, "0.48", Side.BUY, NO, "0.53"),
        (Side.SELL, NO, "0.52", Side.BUY, NO, "0.53"),
        (Side.BUY, NO, "0.48", Side.SELL, NO, "0.47"),
        (Side.BUY, NO, "0.48", Side.BUY, YES, "0.53"),
        (Side.SELL, YES, "0.52", Side.BUY, YES, "0.53"),
    ],
)
def test_both_tokens_are_one_book(desk, side, token, price, taker, printed_in, at):
    desk.place(side, price, token=token)
    desk.see(trade_frame(taker, at, 100, token=printed_in))
    assert desk.filled() == 10


def on(connection, frame):
    return replace(frame, connection=connection)


def test_a_trade_told_by_two_connections_counts_once_and_a_lost_one_is_replaced(desk):
    desk.see(MarketListed(START, market(), (0, 1)))
    desk.see(on(1, touch_frame("0.49", "0.51")))
    desk.place(Side.BUY, "0.50")
    for connection in (0, 1):
        desk.see(on(connection, trade_frame(Side.SELL, "0.49", 4)))
    assert desk.filled() == 4
    desk.see(FeedSignal(START, 0, FeedNews.CLOSED))
    desk.see(on(1, trade_frame(Side.SELL, "0.49", 3)))
    assert desk.filled() == 7


def test_a_trade_printed_under_both_tokens_counts_once(desk):
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(Side.SELL, "0.47", 3))
    desk.see(trade_frame(Side.BUY, "0.53", 3, token=NO))
    assert desk.filled() == 3


def test_the_displayed_fall_of_a_trade_and_its_print_move_us_once(desk):
    desk.place(Side.BUY, "0.48")
    desk.see(change_frame(Side.BUY, "0.48", 20, "0.49", "0.51"))
    desk.see(trade_frame(Side.SELL, "0.48", 30))
    desk.see(trade_frame(Side.SELL, "0.48", 20))
    assert desk.filled() == 0
    desk.see(trade_frame(Side.SELL, "0.48", 1))
    assert desk.filled() == 1


def test_a_post_only_order_that_would_take_is_refused(desk):
    desk.place(Side.BUY, "0.51")
    assert desk.kinds() == [Rejected]
    assert desk.reports[0].reason == "invalid post-only order: order crosses book"


@pytest.mark.parametrize(("price", "size"), [("0.485", 10), ("0.48", 4), ("1", 10), ("0", 10)])
def test_what_the_venue_would_refuse_is_refused(desk, price, size):
    desk.place(Side.BUY, price, size)
    assert desk.kinds() == [Rejected]


def test_a_displayed_order_that_crosses_ours_fills_us_once_for_what_it_shows(desk):
    desk.place(Side.BUY, "0.48")
    crossing = book_frame([("0.47", 50)], [("0.48", 6)])
    desk.see(crossing)
    desk.see(crossing)
    assert desk.filled() == 6


def test_a_crossing_order_is_shared_by_all_our_orders(desk):
    desk.place(Side.BUY, "0.47", order_id="low")
    desk.place(Side.BUY, "0.48", order_id="high")
    desk.see(book_frame([("0.45", 50)], [("0.46", 13)]))
    assert (desk.filled("high"), desk.filled("low")) == (10, 3)


def test_one_print_is_shared_by_all_our_orders_better_prices_first(desk):
    desk.place(Side.BUY, "0.47", order_id="low")
    desk.place(Side.BUY, "0.48", order_id="high")
    desk.see(trade_frame(Side.SELL, "0.46", 13))
    assert (desk.filled("high"), desk.filled("low")) == (10, 3)


def test_cancel_ends_the_order_and_a_second_one_finds_nothing(desk):
    desk.place(Side.BUY, "0.48")
    desk.cancel()
    desk.cancel()
    desk.see(trade_frame(Side.SELL, "0.40", 100))
    assert desk.kinds() == [Accepted, Canceled, CancelRejected]


def test_commands_and_answers_take_their_time_and_fills_go_on_until_a_cancel_arrives():
    desk = Desk(LATENCY)
    desk.see(touch_frame("0.49", "0.51"))
    desk.place(Side.BUY, "0.48")
    assert desk.gateway.next_at() == START + LATENCY
    desk.gateway.advance(desk.reports.append)
    assert desk.reports == [Accepted(START + 2 * LATENCY, "o1")]
    desk.at = START + 3 * LATENCY
    desk.cancel()
    desk.see(trade_frame(Side.SELL, "0.47", 4, at=START + 4 * LATENCY - 1))
    desk.see(trade_frame(Side.SELL, "0.47", 4, at=START + 4 * LATENCY))
    assert desk.filled() == 4
    assert desk.kinds() == [Accepted, Filled, Settled, Canceled]


def test_an_order_meets_the_book_of_its_arrival_not_of_its_sending():
    desk = Desk(LATENCY)
    desk.see(touch_frame("0.49", "0.51"))
    desk.place(Side.BUY, "0.50")
    desk.see(touch_frame("0.48", "0.50", at=START + LATENCY - 1))
    desk.see(touch_frame("0.48", "0.50", at=START + LATENCY))
    assert desk.kinds() == [Rejected]


def test_every_fill_settles_after_a_while():
    desk = Desk(settlement=3 * LATENCY)
    desk.see(touch_frame("0.49", "0.51"))
    desk.place(Side.BUY, "0.48")
    desk.see(trade_frame(Side.SELL, "0.47", 4))
    fill, settled = desk.reports[-2:]
    assert settled == Settled(fill.at + 3 * LATENCY, "o1", fill.trade_id, TradeStatus.CONFIRMED)


def test_an_order_can_be_asked_about_in_every_state(desk):
    def asked(order_id="o1"):
        desk.gateway.submit([QueryOrder(order_id)], desk.at, desk.reports.append)
        return desk.reports[-1]

    assert asked() == OrderMissing(START, START, "o1", Reading.ORDER)
    desk.place(Side.BUY, "0.48")
    assert asked() == OrderShown(START, START, "o1", OrderStatus.LIVE, 0)
    desk.see(trade_frame(Side.SELL, "0.47", 4))
    assert asked() == OrderShown(START, START, "o1", OrderStatus.LIVE, shares(4))
    desk.cancel()
    assert asked() == OrderShown(START, START, "o1", OrderStatus.CANCELED, shares(4))
    desk.place(Side.BUY, "0.48", order_id="o2")
    desk.see(trade_frame(Side.SELL, "0.47", 10))
    assert asked("o2") == OrderShown(START, START, "o2", OrderStatus.MATCHED, shares(10))


def test_orders_that_are_long_over_are_not_known_any_more(desk, monkeypatch):
    monkeypatch.setattr("pmm.venues.shadow.OVER_MAX", 1)
    for order_id in ("o1", "o2"):
        desk.place(Side.BUY, "0.48", order_id=order_id)
        desk.cancel(order_id)
        desk.gateway.submit([QueryOrder("o1")], desk.at, desk.reports.append)
    shown = [type(report) for report in desk.reports if isinstance(report, OrderShown | OrderMissing)]
    assert shown == [OrderShown, OrderMissing]


def test_everything_is_cancelled_with_one_command(desk):
    for order_id in ("o1", "o2"):
        desk.place(Side.BUY, "0.48", order_id=order_id)
    desk.gateway.submit([CancelAll("kill")], desk.at, desk.reports.append)
    assert desk.kinds()[-2:] == [Canceled, Canceled]
    desk.cancel("o1")
    assert desk.kinds()[-1] is CancelRejected

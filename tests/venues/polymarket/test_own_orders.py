"""Our orders by both their ids: each trade is told once as a fill, and its settlement as it changes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.account import OrderStatus, Origin, OwnOrder, OwnTrade, TradeStatus
from pmm.events import Filled, OrderShown, Settled
from pmm.model import SECOND, SHARE, Side
from pmm.ports import Intent
from pmm.venues.polymarket import own_orders
from pmm.venues.polymarket.own_orders import UNSETTLED_LIFE, OwnOrders

NOW = 1_790_000_000 * SECOND
OURS, THEIRS = "0x" + "a" * 64, "0x" + "b" * 64


def intent(number=1, venue_id=OURS):
    return Intent(f"live-{number}", venue_id, "0xd", "71", Side.BUY, 4_000, 10 * SHARE, None, NOW, b"{}")


def trade(trade_id="t-1", size=4 * SHARE, status=TradeStatus.MATCHED, venue_id=OURS, at=NOW):
    return OwnTrade(trade_id, venue_id, venue_id, "0xd", "71", Side.BUY, 4_000, size, status, at, maker=True)


def order(status=OrderStatus.LIVE, matched=0, venue_id=OURS):
    return OwnOrder(venue_id, venue_id, "0xd", "71", Side.BUY, 4_000, 10 * SHARE, matched, status, NOW)


@pytest.fixture
def orders():
    one = OwnOrders()
    one.add(intent(), NOW)
    return one


def test_a_trade_is_told_as_a_fill_once(orders):
    assert orders.told([trade(), trade()], NOW) == [Filled(NOW, "live-1", "t-1", 4_000, 4 * SHARE)]
    assert orders.told([trade()], NOW) == []


def test_a_settlement_is_told_when_it_changes_and_a_final_one_stays(orders):
    statuses = ["MATCHED", "MINED", "MINED", "RETRYING", "MATCHED", "CONFIRMED", "MINED", "FAILED"]
    told = [orders.told([trade(status=TradeStatus(status))], NOW) for status in statuses]
    news = [event.status for events in told for event in events if isinstance(event, Settled)]
    assert news == ["MINED", "RETRYING", "MATCHED", "CONFIRMED"]


def test_a_trade_that_is_first_heard_of_when_it_failed_is_a_fill_that_failed(orders):
    fill, settled = orders.told([trade(status=TradeStatus.FAILED)], NOW)
    assert (fill.size, settled.status) == (4 * SHARE, TradeStatus.FAILED)


def test_one_trade_may_fill_two_orders(orders):
    orders.add(intent(2, THEIRS), NOW)
    told = orders.told([trade(), trade(venue_id=THEIRS)], NOW)
    assert [event.order_id for event in told] == ["live-1", "live-2"]


def test_a_trade_that_is_told_with_another_size_later_is_counted(orders):
    orders.told([trade()], NOW)
    assert orders.told([trade(size=5 * SHARE)], NOW) == []
    assert orders.odd == 1


def test_a_read_puts_right_what_was_told_with_another_size_and_no_message_undoes_it(orders):
    orders.told([trade(size=4 * SHARE + 10_000)], NOW)
    assert orders.told([trade()], NOW, sure=True) == [Filled(NOW, "live-1", "t-1", 4_000, 4 * SHARE)]
    assert orders.get("live-1").filled == 4 * SHARE
    assert orders.told([trade(size=4 * SHARE + 10_000)], NOW) == []
    assert orders.told([trade()], NOW, sure=True) == []


def test_orders_and_trades_of_others_are_told_to_nobody(orders):
    assert orders.told([trade(venue_id=THEIRS)], NOW) == []
    assert orders.shown(order(venue_id=THEIRS), NOW, NOW) is None
    assert orders.named(order(venue_id=THEIRS)).order_id == THEIRS


def test_ours_go_by_our_id(orders):
    assert orders.named(replace(order(), origin=Origin.FOREIGN)) == replace(order(), order_id="live-1")
    assert orders.shown(order(matched=3), NOW - 1, NOW) == OrderShown(NOW, NOW - 1, "live-1", OrderStatus.LIVE, 3)
    assert orders.mine(OURS, "", "")
    assert not orders.mine(THEIRS, "", "")


def test_an_order_is_believed_open_until_it_is_gone_or_filled(orders):
    assert list(orders.open(before=NOW)) == []
    assert list(orders.open(before=NOW + 1)) == ["live-1"]
    orders.told([trade(size=6 * SHARE)], NOW)
    assert list(orders.open(before=NOW + 1)) == ["live-1"]
    orders.told([trade("t-2")], NOW)
    assert list(orders.open(before=NOW + 1)) == []


def test_an_order_that_the_venue_never_showed_is_forgotten_long_after_its_end():
    orders = OwnOrders()
    orders.add(replace(intent(), expires_at=NOW + SECOND), NOW)
    assert list(orders.open(before=NOW + SECOND + own_orders.ENDED_LIFE)) == ["live-1"]
    assert list(orders.open(before=NOW + 2 * SECOND + own_orders.ENDED_LIFE)) == []


@pytest.mark.parametrize("status", [OrderStatus.CANCELED, OrderStatus.UNMATCHED, OrderStatus.INVALID])
def test_a_cancel_that_was_a_lie_opens_the_order_again(orders, status):
    orders.shown(order(status), NOW, NOW)
    assert list(orders.open(before=NOW + 1)) == []
    orders.shown(order(), NOW, NOW)
    assert list(orders.open(before=NOW + 1)) == ["live-1"]


def test_a_trade_is_looked_for_until_it_is_settled_or_too_old(orders):
    orders.told([trade(), trade("t-2", at=NOW + 5)], NOW)
    assert orders.unsettled_since(NOW + 9) == NOW
    orders.told([trade(status=TradeStatus.CONFIRMED)], NOW)
    assert orders.unsettled_since(NOW + 9) == NOW + 5
    assert orders.unsettled_since(NOW + 5 + UNSETTLED_LIFE) is None


def test_open_orders_are_never_forgotten_and_the_oldest_of_the_others_are(monkeypatch):
    monkeypatch.setattr(own_orders, "OVER_MAX", 2)
    orders = OwnOrders()
    for number in range(5):
        orders.add(intent(number, f"0x{number}"), NOW)
    orders.told([trade(venue_id="0x1")], NOW)
    for number in (1, 2, 3):
        orders.over(f"live-{number}")
    assert [orders.get(f"live-{number}") is not None for number in range(5)] == [True, False, True, True, True]
    assert orders.order_id("0x1") is None
    assert orders.unsettled_since(NOW) is None


STATUSES = st.sampled_from(list(TradeStatus))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1), STATUSES), max_size=40))
def test_whatever_the_order_of_news_each_trade_fills_each_order_once(news):
    orders = OwnOrders()
    orders.add(intent(), NOW)
    orders.add(intent(2, THEIRS), NOW)
    told = [
        event
        for trade_id, which, status in news
        for event in orders.told([trade(trade_id, status=status, venue_id=(OURS, THEIRS)[which])], NOW)
    ]
    fills = [(event.trade_id, event.order_id) for event in told if isinstance(event, Filled)]
    assert sorted(fills) == sorted({(trade_id, f"live-{which + 1}") for trade_id, which, _ in news})
    finals = [event for event in told if isinstance(event, Settled) and event.status in own_orders.FINAL]
    assert len({(event.trade_id, event.order_id) for event in finals}) == len(finals)

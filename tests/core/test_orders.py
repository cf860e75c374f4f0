"""A fill is believed in every state, and told twice it is booked once."""

import pytest

from pmm.core.orders import CANCELABLE, ORDER, TERMINAL, Order, Orders, trigger_of
from pmm.core.view import QuoteSide
from pmm.events import Accepted, Canceled, CancelRejected, Filled, Rejected, Unanswered
from pmm.model import Side
from tests.support.story import CONDITION, YES, shares


def make(state="LIVE", filled=0):
    order = Order("o1", CONDITION, YES, Side.BUY, 4800, shares(10), QuoteSide.BID, 4800, 10_000, 0)
    order.state, order.filled = state, filled
    return order


@pytest.mark.parametrize("state", [state for state in ORDER.states if state not in ("INTENT", "DENIED")])
def test_a_complete_fill_is_possible_after_everything(state):
    assert ORDER.row(state, "fill") is not None


@pytest.mark.parametrize("state", [state for state in ORDER.states if state not in TERMINAL | {"INTENT"}])
def test_every_order_that_may_still_trade_can_end_by_word_of_the_venue(state):
    assert ORDER.row(state, "gone") is not None


@pytest.mark.parametrize("state", sorted(CANCELABLE))
def test_what_is_called_cancelable_has_a_row_for_it(state):
    assert ORDER.row(state, "cancel") is not None


@pytest.mark.parametrize(
    ("report", "trigger"),
    [
        (Accepted(1, "o1"), "ack"),
        (Rejected(1, "o1", "no"), "reject"),
        (Canceled(1, "o1"), "gone"),
        (CancelRejected(1, "o1", "no"), "keep"),
        (Unanswered(1, "o1", "time-out"), "silence"),
        (Filled(1, "o1", "t", 4800, shares(4)), "partial"),
        (Filled(1, "o1", "t", 4800, shares(10)), "fill"),
        (Filled(1, "o1", "t", 4800, shares(11)), "fill"),
    ],
)
def test_each_exec_report_has_its_trigger(report, trigger):
    assert trigger_of(make(), report) == trigger


def test_the_last_piece_completes_the_order():
    assert trigger_of(make(filled=shares(6)), Filled(1, "o1", "t", 4800, shares(4))) == "fill"


def test_open_orders_are_known_by_market_until_proven_over():
    orders, order = Orders(), make("UNKNOWN")
    orders.add(order)
    assert list(orders.open(CONDITION)) == [order]
    order.state = "CANCELED"
    orders.refresh(order)
    assert list(orders.open()) == []
    assert orders.get("o1") is order


def test_late_news_may_open_an_order_again():
    orders, order = Orders(), make("REJECTED")
    orders.add(order)
    orders.refresh(order)
    order.state = "PARTIAL"
    orders.refresh(order)
    assert list(orders.open()) == [order]


def test_only_the_last_orders_that_are_over_are_remembered_and_open_ones_always(monkeypatch):
    monkeypatch.setattr("pmm.core.orders.RETIRED_MAX", 2)
    orders = Orders()
    for number, state in enumerate(["CANCELED", "LIVE", "CANCELED", "CANCELED"]):
        order = make(state)
        order.order_id = f"o{number}"
        orders.add(order)
        orders.refresh(order)
    assert [number for number in range(4) if orders.get(f"o{number}")] == [1, 2, 3]

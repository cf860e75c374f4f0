"""A fill is believed in every state, and told twice it is booked once."""

import pytest

from pmm.account import OrderStatus
from pmm.core.orders import CANCELABLE, CRUMB, ORDER, TERMINAL, Order, Orders, trigger_of, trigger_of_shown
from pmm.core.view import QuoteSide
from pmm.events import Accepted, Canceled, CancelRejected, Filled, OrderShown, Rejected, Unanswered
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


REPORTS = ["ack", "reject", "gone", "keep", "silence", "partial", "fill", "doubt"]


@pytest.mark.parametrize("state", sorted(TERMINAL - {"DENIED"}))
@pytest.mark.parametrize("trigger", REPORTS)
def test_no_late_news_about_an_order_that_is_over_is_impossible(state, trigger):
    assert ORDER.row(state, trigger) is not None


@pytest.mark.parametrize("state", ["LIVE", "PARTIAL", "CANCEL_PENDING", "UNKNOWN"])
def test_only_a_flat_contradiction_about_an_open_order_is_impossible(state):
    missing = {trigger for trigger in REPORTS if ORDER.row(state, trigger) is None}
    assert missing == ({"reject"} if state in ("LIVE", "PARTIAL") else set())


def test_nothing_but_its_end_and_proof_leads_from_doubt_to_a_terminal_state():
    assert {row.trigger for row in ORDER.rows if row.source == "UNKNOWN" and row.dest in TERMINAL} == {
        "reject",
        "fill",
        "gone",
        "expire",
    }


def test_the_refusal_of_a_second_copy_is_doubt():
    order = make("UNKNOWN")
    order.reposts = 1
    assert trigger_of(order, Rejected(1, "o1", "no")) == "doubt"


@pytest.mark.parametrize(
    ("state", "status", "filled", "matched", "trigger"),
    [
        ("UNKNOWN", OrderStatus.LIVE, 0, 0, "ack"),
        ("UNKNOWN", OrderStatus.LIVE, 4, 4, "partial"),
        ("PARTIAL", OrderStatus.LIVE, 4, 4, "ack"),
        ("UNKNOWN", OrderStatus.DELAYED, 0, 0, "ack"),
        ("LIVE", OrderStatus.CANCELED, 0, 4, "gone"),
        ("LIVE", OrderStatus.MATCHED, 10, 10, "fill"),
        ("LIVE", OrderStatus.MATCHED, 4, 10, None),
        ("LIVE", OrderStatus.MATCHED, 4, 4, "doubt"),
        ("CANCELED", OrderStatus.MATCHED, 4, 4, None),
        ("LIVE", OrderStatus.UNKNOWN, 0, 0, "doubt"),
        ("CANCELED", OrderStatus.UNKNOWN, 0, 0, None),
        ("FILLED", OrderStatus.LIVE, 10, 10, None),
        ("CANCELED", OrderStatus.LIVE, 0, 0, "rests"),
        ("REJECTED", OrderStatus.LIVE, 0, 0, "rests"),
        ("EXPIRED", OrderStatus.LIVE, 0, 0, "rests"),
    ],
)
def test_each_way_of_showing_an_order_has_its_trigger(state, status, filled, matched, trigger):
    order = make(state, shares(filled))
    order.matched, order.ended_at = shares(matched), 0
    assert trigger_of_shown(order, OrderShown(2, 1, "o1", status, shares(matched))) == trigger
    assert trigger is None or ORDER.row(state, trigger) is not None


def test_what_the_venue_showed_before_a_cancel_was_confirmed_is_old_news():
    order = make("CANCELED")
    order.ended_at = 2
    assert trigger_of_shown(order, OrderShown(3, 1, "o1", OrderStatus.LIVE, 0)) is None


@pytest.mark.parametrize(("state", "at_stake"), [("LIVE", 10), ("UNKNOWN", 10), ("CANCELED", 4), ("EXPIRED", 4)])
def test_an_order_that_is_over_stakes_what_it_owes_and_an_open_one_all_that_is_left(state, at_stake):
    order = make(state)
    order.matched = shares(4)
    assert order.at_stake == shares(at_stake)


def test_crumbs_are_not_owed():
    order = make(filled=shares(4))
    order.matched = shares(4) + CRUMB
    assert order.owed == 0
    order.matched += 1
    assert order.owed == CRUMB + 1


def test_an_order_that_owes_a_fill_is_never_forgotten(monkeypatch):
    monkeypatch.setattr("pmm.core.orders.RETIRED_MAX", 1)
    orders = Orders()
    for number in range(4):
        order = make("CANCELED")
        order.order_id, order.matched = f"o{number}", shares(4) if number == 0 else 0
        orders.add(order)
        orders.refresh(order)
    assert [order.order_id for order in orders.owing()] == ["o0"]
    assert orders.get("o0") is not None
    assert orders.get("o1") is None

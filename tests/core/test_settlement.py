"""A fill is provisional until it is confirmed, and is taken back exactly once when it fails."""

from itertools import permutations

import pytest

from pmm.account import TradeStatus
from pmm.core.settlement import FINAL, SETTLEMENT, TRIGGERS, Settlements
from pmm.core.step import Fill, StepBuilder
from pmm.events import Filled, Settled, Timer
from pmm.model import Side
from tests.support.story import CONDITION, YES, Story, shares

MATCHED, MINED, CONFIRMED, RETRYING, FAILED = TRIGGERS


def fill(trade_id="t1", order_id="o1"):
    return Fill(0, order_id, trade_id, CONDITION, YES, True, Side.BUY, 4800, shares(10), 4_800_000, 10_000)


class Desk:
    """One fill, and what becomes of it."""

    def __init__(self):
        self.settlements = Settlements()
        self.out = StepBuilder(Timer(0))
        self.settlements.begin(fill())

    def tell(self, *statuses, trade_id="t1", order_id="o1"):
        finals = []
        for status in statuses:
            trade = self.settlements.find(Settled(0, order_id, trade_id, status))
            finals.append(None if trade is None else self.settlements.advance(trade, status, self.out))
        return finals

    @property
    def pending(self):
        return list(self.settlements.pending(CONDITION))


def test_every_status_has_a_row_in_every_state():
    for state in SETTLEMENT.states:
        for trigger in TRIGGERS.values():
            assert SETTLEMENT.row(state, trigger) is not None


@pytest.mark.parametrize("final", sorted(FINAL))
def test_what_is_final_stays_final(final):
    assert SETTLEMENT.terminal(final)


@pytest.mark.parametrize("order", list(permutations([MATCHED, MINED, CONFIRMED])))
def test_a_trade_that_settles_settles_once_in_whatever_order_it_is_told(order):
    desk = Desk()
    finals = desk.tell(*order, *order)
    assert [final for final in finals if final] == [CONFIRMED]
    assert desk.pending == []


@pytest.mark.parametrize("order", list(permutations([MATCHED, RETRYING, MINED, FAILED])))
def test_a_trade_that_fails_fails_once_in_whatever_order_it_is_told(order):
    finals = Desk().tell(*order, *order)
    assert [final for final in finals if final] == [FAILED]


def test_a_trade_may_be_tried_again_and_again_and_is_pending_meanwhile():
    desk = Desk()
    assert desk.tell(RETRYING, MINED, RETRYING, MATCHED, MINED) == [None] * 5
    assert desk.pending == [fill()]


@pytest.mark.parametrize(("first", "second"), [(CONFIRMED, FAILED), (FAILED, CONFIRMED)])
def test_a_final_word_against_a_final_word_is_recorded_and_changes_nothing(first, second):
    desk = Desk()
    assert desk.tell(first, second) == [first, None]
    change = desk.out.changes[-1]
    assert (change.old, change.new) == (str(first), str(first))
    assert "contradiction" in change.cause


def test_a_status_that_nobody_knows_is_recorded_and_changes_nothing():
    desk = Desk()
    assert desk.tell(TradeStatus.UNKNOWN) == [None]
    assert "nobody knows" in desk.out.changes[-1].cause


def test_two_orders_of_ours_in_one_trade_settle_apart():
    desk = Desk()
    desk.settlements.begin(fill(order_id="o2"))
    desk.tell(FAILED, order_id="o2")
    assert desk.pending == [fill()]


def test_news_that_overtook_their_fill_are_kept_for_it():
    desk = Desk()
    assert desk.tell(MINED, CONFIRMED, MINED, trade_id="t2") == [None] * 3
    assert desk.settlements.begin(fill("t2")) == [MINED, CONFIRMED]
    assert desk.settlements.begin(fill("t3")) == []


def test_memory_of_what_is_final_and_of_what_never_came_has_its_bounds(monkeypatch):
    monkeypatch.setattr("pmm.core.settlement.FINAL_MAX", 3)
    monkeypatch.setattr("pmm.core.settlement.EARLY_MAX", 3)
    desk = Desk()
    for number in range(10):
        desk.settlements.begin(fill(f"f{number}"))
        desk.tell(CONFIRMED, trade_id=f"f{number}")
        desk.tell(MINED, trade_id=f"never{number}")
    assert (len(desk.settlements._trades), len(desk.settlements._early)) == (4, 3)
    assert desk.pending == [fill()]


# --- in the engine ----------------------------------------------------------------------------------------------------


def told(story, status, trade_id="t1"):
    order_id = next(step.fills[0].order_id for step in story.history if step.fills)
    return story.tell(Settled(story.at, order_id, trade_id, status))


@pytest.fixture
def story():
    story = Story()
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    story.accept()
    return story


def test_shares_are_offered_for_sale_when_their_trade_is_confirmed(story):
    position = story.engine.markets[CONDITION].position
    assert (position.yes, position.yes_held.sellable) == (shares(10), 0)
    told(story, CONFIRMED)
    assert position.yes_held.sellable == shares(10)


def test_a_failed_trade_takes_position_and_cash_back_once_and_the_order_stays_filled(story):
    position = story.engine.markets[CONDITION].position
    order = next(step.fills[0].order_id for step in story.history if step.fills)
    assert [len(told(story, FAILED).reversals) for _ in range(3)] == [1, 0, 0]
    assert (position.yes, position.cash) == (0, 0)
    assert story.engine.orders.get(order).state == "FILLED"
    assert story.engine.desk.ledger.held() == story.engine.desk.ledger.held(YES) == 0


def test_news_of_a_trade_that_nobody_told_of_yet_is_no_reason_to_halt(story):
    story.tell(Settled(story.at, "o-forgotten", "t-forgotten", FAILED))
    assert story.engine.risk.state == "NORMAL"


def test_a_failure_that_overtakes_its_fill_is_booked_and_reversed_in_one_step():
    story = Story()
    story.open_market()
    story.accept()
    order = next(order for order in story.engine.orders.open() if order.quote == "bid")
    story.tell(Settled(story.at, order.order_id, "t1", FAILED))
    step = story.fill("bid", 10)
    assert step.fills == step.reversals
    assert story.engine.markets[CONDITION].position.yes == 0


def again(story, size):
    """The fill is told again, with another size."""
    first = next(step.fills[0] for step in story.history if step.fills)
    return story.tell(Filled(story.at, first.order_id, first.trade_id, first.price, shares(size)))


def books(story):
    """Shares, cash and what the ledger says of both."""
    position, ledger = story.engine.markets[CONDITION].position, story.engine.desk.ledger
    return position.yes, position.cash, ledger.held(YES), ledger.held()


@pytest.mark.parametrize("statuses", [(), (MINED,), (CONFIRMED,)])
@pytest.mark.parametrize("size", [9.99, 10.01])
def test_a_fill_that_is_told_again_with_another_size_is_booked_as_it_is_told_last(story, statuses, size):
    for status in statuses:
        told(story, status)
    step = again(story, size)
    cash = -shares(size) * 4800 // 10_000
    assert books(story) == (shares(size), cash, shares(size), cash)
    assert [one.size for one in step.fills + step.reversals] == [shares(size), shares(10)]
    told(story, CONFIRMED)
    assert story.engine.markets[CONDITION].position.yes_held.settled == shares(size)
    assert again(story, size).fills == ()


def test_a_trade_that_failed_leaves_nothing_whatever_its_size_turns_out_to_be(story):
    told(story, FAILED)
    step = again(story, 9.99)
    assert books(story) == (0, 0, 0, 0)
    assert step.fills == step.reversals


def test_a_corrected_fill_that_fails_is_taken_back_as_it_was_corrected(story):
    again(story, 9.99)
    told(story, FAILED)
    assert books(story) == (0, 0, 0, 0)

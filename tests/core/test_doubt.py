"""Silence is doubt: an order of unknown fate is asked about, cancelled by id or sent again, and freed on proof only."""

from itertools import pairwise

import pytest

from pmm.account import OrderStatus
from pmm.commands import Cancel, Place, QueryOrder, Repost
from pmm.core.doubt import GRACE, PACE, PACE_LAST, REPOSTS_MAX, Doubts, Ladder
from pmm.core.engine import EngineConfig, Outcome
from pmm.core.orders import ORDER, Order, Orders
from pmm.core.step import StepBuilder
from pmm.core.view import QuoteSide
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Filled,
    Operator,
    OperatorAction,
    Reading,
    Rejected,
    Timer,
    Unanswered,
    Wake,
)
from pmm.model import MILLISECOND, SECOND, Side
from tests.support.doubt import LIFE, DoubtStory
from tests.support.story import CONDITION, NO, START, YES, canceled, placed, shares


@pytest.fixture
def story():
    return DoubtStory()


def test_a_place_without_an_answer_keeps_its_slot_and_is_asked_about_at_once(story):
    step = story.silence()
    assert story.order.state == "UNKNOWN"
    assert step.commands == (QueryOrder(story.order.order_id),)


def test_it_is_asked_about_again_ever_more_rarely(story):
    story.silence()
    began, asked = story.at, []
    while story.at < began + 20 * SECOND:
        story.at = story.step.wake_at
        asked += [story.at - began for _ in story.mine(story.tell(Wake(story.at)).commands, QueryOrder)]
    expected, at = [], 0
    for pause in (*PACE, *[PACE_LAST] * 2):
        at += pause
        expected.append(at)
    assert asked == expected


def test_a_duplicate_is_never_made_of_an_order_in_doubt(story):
    story.silence()
    commands = story.later(60 * SECOND)
    assert story.mine(commands, Place) == []
    assert story.order.open


def test_bytes_that_the_venue_does_not_know_are_sent_again_while_the_decision_is_young(story):
    story.silence()
    assert story.mine(story.missing().commands, Repost) == [Repost(story.order.order_id)]
    assert story.mine(story.later(20 * SECOND), Repost) == []
    story.tell(Accepted(story.at, story.order.order_id))
    assert story.order.state == "LIVE"


def test_an_acceptance_of_a_second_copy_is_followed_by_a_query_since_it_may_have_traded_meanwhile(story):
    story.silence()
    story.missing()
    step = story.tell(Accepted(story.at, story.order.order_id))
    assert story.mine(step.commands, QueryOrder)
    story.shown(OrderStatus.CANCELED)
    assert story.order.state == "CANCELED"


def test_an_order_that_is_wanted_again_after_the_venue_was_away_is_sent_again(story):
    story.silence()
    story.touch("0.59", "0.61")
    story.later(20 * SECOND)
    story.touch("0.49", "0.51")
    assert story.mine(story.missing().commands, Repost) == [Repost(story.order.order_id)]


def test_an_order_that_is_not_wanted_any_more_is_not_sent_again(story):
    story.silence()
    story.touch("0.59", "0.61")
    assert story.mine(story.missing().commands, Repost) == []
    assert story.mine(story.later(30 * SECOND), Repost) == []


def test_copies_are_sent_at_the_pace_of_doubt_and_a_few_times_at_most(story):
    commands, began, sent_at = list(story.silence().commands), story.at, []
    for _ in range(2_000):
        story.at += 20 * MILLISECOND
        commands += story.missing().commands
        sent_at += [(story.at - began) // SECOND for _ in story.mine(story.step.commands, Repost)]
        commands += story.silence().commands
    assert sent_at == [0, 0, 0, 1, 3, 7, 12, 17]
    assert len(story.mine(commands, Repost)) == REPOSTS_MAX
    assert len(story.mine(commands, QueryOrder)) < 170


def test_the_refusal_of_a_second_copy_says_nothing_about_the_first(story):
    story.silence()
    story.missing()
    story.tell(Rejected(story.at, story.order.order_id, "invalid post-only order: order crosses book"))
    assert story.order.state == "UNKNOWN"
    story.shown(OrderStatus.LIVE)
    assert story.order.state == "LIVE"


def test_a_second_copy_that_is_refused_while_the_first_turns_out_to_rest_is_asked_about_and_halts_nothing(story):
    story.silence()
    story.missing()
    story.shown(OrderStatus.LIVE)
    story.tell(Rejected(story.at, story.order.order_id, "not enough balance / allowance"))
    assert story.order.state == "UNKNOWN"
    assert story.mine(story.later(250 * MILLISECOND), QueryOrder)
    assert story.engine.outcome is Outcome.RUNNING


def test_an_order_that_lands_late_after_the_market_moved_is_cancelled_by_id_until_it_is_gone(story):
    story.silence()
    step = story.touch("0.59", "0.61")
    assert Cancel(story.order.order_id) in step.commands
    story.tell(CancelRejected(story.at, story.order.order_id, "Order not found"))
    assert story.order.state == "UNKNOWN"
    assert Cancel(story.order.order_id) in story.later(SECOND)
    story.tell(CancelRejected(story.at, story.order.order_id, "Order not found"))
    story.shown(OrderStatus.LIVE)
    assert Cancel(story.order.order_id) in story.step.commands
    story.tell(Canceled(story.at, story.order.order_id))
    assert story.order.state == "CANCELED"


def test_a_cancel_is_not_sent_with_every_event_but_with_every_step_of_the_pace(story):
    story.silence()
    commands = list(story.touch("0.59", "0.61").commands)
    for _ in range(50):
        commands += story.touch("0.59", "0.61").commands
    assert len([c for c in canceled(commands) if c.order_id == story.order.order_id]) == 1
    again = [c for c in canceled(story.later(10 * SECOND)) if c.order_id == story.order.order_id]
    assert 4 <= len(again) <= 6


def test_an_order_that_falls_into_doubt_again_and_again_is_asked_about_at_the_same_pace(story):
    story.tell(Accepted(story.at, story.order.order_id))
    commands = list(story.touch("0.59", "0.61").commands)
    for _ in range(100):
        story.at += 10 * MILLISECOND
        commands += story.tell(Unanswered(story.at, story.order.order_id, "the venue restarts")).commands
        commands += story.shown(OrderStatus.LIVE).commands
    assert len([c for c in canceled(commands) if c.order_id == story.order.order_id]) == 5
    assert len(story.mine(commands, QueryOrder)) == 3


def test_a_refused_cancel_of_an_order_in_doubt_is_followed_by_a_query(story):
    story.silence()
    story.touch("0.59", "0.61")
    story.at += 240 * MILLISECOND
    assert story.tell(CancelRejected(story.at, story.order.order_id, "Order not found")).commands == ()
    assert story.mine(story.later(10 * MILLISECOND), QueryOrder)


def test_a_refused_cancel_proves_nothing_and_the_order_is_asked_about(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.touch("0.59", "0.61")
    step = story.tell(CancelRejected(story.at, story.order.order_id, "Order not found or already canceled"))
    assert story.order.state == "UNKNOWN"
    assert story.mine(step.commands, QueryOrder)
    assert len(placed(story.shown(OrderStatus.CANCELED).commands)) == 1


def test_two_independent_reads_after_the_end_and_the_grace_free_an_order(story):
    story.silence()
    story.later(LIFE + GRACE - 1)
    story.missing(Reading.ORDER)
    story.missing(Reading.OPEN_ORDERS)
    assert story.order.state == "UNKNOWN"
    story.at = story.order.expires_at + GRACE
    story.missing(Reading.ORDER)
    assert story.order.state == "UNKNOWN"
    story.missing(Reading.ORDER)
    assert story.order.state == "UNKNOWN"
    story.missing(Reading.OPEN_ORDERS)
    assert story.order.state == "EXPIRED"


def test_a_read_that_was_sent_before_the_end_is_no_proof_however_late_its_answer(story):
    story.silence()
    story.later(LIFE + GRACE + SECOND)
    for reading in Reading:
        story.missing(reading, asked_at=story.order.expires_at + GRACE - 1)
    assert story.order.state == "UNKNOWN"


def test_an_order_without_an_end_is_never_given_up():
    story = DoubtStory(EngineConfig(order_prefix="live-"))
    story.silence()
    for _ in range(20):
        story.later(60 * SECOND)
        for reading in Reading:
            story.missing(reading)
    assert story.order.state == "UNKNOWN"
    assert story.order.open


@pytest.mark.parametrize("status", [OrderStatus.LIVE, OrderStatus.DELAYED])
def test_an_order_that_is_shown_live_or_delayed_is_live(story, status):
    story.silence()
    story.shown(status)
    assert story.order.state == "LIVE"
    assert story.mine(story.later(20 * SECOND), QueryOrder) == []


@pytest.mark.parametrize("status", [OrderStatus.CANCELED, OrderStatus.UNMATCHED, OrderStatus.INVALID])
def test_an_order_that_is_shown_gone_is_gone_and_its_slot_is_free(story, status):
    story.silence()
    assert len(placed(story.shown(status).commands)) == 1
    assert story.order.state == "CANCELED"


def test_a_status_that_nobody_knows_is_an_alarm_and_doubt(story):
    story.tell(Accepted(story.at, story.order.order_id))
    step = story.shown(OrderStatus.UNKNOWN)
    assert story.order.state == "UNKNOWN"
    assert "nobody knows" in step.changes[0].cause
    assert story.mine(step.commands, QueryOrder)


def test_an_order_that_the_list_lacks_after_its_acknowledgement_is_in_doubt(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.missing(Reading.OPEN_ORDERS, asked_at=story.at)
    assert story.order.state == "LIVE"
    story.at += 1
    step = story.missing(Reading.OPEN_ORDERS)
    assert story.order.state == "UNKNOWN"
    assert story.mine(step.commands, QueryOrder)
    assert story.mine(story.missing(Reading.ORDER).commands, Repost) == []


def test_a_list_that_was_asked_for_before_the_answer_says_nothing_about_an_order_on_its_way(story):
    story.missing(Reading.OPEN_ORDERS)
    assert story.order.state == "SENT"


def test_a_cancel_that_the_venue_confirmed_and_a_later_read_contradicts_opens_the_order_again(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.touch("0.59", "0.61")
    story.tell(Canceled(story.at, story.order.order_id))
    story.shown(OrderStatus.LIVE, asked_at=story.at - 1)
    assert story.order.state == "CANCELED"
    step = story.shown(OrderStatus.LIVE)
    assert Cancel(story.order.order_id) in step.commands
    assert story.order.open


def test_a_fill_that_overtook_a_request_without_an_answer_halts_nothing(story):
    story.tell(Filled(story.at, story.order.order_id, "t1", 4800, shares(4)))
    story.silence()
    assert story.order.state == "UNKNOWN"
    story.shown(OrderStatus.LIVE, matched=4)
    assert story.order.state == "PARTIAL"
    assert story.engine.outcome is Outcome.RUNNING


def test_a_cancel_that_took_less_than_what_traded_keeps_the_rest_as_exposure_until_it_is_told(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.touch("0.59", "0.61")
    story.shown(OrderStatus.CANCELED, matched=4)
    assert (story.order.state, story.order.owed, story.order.at_stake) == ("CANCELED", shares(4), shares(4))
    story.tell(Operator(story.at, OperatorAction.STOP))
    assert not story.tell(Canceled(story.at, story.ask.order_id)).done
    for order in tuple(story.engine.orders.open()):
        story.tell(Canceled(story.at, order.order_id))
    assert not story.step.done
    assert story.tell(Filled(story.at, story.order.order_id, "t1", 4800, shares(4))).done
    assert story.order.at_stake == 0


def test_crumbs_that_the_venue_rounds_away_are_not_owed(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.tell(Filled(story.at, story.order.order_id, "t1", 4800, shares(9.995)))
    story.shown(OrderStatus.MATCHED, matched=10)
    assert (story.order.state, story.order.owed) == ("FILLED", 0)


def test_a_match_in_part_that_is_called_whole_is_a_contradiction_and_stays_in_doubt(story):
    story.silence()
    story.shown(OrderStatus.MATCHED, matched=4)
    assert story.order.state == "UNKNOWN"


def test_a_request_that_is_never_answered_at_all_is_in_doubt_in_the_end(story):
    story.later(29 * SECOND)
    assert story.order.state == "SENT"
    story.later(2 * SECOND)
    assert story.order.state == "UNKNOWN"


def test_the_run_ends_only_when_doubt_is_over(story):
    story.silence()
    story.tell(Operator(story.at, OperatorAction.STOP))
    assert not story.tell(Canceled(story.at, story.ask.order_id)).done
    story.later(5 * SECOND)
    assert not story.step.done
    assert story.shown(OrderStatus.CANCELED).done


# --- trades that are owed ---------------------------------------------------------------------------------------------


def owing():
    """An order that is over at the venue, of which four shares were never told, and who is asked about it."""
    orders, wants = Orders(), []
    doubts = Doubts(orders, lambda cause, at: wants.append(at))
    order = Order("o", CONDITION, YES, Side.BUY, 4800, shares(10), QuoteSide.BID, 4800, 0, START, state="CANCELED")
    orders.add(order)
    order.matched = shares(4)
    orders.refresh(order)
    doubts.watch(order, StepBuilder(Timer(START)))
    return doubts, orders, order, wants


def test_trades_that_are_owed_are_asked_for_by_reading_the_account_at_the_same_pace():
    doubts, _, _, wants = owing()
    while (at := doubts.wake_at) < START + 9 * SECOND:
        list(doubts.due(at, StepBuilder(Wake(at))))
    steps = [later - earlier for earlier, later in pairwise(wants)]
    assert steps == list(PACE)


def test_nothing_is_asked_for_once_they_were_told():
    doubts, orders, order, wants = owing()
    order.filled = shares(4)
    orders.refresh(order)
    at = doubts.wake_at
    list(doubts.due(at, StepBuilder(Wake(at))))
    assert (len(wants), doubts.wake_at) == (1, None)


def test_past_its_end_an_order_in_doubt_is_looked_for_in_the_list_as_well():
    orders, wants = Orders(), []
    doubts = Doubts(orders, lambda cause, at: wants.append(cause))
    order = Order("o", CONDITION, NO, Side.BUY, 4800, shares(10), QuoteSide.ASK, 5200, 0, START, expires_at=START)
    out = StepBuilder(Timer(START + GRACE))
    out.move(ORDER, order, "adopt", "o", "")
    orders.add(order)
    doubts.watch(order, out)
    assert wants == ["an order is past its end and in doubt"]


def test_a_ladder_ends_in_its_last_pause():
    ladder, pauses = Ladder(), []
    for _ in range(8):
        ladder.step(0)
        pauses.append(ladder.next_at)
    assert pauses == [*PACE, PACE_LAST, PACE_LAST, PACE_LAST]

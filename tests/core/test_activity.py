"""What happened lately is remembered for minutes, and not for ever."""

from dataclasses import replace

from pmm.account import TradeStatus
from pmm.commands import Cancel, Place, ReadAccount, Repost
from pmm.core.activity import HORIZON, MINUTE, Activity
from pmm.core.step import StepBuilder
from pmm.events import Rejected, Settled, Timer
from pmm.model import SECOND, Side
from tests.support.risk import traded
from tests.support.story import CONDITION, START, YES, Story, placed, shares


def place(number):
    return Place(f"dry-{number}", CONDITION, YES, Side.BUY, 4800, shares(10))


def test_messages_are_what_is_sent_about_orders_and_each_counts_once():
    activity, out = Activity(), StepBuilder(Timer(START))
    out.commands += [place(1), Cancel("dry-0"), ReadAccount("why")]
    activity.count(out)
    out.commands += [Repost("dry-2")]
    activity.count(out)
    activity.count(out)
    assert list(activity.messages) == [START, START, START]


def test_messages_are_forgotten_after_a_minute_and_errors_after_ten():
    activity, out = Activity(), StepBuilder(Timer(START))
    out.commands.append(place(1))
    activity.count(out)
    activity.error(START)
    for at, messages, errors in ((START + MINUTE, 1, 1), (START + MINUTE + 1, 0, 1), (START + HORIZON + 1, 0, 0)):
        activity.count(StepBuilder(Timer(at)))
        assert (len(activity.messages), len(activity.errors)) == (messages, errors)


def test_fills_of_the_last_minutes_are_kept_by_market_and_failed_ones_taken_out():
    activity, old, new = Activity(), traded(0, name="t1"), traded(HORIZON // SECOND + 1, name="t2")
    activity.fill(old)
    assert list(activity.fills(CONDITION)) == [old]
    activity.fill(new)
    assert list(activity.fills(CONDITION)) == [new]
    activity.reverse(new)
    activity.reverse(new)
    assert (list(activity.fills(CONDITION)), list(activity.fills("0xother"))) == ([], [])


def test_a_fill_that_was_told_wrongly_is_corrected_where_it_stands():
    activity, first, second = Activity(), traded(0, name="t1"), traded(1, name="t2")
    for one in (first, second):
        activity.fill(one)
    right = replace(first, size=shares(7))
    activity.correct(first, right)
    assert list(activity.fills(CONDITION)) == [right, second]
    activity.correct(first, right)  # no longer remembered
    assert list(activity.fills(CONDITION)) == [right, second]


def test_an_engine_remembers_what_it_sent_what_was_refused_and_what_traded():
    story = Story()
    story.open_market()
    activity = story.engine.desk.activity
    sent = [one.order_id for one in placed(story.step.commands)]
    assert [one.order_id for one in activity.placed(CONDITION)] == sent
    assert len(activity.messages) == 2
    story.tell(Rejected(story.at, sent[0], "no"))
    assert len(activity.errors) == 1
    story.accept()
    story.fill("ask", 10)
    assert [fill.trade_id for fill in activity.fills(CONDITION)] == ["t1"]
    story.tell(Settled(story.at, sent[1], "t1", TradeStatus.FAILED))
    assert list(activity.fills(CONDITION)) == []

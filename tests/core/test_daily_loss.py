"""A day that costs too much ends trading; what is lost counts from midnight UTC, across restarts."""

import pytest

from pmm.account import Balances
from pmm.core.account_watch import AccountLimits
from pmm.core.daily_loss import DAY
from pmm.core.engine import EngineConfig, Outcome
from pmm.core.rule import Mode
from pmm.core.step import DayResult
from pmm.events import AccountRead, Operator, OperatorAction, Timer
from pmm.model import SECOND, USD
from pmm.rules.daily_loss import DailyLoss, DailyLossLimits
from tests.support.rules import ruled
from tests.support.story import NO, YES, Story, shares, touch_frame

CENT = USD // 100
TODAY = Story().at // DAY


def day_of(limit=50 * USD, enforced=True, before=None, account=None):
    mode = Mode.ENFORCE if enforced else Mode.LOG
    rules = () if limit is None else ruled(DailyLoss(DailyLossLimits(limit)), mode=mode)
    story = Story(config=EngineConfig(before=before, account=account), rules=rules)
    story.open_market()
    return story


def holding(count, **more):
    """A day that begins with so many YES shares at 0.50."""
    story = day_of(account=AccountLimits(heartbeat_interval=None), **more)
    held = Balances(1_000 * USD, {YES: shares(count), NO: 0}, {})
    story.tell(AccountRead(story.at, story.at, balances=held))
    return story


def mark(story, bid, ask, seconds=1):
    """The market stands there, and a timer looks at it."""
    story.at += round(seconds * SECOND)
    story.tell(touch_frame(bid, ask, at=story.at))
    return story.tell(Timer(story.at))


def test_a_loss_beyond_the_limit_halts_and_one_below_does_not():
    story = holding(4_999, limit=50 * USD)  # a cent of the mid is 49.99 USD
    mark(story, "0.48", "0.50")
    assert story.engine.outcome is Outcome.RUNNING
    mark(story, "0.47", "0.50")
    assert story.engine.outcome is Outcome.HALTED
    assert story.engine.cause == "daily loss: 74.985 USD lost today, 50 are allowed"


def test_exactly_the_limit_is_allowed_and_a_micro_more_is_not():
    story = holding(5_000)
    mark(story, "0.48", "0.50")
    assert story.engine.outcome is Outcome.RUNNING
    story = holding(5_001)
    mark(story, "0.48", "0.50")
    assert story.engine.outcome is Outcome.HALTED


def test_four_fifths_of_the_limit_are_announced_once():
    story = holding(4_001)
    for _ in range(3):
        mark(story, "0.48", "0.50")
    (told,) = [change for step in story.history for change in step.changes if change.machine == "daily loss"]
    assert (told.old, told.new, told.cause) == ("INSIDE", "NEAR", "40.01 USD lost today, 50 are allowed")


def test_where_limits_are_only_logged_quoting_goes_on():
    story = holding(6_000, enforced=False)
    mark(story, "0.48", "0.50")
    assert story.machine("daily loss") == ["BEYOND"]
    assert "not enforced" in story.history[-1].changes[-1].cause
    assert story.engine.outcome is Outcome.RUNNING


def test_fills_at_bad_prices_are_losses_at_once():
    story = day_of(limit=1 * USD)
    story.accept()
    story.touch("0.20", "0.22")
    story.fill("bid", 10)
    assert story.engine.cause == "daily loss: 2.7 USD lost today, 1 are allowed"


def test_at_midnight_the_day_begins_anew():
    story = holding(4_500)
    mark(story, "0.48", "0.50")
    story.at = (TODAY + 1) * DAY
    step = mark(story, "0.48", "0.50", 0)
    assert story.machine("daily loss") == ["NEAR", "INSIDE"]
    assert step.day == DayResult(TODAY + 1, 0)
    mark(story, "0.47", "0.49")
    assert story.engine.daily.result == DayResult(TODAY + 1, -45 * USD)
    assert story.engine.outcome is Outcome.RUNNING


@pytest.mark.parametrize(("day", "halts"), [(TODAY, True), (TODAY - 1, False)])
def test_what_was_lost_before_a_restart_counts_on_the_same_day_only(day, halts):
    story = day_of(before=DayResult(day, -50 * USD - CENT))
    mark(story, "0.49", "0.51")
    assert (story.engine.outcome is Outcome.HALTED) is halts


def test_the_result_is_told_when_it_changes_and_not_again():
    story = holding(100)
    days = [mark(story, bid, "0.50").day for bid in ("0.48", "0.48", "0.46")]
    assert days == [DayResult(TODAY, -1 * USD), None, DayResult(TODAY, -2 * USD)]


def test_a_book_that_is_not_trusted_is_no_mark():
    story = holding(5_000)
    story.at += 10 * SECOND
    story.tell(Timer(story.at))  # the feed is stale by now
    story.at += 1
    story.tell(touch_frame("0.01", "0.02", at=story.at - 20 * SECOND))
    assert story.engine.daily.result == DayResult(TODAY, 0)


def test_without_a_limit_nothing_is_judged():
    story = day_of(limit=None)
    mark(story, "0.01", "0.02")
    assert story.machine("daily loss") == []


def test_the_most_that_the_day_has_brought_is_kept_and_begins_anew_with_the_day():
    story = holding(100)
    peaks = []
    for bid, ask in (("0.48", "0.50"), ("0.52", "0.54"), ("0.50", "0.52")):
        mark(story, bid, ask)
        peaks.append(story.engine.daily.peak)
    assert peaks == [0, 3 * USD, 3 * USD]
    story.at = (TODAY + 1) * DAY
    mark(story, "0.50", "0.52", 0)
    assert story.engine.daily.peak == 0


def test_the_operator_may_count_the_day_anew_and_it_is_told():
    story = holding(2_000, limit=50 * USD, enforced=False)
    mark(story, "0.46", "0.48")
    assert story.engine.daily.state == "BEYOND"
    step = story.tell(Operator(story.at, OperatorAction.RESET_DAY, "moved desks"))
    (said,) = step.risk
    assert (said.rule, said.verdict) == ("daily_loss", "reset")
    assert said.reason == "the operator counts the day anew after -60 USD: moved desks"
    assert (step.day, story.engine.daily.state) == (DayResult(TODAY, 0), "INSIDE")
    mark(story, "0.45", "0.47")  # twenty dollars more are no forty dollars and not eighty
    assert story.engine.daily.result == DayResult(TODAY, -20 * USD)
    assert story.engine.daily.state == "INSIDE"


def test_a_halt_outlives_a_day_that_is_counted_anew():
    story = holding(5_001)
    mark(story, "0.48", "0.50")
    story.tell(Operator(story.at, OperatorAction.RESET_DAY))
    assert story.engine.outcome is Outcome.HALTED
    assert story.engine.risk.state == "HALTED"

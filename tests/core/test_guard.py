"""The guard: who is asked in which order, what acts and what is only told, and that changes are told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.guard import ACCOUNT, Guard
from pmm.core.rule import ALLOW, Clip, Mode, Refuse, Stage, Trip, Warn, Wish
from pmm.core.step import StepBuilder
from pmm.core.view import QuoteSide
from pmm.events import Timer
from pmm.model import SECOND, Side
from tests.support.risk import account, one_market
from tests.support.story import CONDITION, START, YES, shares

WISH = Wish(QuoteSide.BID, 4800, YES, True, Side.BUY, 4800, shares(10))
SEEN = one_market()


class Says:
    """An order rule that says one thing, and remembers which sizes it was asked about."""

    def __init__(self, name, verdict, *, at_most=None):
        self.name, self.verdict, self.at_most, self.asked = name, verdict, at_most, []

    def check(self, wish, _view):
        self.asked.append(wish.size // shares(1))
        return self.verdict if self.at_most is None or wish.size > self.at_most else ALLOW


class Holds:
    """A standing rule whose word a test sets."""

    def __init__(self, name="heat", *, per_market=False):
        self.name, self.per_market, self.word = name, per_market, ALLOW

    def judge(self, _view):
        return self.word


class Desk:
    """A guard with one standing rule; `say` lets the rule speak at a moment and returns what is told of it."""

    def __init__(self, mode=Mode.ENFORCE, *, per_market=False):
        self.rule = Holds(per_market=per_market)
        self.guard = Guard([(self.rule, mode)])

    def say(self, word, seconds=0):
        self.rule.word = word
        out = StepBuilder(Timer(START + seconds * SECOND))
        if self.rule.per_market:
            self.guard.judge(CONDITION, SEEN, out)
        else:
            self.guard.judge_account(account(seconds), out)
        return [(one.verdict, one.stage, one.reason, one.enforced) for one in out.risk]


# --- orders -----------------------------------------------------------------------------------------------------------


def test_without_rules_everything_is_placed():
    ruling = Guard().check(WISH, SEEN)
    assert (ruling.size, ruling.refusal, ruling.remarks) == (shares(10), "", ())


def test_rules_are_asked_in_their_order_and_the_first_enforced_refusal_ends_it():
    first, second, third = Says("first", ALLOW), Says("second", Refuse("no")), Says("third", Refuse("never"))
    ruling = Guard([(first, Mode.ENFORCE), (second, Mode.ENFORCE), (third, Mode.ENFORCE)]).check(WISH, SEEN)
    assert (first.asked, second.asked, third.asked) == ([10], [10], [])
    assert (ruling.size, ruling.refusal) == (0, "second: no")
    assert [(one.rule, one.verdict) for one in ruling.remarks] == [("second", "refuse")]


def test_the_smallest_clip_wins_and_later_rules_see_what_is_left():
    rules = [Says("wide", Clip(shares(7), "seven")), Says("narrow", Clip(shares(4), "four")), Says("last", ALLOW)]
    ruling = Guard([(rule, Mode.ENFORCE) for rule in rules]).check(WISH, SEEN)
    assert ruling.size == shares(4)
    assert [rule.asked for rule in rules] == [[10], [7], [4]]
    assert [one.size for one in ruling.remarks] == [shares(7), shares(4)]


def test_a_clip_that_is_large_enough_already_says_nothing():
    ruling = Guard(
        [(Says("narrow", Clip(shares(4), "four")), Mode.ENFORCE), (Says("wide", Clip(shares(4), "x")), Mode.ENFORCE)]
    )
    assert [one.rule for one in ruling.check(WISH, SEEN).remarks] == ["narrow"]


def test_a_clip_to_nothing_is_a_refusal():
    ruling = Guard([(Says("full", Clip(0, "no room")), Mode.ENFORCE)]).check(WISH, SEEN)
    assert (ruling.size, ruling.refusal, ruling.remarks[0].verdict) == (0, "full: no room", "refuse")


@pytest.mark.parametrize("word", [Clip(shares(4), "four"), Refuse("no")])
def test_a_rule_in_log_mode_speaks_and_changes_nothing(word):
    after = Says("after", ALLOW)
    ruling = Guard([(Says("quiet", word), Mode.LOG), (after, Mode.ENFORCE)]).check(WISH, SEEN)
    assert (ruling.size, ruling.refusal, after.asked) == (shares(10), "", [10])
    assert [(one.rule, one.enforced) for one in ruling.remarks] == [("quiet", False)]


def test_a_rule_that_is_off_is_not_asked():
    rule, stands = Says("off", Refuse("no")), Holds()
    guard = Guard([(rule, Mode.OFF), (stands, Mode.OFF)])
    stands.word = Trip(Stage.HALT, "over")
    guard.judge_account(account(), StepBuilder(Timer(START)))
    assert guard.check(WISH, SEEN).size == shares(10)
    assert (rule.asked, guard.halt, guard.modes) == ([], "", {"off": Mode.OFF, "heat": Mode.OFF})


def test_what_was_said_is_told_under_the_name_of_the_order():
    out = StepBuilder(Timer(START))
    Guard([(Says("narrow", Clip(shares(4), "four")), Mode.ENFORCE)]).check(WISH, SEEN).tell("dry-7", out)
    (told,) = out.risk
    assert (told.at, told.rule, told.verdict, told.subject, told.size) == (START, "narrow", "clip", "dry-7", shares(4))


def test_worth_of_a_wish_is_rounded_up():
    assert replace(WISH, price=1, size=1).worth == 1


# --- standing rules ---------------------------------------------------------------------------------------------------


def test_a_trip_is_told_once_and_its_end_once():
    desk, hot = Desk(), Trip(Stage.REDUCE, "hot")
    told = [desk.say(word, second) for second, word in enumerate([ALLOW, hot, hot, hot, ALLOW, ALLOW])]
    assert told == [[], [("trip", Stage.REDUCE, "hot", True)], [], [], [("clear", Stage.REDUCE, "hot", True)], []]


def test_another_stage_is_news_and_another_number_in_the_reason_is_not():
    desk = Desk()
    desk.say(Trip(Stage.WIDEN, "51 %"))
    assert desk.say(Trip(Stage.WIDEN, "52 %")) == []
    assert desk.guard.cause(CONDITION) == "heat: 52 %"
    assert desk.say(Trip(Stage.CANCEL, "101 %")) == [("trip", Stage.CANCEL, "101 %", True)]


def test_a_trip_holds_until_its_time_at_least():
    desk = Desk()
    desk.say(Trip(Stage.CANCEL, "rest", START + 60 * SECOND))
    assert desk.say(ALLOW, 59) == desk.say(Warn("still warm"), 59) == desk.say(Trip(Stage.WIDEN, "milder"), 59) == []
    assert desk.guard.stage(CONDITION) is Stage.CANCEL
    assert [one[0] for one in desk.say(ALLOW, 60)] == ["clear"]
    assert desk.guard.stage(CONDITION) is Stage.NONE


def test_a_trip_without_a_time_ends_with_the_next_word():
    desk = Desk()
    desk.say(Trip(Stage.CANCEL, "rest"))
    assert [one[0] for one in desk.say(ALLOW)] == ["clear"]


def test_a_warning_is_told_once_and_takes_nothing_back():
    desk = Desk()
    assert desk.say(Warn("near")) == [("warn", Stage.NONE, "near", True)]
    assert desk.say(Warn("nearer")) == []
    assert desk.guard.stage(CONDITION) is Stage.NONE
    assert [one[0] for one in desk.say(Trip(Stage.HALT, "beyond"))] == ["trip"]


def test_in_log_mode_a_trip_is_told_and_takes_nothing_back():
    desk = Desk(Mode.LOG)
    assert desk.say(Trip(Stage.HALT, "over")) == [("trip", Stage.HALT, "over", False)]
    assert (desk.guard.stage(CONDITION), desk.guard.halt, desk.guard.cause(CONDITION)) == (Stage.NONE, "", "")
    assert [(said.rule, said.stage, said.enforced) for said in desk.guard.holding] == [("heat", Stage.HALT, False)]


def test_the_stage_of_a_market_is_the_highest_of_its_own_and_the_accounts():
    market, everywhere = Holds("local", per_market=True), Holds("global")
    guard, out = Guard([(market, Mode.ENFORCE), (everywhere, Mode.ENFORCE)]), StepBuilder(Timer(START))
    market.word, everywhere.word = Trip(Stage.CANCEL, "here"), Trip(Stage.REDUCE, "all over")
    guard.judge(CONDITION, SEEN, out)
    guard.judge_account(account(), out)
    assert (guard.stage(CONDITION), guard.cause(CONDITION)) == (Stage.CANCEL, "local: here")
    assert (guard.stage("0xother"), guard.cause("0xother")) == (Stage.REDUCE, "global: all over")
    assert (guard.account_stage, guard.account_cause) == (Stage.REDUCE, "global: all over")
    assert [one.subject for one in out.risk] == [CONDITION, ACCOUNT]


def test_a_halt_of_one_market_is_a_halt():
    desk = Desk(per_market=True)
    desk.say(Trip(Stage.HALT, "over"))
    assert desk.guard.halt == "heat: over"


def test_what_held_in_a_market_is_forgotten_with_it():
    desk = Desk(per_market=True)
    desk.say(Trip(Stage.CANCEL, "here"))
    desk.guard.forget(CONDITION)
    assert list(desk.guard.holding) == []


def test_a_rule_that_fails_refuses_and_takes_everything_back_until_it_works_again():
    class Broken(Holds):
        def check(self, _wish, _view):
            raise ZeroDivisionError("by zero")

        def judge(self, _view):
            if self.word is ALLOW:
                return ALLOW
            raise ZeroDivisionError("by zero")

    desk = Desk()
    desk.rule = Broken()
    desk.guard = Guard([(desk.rule, Mode.ENFORCE)])
    assert desk.guard.check(WISH, SEEN).refusal == "heat: the rule failed: ZeroDivisionError('by zero')"
    assert [one[:2] for one in desk.say(Warn("x"))] == [("trip", Stage.CANCEL)]
    assert [one[0] for one in desk.say(ALLOW)] == ["clear"]


@pytest.mark.parametrize(
    "word", [None, True, "fine", Warn("no verdict of an order"), Clip(0.5, "half"), Clip(None, "x")]
)
def test_an_order_rule_that_says_what_is_no_verdict_refuses(word):
    ruling = Guard([(Says("odd", word), Mode.ENFORCE)]).check(WISH, SEEN)
    assert (ruling.size, ruling.refusal) == (0, f"odd: the rule failed: it said {word!r}")


@pytest.mark.parametrize(
    "word",
    [
        None,
        "fine",
        Refuse("no verdict of a market"),
        Trip(4, "four"),
        Trip("HALT", "x"),
        Trip(Stage.CANCEL, "x", "noon"),
    ],
)
def test_a_standing_rule_that_says_what_is_no_verdict_takes_everything_back(word):
    desk = Desk()
    assert desk.say(word) == [("trip", Stage.CANCEL, f"the rule failed: it said {word!r}", True)]

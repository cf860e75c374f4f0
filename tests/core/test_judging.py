"""Rules in an engine: what the stages, clips and refusals of a guard make of its orders, and what is announced."""

from __future__ import annotations

import pytest

from pmm.core.engine import Outcome
from pmm.core.ladder import Rungs
from pmm.core.rule import ALLOW, Mode, Stage, Trip
from pmm.core.view import QuoteSide
from pmm.events import Accepted, Canceled, Filled, MarketListed, Operator, OperatorAction, Rejected
from pmm.model import SECOND, price_text, size_text
from pmm.rules.error_rate import ErrorRate, ErrorRateLimits
from pmm.rules.message_rate import MessageRate, MessageRateLimits
from pmm.rules.order_size import OrderSize, OrderSizeLimits
from pmm.rules.self_cross import SelfCross
from pmm.strategies.fixed_spread import FixedSpreadParams
from pmm.strategies.inventory_skew import InventorySkew, InventorySkewParams
from tests.support.rules import limits, ruled
from tests.support.story import Story, book_frame, canceled, market, placed, shares, yes_price


class Dial:
    """A standing rule that a test turns to a stage."""

    def __init__(self, *, per_market=False):
        self.name, self.per_market, self.stage = "dial", per_market, Stage.NONE

    def judge(self, _view):
        return ALLOW if self.stage is Stage.NONE else Trip(self.stage, "turned")


class Turned:
    """A story with a dial; it quotes 0.48 to 0.52 and may hold something."""

    def __init__(self, *, held="", per_market=False, mode=Mode.ENFORCE):
        self.dial = Dial(per_market=per_market)
        self.story = Story(rules=ruled(self.dial, mode=mode))
        self.story.open_market()
        self.story.accept()
        if held:
            self.story.fill(held, 10)
            self.story.accept()

    def turn(self, stage):
        """What is working once the dial was noticed and the venue did what it was asked for."""
        self.dial.stage = stage
        self.story.wait(1)
        self.story.accept()
        return self.story.working()


STAGES = [
    (Stage.WIDEN, {"bid": "0.46", "ask": "0.54"}, "WIDENING"),
    (Stage.REDUCE, {"ask": "0.52"}, "REDUCING"),
    (Stage.CANCEL, {}, "COOLDOWN"),
    (Stage.FLATTEN, {"ask": "0.5"}, "FLATTENING"),
]


@pytest.mark.parametrize(("stage", "working", "state"), STAGES)
def test_a_stage_of_the_account_changes_what_works_and_is_announced_and_leaves_when_it_is_over(stage, working, state):
    turned = Turned(held="bid")
    assert turned.turn(stage) == working
    assert turned.turn(Stage.NONE) == {"bid": "0.48", "ask": "0.52"}
    assert turned.story.machine("risk") == [state, "NORMAL"]
    assert turned.story.engine.outcome is Outcome.RUNNING


@pytest.mark.parametrize(("stage", "working", "_state"), STAGES)
def test_a_stage_of_one_market_does_the_same_there_and_is_no_state_of_the_account(stage, working, _state):
    turned = Turned(held="bid", per_market=True)
    assert turned.turn(stage) == working
    assert turned.turn(Stage.NONE) == {"bid": "0.48", "ask": "0.52"}
    assert turned.story.machine("risk") == []


@pytest.mark.parametrize("per_market", [False, True])
def test_a_halt_of_a_rule_ends_trading(per_market):
    turned = Turned(per_market=per_market)
    assert turned.turn(Stage.HALT) == {}
    assert (turned.story.engine.outcome, turned.story.engine.cause) == (Outcome.HALTED, "dial: turned")
    assert turned.turn(Stage.NONE) == {}
    assert turned.story.machine("risk") == ["HALTED"]


@pytest.mark.parametrize("stage", [Stage.WIDEN, Stage.CANCEL, Stage.HALT])
def test_in_log_mode_the_same_is_only_told(stage):
    turned = Turned(mode=Mode.LOG)
    assert turned.turn(stage) == {"bid": "0.48", "ask": "0.52"}
    assert turned.story.machine("risk") == []
    told = [(one.verdict, one.stage, one.enforced) for step in turned.story.history for one in step.risk]
    assert told == [("trip", stage, False)]


def test_stages_follow_each_other_without_a_way_back_between():
    turned = Turned(held="bid")
    for stage in (Stage.WIDEN, Stage.CANCEL, Stage.REDUCE, Stage.FLATTEN, Stage.NONE):
        turned.turn(stage)
    assert turned.story.machine("risk") == ["WIDENING", "COOLDOWN", "REDUCING", "FLATTENING", "NORMAL"]


def test_flattening_follows_the_touch():
    turned = Turned(held="bid")
    turned.turn(Stage.FLATTEN)
    turned.story.touch("0.48", "0.52")
    turned.story.accept()
    assert turned.story.working() == {"ask": "0.49"}


def test_the_kill_switch_acts_whatever_the_modes():
    turned = Turned(mode=Mode.OFF)
    turned.story.tell(Operator(turned.story.at, OperatorAction.KILL, "enough"))
    turned.story.accept()
    assert (turned.story.working(), turned.story.engine.outcome) == ({}, Outcome.HALTED)


def test_the_fifth_refusal_within_a_minute_rests_at_once_and_trading_resumes_by_itself():
    story = Story(rules=ruled(ErrorRate(ErrorRateLimits(5, 60 * SECOND))))
    story.open_market()
    for number in range(5):
        assert story.machine("risk") == []
        story.tell(Rejected(story.at, f"dry-{number + 1}", "no"))
    assert story.machine("risk") == ["COOLDOWN"]
    story.accept()
    began = story.at
    while not placed(story.wait(1).commands):
        assert story.at < began + 61 * SECOND
        story.touch("0.49", "0.51")
    assert story.at >= began + 60 * SECOND
    assert story.machine("risk") == ["COOLDOWN", "NORMAL"]


@pytest.mark.parametrize("stage", [Stage.CANCEL, Stage.HALT])
def test_what_holds_for_the_account_holds_in_every_market_in_the_very_step(stage):
    class Burned:
        name, per_market = "burned", False

        def judge(self, view):
            return Trip(stage, "once is enough") if view.account.errors else ALLOW

    story = Story(rules=ruled(Burned()))
    other = market(condition="0x" + "cd" * 32, yes="377", no="477")
    story.tell(MarketListed(story.at, other))
    story.open_market()
    first = placed(story.step.commands)
    story.accept()
    story.tell(book_frame([("0.39", 100)], [("0.41", 100)], at=story.at, token="377", condition=other.condition_id))
    second = placed(story.step.commands)
    assert [len(first), len(second)] == [2, 2]
    story.tell(Accepted(story.at, second[0].order_id))
    step = story.tell(Rejected(story.at, second[1].order_id, "no"))
    gone = {command.order_id for command in canceled(step.commands)}
    assert gone == {first[0].order_id, first[1].order_id, second[0].order_id}


# --- orders -----------------------------------------------------------------------------------------------------------


def test_an_order_that_is_made_smaller_stays_where_it_is():
    rules = ruled(OrderSize(OrderSizeLimits(shares(5), shares(4 * 5))))
    story = Story(FixedSpreadParams(size=shares(50), position_limit=shares(500)), rules=rules)
    assert [size_text(one.size) for one in placed(story.open_market().commands)] == ["20", "20"]
    assert [(one.verdict, one.subject) for one in story.step.risk] == [("clip", "dry-1"), ("clip", "dry-2")]
    story.accept()
    for _ in range(3):
        assert canceled(story.wait(1).commands) == []
        story.touch("0.49", "0.51")
    story.fill("bid", 11)  # more than half of what it was
    assert len(canceled(story.step.commands)) == 1


def test_a_refusal_is_told_once_with_the_name_of_the_denied_order():
    story = Story(rules=limits(order=1))
    story.open_market()
    story.wait(1)
    told = [(one.rule, one.verdict, one.subject) for step in story.history for one in step.risk]
    assert told == [("order_notional", "refuse", "dry-1"), ("order_notional", "refuse", "dry-2")]


def test_in_log_mode_every_order_that_would_not_be_placed_is_told_and_placed():
    story = Story(rules=limits(order=1, mode=Mode.LOG))
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    told = [one.subject for step in story.history for one in step.risk if not one.enforced]
    sent = [one.order_id for step in story.history for one in placed(step.commands)]
    assert told == sent == ["dry-1", "dry-2", "dry-3"]


def test_every_order_of_one_decision_counts_for_the_next():
    story = Story(rules=ruled(MessageRate(MessageRateLimits(per_second=1, per_minute=100))))
    assert [price_text(yes_price(one)) for one in placed(story.open_market().commands)] == ["0.48"]
    assert story.step.decisions[0].targets.reason == "message rate: 1 messages within a second are allowed"
    assert [price_text(yes_price(one)) for one in placed(story.wait(1).commands)] == ["0.52"]


def test_a_bid_waits_until_the_own_ask_that_it_would_meet_is_proven_to_be_gone():
    story = Story(rules=ruled(SelfCross()))
    story.open_market()
    story.accept()
    bid, ask = story.engine.orders.open()
    story.touch("0.59", "0.61")
    step = story.tell(Canceled(story.at, bid.order_id))
    assert placed(step.commands) == []
    assert step.decisions[0].targets.reason == "self cross: an own ask at 0.52 may still trade"
    step = story.tell(Canceled(story.at, ask.order_id))
    assert [price_text(yes_price(one)) for one in placed(step.commands)] == ["0.58", "0.62"]


def test_on_the_way_home_nothing_is_placed_before_what_may_carry_the_position_beyond_is_gone():
    dial = Dial()
    story = Story(rules=ruled(dial))
    story.engine.quoting.strategy = InventorySkew(InventorySkewParams(rungs=Rungs(levels=3)))
    story.open_market()
    story.accept()
    bids = [order for order in story.engine.orders.open() if order.quote is QuoteSide.BID]
    for order in bids[:2]:
        story.tell(Filled(story.at, order.order_id, f"t{order.order_id}", order.price, order.size))
        story.accept()
    dial.stage = Stage.FLATTEN  # 20 are held, and three asks of 10 work
    leaving = canceled(story.wait(1).commands)
    assert placed(story.step.commands) == []
    for number, command in enumerate(leaving):
        asks = [order for order in story.engine.orders.open() if order.quote is QuoteSide.ASK]
        assert sum(order.at_stake for order in asks) <= shares(30)
        step = story.tell(Canceled(story.at, command.order_id))
        last = number == len(leaving) - 1
        assert bool(placed(step.commands)) is last
    (home,) = placed(story.step.commands)
    assert size_text(home.size) == "20"

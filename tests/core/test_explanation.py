"""A decision can be made again from what is kept of it, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pytest

from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.explanation import answer_again, canonical, difference, inputs_of, outputs_of, view_of
from pmm.core.plain import plain
from pmm.core.rule import Clip, Mode, Stage, Trip
from pmm.core.view import Targets, Term
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from tests.support.story import CONDITION, Story, canceled, placed, shares

EXPLAINED = EngineConfig(explain=True)


@pytest.fixture
def story() -> Story:
    return Story(FixedSpreadParams(spread=300), EXPLAINED)


def kept(step):
    """What is kept of the only decision of a step, as it comes back from a file."""
    (decision,) = step.decisions
    told = inputs_of(decision.evidence), outputs_of(decision.evidence, decision.targets)
    return tuple(orjson.loads(canonical(one)) for one in told)


def test_the_same_view_makes_the_same_targets_long_after_the_book_has_moved_on(story):
    step = story.open_market("0.49", "0.51")
    story.accept()
    story.touch("0.30", "0.40")
    inputs, outputs = kept(step)
    again = FixedSpread(FixedSpreadParams(**inputs["params"])).decide(view_of(inputs))
    assert difference(outputs["answer"], plain(again)) is None
    assert [term["name"] for term in outputs["answer"]["terms"]] == ["mid", "half spread"]
    assert view_of(inputs).mid2 == 10_000


def test_it_names_the_orders_that_it_placed_and_those_that_it_cancelled(story):
    step = story.open_market()
    assert kept(step)[1]["placed"] == [command.order_id for command in placed(step.commands)] == ["dry-1", "dry-2"]
    story.accept()
    step = story.touch("0.59", "0.61")
    assert kept(step)[1]["canceled"] == [command.order_id for command in canceled(step.commands)] == ["dry-1", "dry-2"]


def test_nothing_is_kept_unless_the_engine_is_told_to():
    assert Story().open_market().decisions[0].evidence is None


def test_what_only_says_again_what_was_said_is_not_kept(story):
    story.open_market()
    story.accept()
    quiet, moved = story.wait(1), story.touch("0.59", "0.61")
    assert [decision.evidence for decision in quiet.decisions] == [None]
    assert moved.decisions[0].evidence is not None


def test_a_decision_for_want_of_knowledge_asked_no_strategy(story):
    story.open_market()
    story.accept()
    story.engine.paused = True
    _, outputs = kept(story.wait(1))
    assert outputs["answer"] is None
    assert outputs["targets"]["reason"] == "paused by the operator"


@dataclass(frozen=True)
class Faulty:
    name: str = "faulty"

    def decide(self, view):
        raise ZeroDivisionError(f"at {view.position}")


def test_a_failure_of_a_strategy_is_made_again_too():
    story = Story(config=EXPLAINED)
    story.engine = Engine(Faulty(), EXPLAINED)
    step = story.open_market()
    evidence = story.wait(1).decisions[0].evidence or step.decisions[0].evidence
    again = answer_again(Faulty(), evidence.view)
    assert again == evidence.answer == Targets(reason="strategy faulty failed: ZeroDivisionError('at 0')")


def test_the_first_difference_is_named():
    one = plain(Targets(terms=(Term("mid", 0.5), Term("edge", 0.1 + 0.2))))
    other = plain(Targets(terms=(Term("mid", 0.5), Term("edge", 0.3))))
    assert difference(one, one) is None
    assert difference(one, other) == "terms[1].value: 0.30000000000000004 became 0.3"
    assert difference(one, plain(Targets(terms=(Term("mid", 0.5),)))).startswith("terms: [")
    assert difference(None, one).startswith(": null became {")


def test_evidence_is_no_part_of_what_makes_two_runs_the_same(story):
    plainly = Story(FixedSpreadParams(spread=300))
    assert repr(story.open_market().decisions) == repr(plainly.open_market().decisions)
    assert CONDITION in story.engine.markets


@dataclass
class Nervous:
    """A standing rule that always asks for wider quotes."""

    name: str = "nervous"
    per_market: bool = True

    def judge(self, view):
        return Trip(Stage.WIDEN, "too lively")


@dataclass
class Small:
    """An order rule that lets little through."""

    name: str = "small"

    def check(self, wish, view):
        return Clip(shares(6), "six are enough")


def test_it_says_which_rules_held_and_spoke_and_how_far_they_took_it_back():
    story = Story(config=EXPLAINED)
    rules = [(Nervous(), Mode.ENFORCE), (Small(), Mode.LOG)]
    story.engine = Engine(FixedSpread(FixedSpreadParams(spread=300)), EXPLAINED, rules)
    story.open_market()
    story.accept()
    story.wait(1)
    story.accept()
    decided = [one for step in story.history for one in step.decisions if one.evidence and one.evidence.placed][-1]
    evidence = decided.evidence
    assert evidence.stage is Stage.WIDEN
    assert [(one.rule, one.verdict, one.enforced) for one in evidence.rules][:2] == [
        ("nervous", "trip", True),
        ("small", "clip", False),
    ]
    assert evidence.rules[1].subject == evidence.placed[0]
    assert answer_again(story.engine.quoting.strategy, evidence.view) == evidence.answer
    assert evidence.answer.bid.price > decided.targets.bid.price

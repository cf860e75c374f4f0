"""The announced state of the account goes where its rules are, and a halt stays."""

import pytest

from pmm.core.risk import Risk
from pmm.core.rule import Stage
from pmm.core.step import StepBuilder
from pmm.events import Timer
from tests.support.story import START

STATES = {
    Stage.NONE: "NORMAL",
    Stage.WIDEN: "WIDENING",
    Stage.REDUCE: "REDUCING",
    Stage.CANCEL: "COOLDOWN",
    Stage.FLATTEN: "FLATTENING",
}


@pytest.fixture
def out():
    return StepBuilder(Timer(START))


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_every_stage_leads_to_its_state_from_every_other_and_is_told_once(before, after, out):
    risk = Risk()
    risk.follow(before, "one", out)
    risk.follow(after, "two", out)
    risk.follow(after, "three", out)
    assert risk.state == STATES[after]
    told = [STATES[stage] for stage in (before, after)]
    expected = [state for state, last in zip(told, ["NORMAL", told[0]], strict=True) if state != last]
    assert [change.new for change in out.changes] == expected


def test_only_cancel_and_halt_forbid_quoting(out):
    risk = Risk()
    for stage, state in STATES.items():
        risk.follow(stage, "why", out)
        assert risk.problem() == ("risk is COOLDOWN: why" if state == "COOLDOWN" else None)
    risk.halt("enough", out)
    assert risk.problem() == "risk is HALTED: enough"


def test_a_halt_stays_whatever_the_rules_say(out):
    risk = Risk()
    risk.halt("enough", out)
    risk.follow(Stage.NONE, "", out)
    risk.follow(Stage.WIDEN, "deep", out)
    assert (risk.state, risk.cause) == ("HALTED", "enough")

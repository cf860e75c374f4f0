"""How risk stands: the verdict of a running instance, and of one that rests."""

from __future__ import annotations

import time

import pytest

from pmm.app.account import SHADOW_WALLET
from pmm.app.risk import Verdict, acts, last_events, of_nothing, of_running, of_state
from pmm.core.daily_loss import DAY
from pmm.core.rule import Mode, RiskEvent, Stage, Trip
from pmm.core.step import DayResult, Step
from pmm.drivers.standing import Standing
from pmm.events import Operator, OperatorAction, Timer
from pmm.metrics.status import Status
from pmm.model import USD
from pmm.sinks.history import History
from pmm.sinks.store import LatchName, Store
from tests.support.rules import ruled
from tests.support.story import CONDITION, START, Story

NOW = START + 1
DAY_LIMIT = 50 * USD


class Says:
    """A standing rule that says one thing."""

    def __init__(self, stage, *, per_market=False):
        self.name, self.per_market, self.stage = "some_rule", per_market, stage

    def judge(self, _view):
        return Trip(self.stage, "beyond")


def told(*rules, mode=Mode.ENFORCE, then=None):
    """What an instance under these rules answers at its door."""
    story = Story(rules=ruled(*rules, mode=mode))
    story.open_market()
    story.wait(1)
    if then is not None:
        story.tell(Operator(story.at, then, "enough"))
    return Standing(
        story.engine, Status(), "dry-run", "default", enforced=False, began_at=START, clock=lambda: story.at
    )()


def test_a_run_under_no_rule_that_speaks_is_in_order():
    found = of_running(told())
    assert (found.verdict, found.reasons, found.source) == (Verdict.OK, (), "running")


@pytest.mark.parametrize(
    ("stage", "per_market", "mode", "verdict"),
    [
        (Stage.REDUCE, False, Mode.ENFORCE, Verdict.WARN),
        (Stage.CANCEL, False, Mode.ENFORCE, Verdict.STOP),
        (Stage.HALT, False, Mode.ENFORCE, Verdict.STOP),
        (Stage.CANCEL, True, Mode.ENFORCE, Verdict.WARN),
        (Stage.HALT, False, Mode.LOG, Verdict.WARN),
    ],
)
def test_the_verdict_is_that_of_the_worst_that_holds(stage, per_market, mode, verdict):
    found = of_running(told(Says(stage, per_market=per_market), mode=mode))
    assert found.verdict is verdict
    reason = found.reasons[-1]
    assert (reason.rule, reason.scope) == ("some_rule", CONDITION if per_market else "account")
    assert reason.text == "some rule: beyond" + ("" if mode is Mode.ENFORCE else "; not enforced")


@pytest.mark.parametrize(
    ("action", "verdict", "rule"),
    [(OperatorAction.KILL, Verdict.STOP, "halt"), (OperatorAction.PAUSE, Verdict.WARN, "pause")],
)
def test_what_the_operator_did_counts(action, verdict, rule):
    found = of_running(told(then=action))
    assert (found.verdict, [reason.rule for reason in found.reasons]) == (verdict, [rule])


def test_an_instance_tells_the_mode_of_every_rule_and_since_when_what_holds():
    rules = told(Says(Stage.REDUCE), mode=Mode.LOG)["rules"]
    assert rules["modes"] == {"some_rule": "log"}
    (held,) = rules["holding"]
    assert (held["stage"], held["verdict"], held["enforced"], held["reason"]) == ("REDUCE", "trip", False, "beyond")
    assert acts(rules["modes"]) == "0 enforced, 1 logged only, 0 off"


# --- at rest ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "default") as store:
        yield store


def test_an_instance_that_never_ran_is_in_order(store):
    assert of_nothing().verdict is of_state(store, NOW, DAY_LIMIT).verdict is Verdict.OK


def test_a_latch_stops(store):
    store.latch(LatchName.KILL, "too wide", NOW)
    found = of_state(store, NOW, DAY_LIMIT)
    assert (found.verdict, found.reasons[0].rule, found.reasons[0].text) == (Verdict.STOP, "kill", "too wide")


@pytest.mark.parametrize(
    ("lost", "day", "verdict"),
    [
        (39.99, 0, Verdict.OK),
        (40, 0, Verdict.WARN),
        (50, 0, Verdict.WARN),
        (50.01, 0, Verdict.STOP),
        (90, -1, Verdict.OK),
        (-90, 0, Verdict.OK),
    ],
)
def test_what_today_cost_counts_and_yesterday_does_not(store, lost, day, verdict):
    history = History(store, store.account("0xwallet", "venue"), simulated=False, latch_halts=True)
    history.on_step(Step(Timer(NOW), day=DayResult(NOW // DAY + day, -round(lost * USD))), 0)
    history.flush()
    assert of_state(store, NOW, DAY_LIMIT).verdict is verdict


def spoke(rule="drawdown", subject="account", at=NOW):
    return RiskEvent(at, rule, "trip", subject, "deep", True, Stage.WIDEN)


def run(store, *events, wallet=SHADOW_WALLET):
    simulated = wallet == SHADOW_WALLET
    history = History(store, store.account(wallet, "venue"), simulated=simulated, latch_halts=False, clock=time.time_ns)
    history.on_step(Step(Timer(NOW), risk=events), 0)
    history.flush()


def test_events_are_those_of_the_last_dry_run_the_newest_first(store):
    run(store, spoke("old"))
    run(store, spoke("first"), spoke("second", at=NOW + 1))
    assert [one.rule for one in last_events(store, limit=10)] == ["second", "first"]
    assert [one.rule for one in last_events(store, limit=1)] == ["second"]
    assert last_events(store, limit=10, rule="first") == [spoke("first")]
    assert last_events(store, limit=10, since=NOW + 2) == []


def test_events_of_a_real_account_are_those_of_its_life(store):
    run(store, spoke("first"), wallet="0xwallet")
    run(store, spoke("second"), wallet="0xwallet")
    assert [one.rule for one in last_events(store, limit=10)] == ["second", "first"]


def test_without_a_run_there_are_none(store):
    assert last_events(store, limit=10) == []

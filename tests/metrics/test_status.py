"""Whoever asks a running bot is told what its steps said."""

from __future__ import annotations

from pmm.core.step import Change, Decision, Step
from pmm.core.view import Target, Targets
from pmm.events import MarketDropped, MarketListed, Timer
from pmm.metrics.status import Status
from pmm.model import SHARE
from tests.support.story import CONDITION, START, market


def change(machine: str, subject: str, new: str, cause: str = "") -> Change:
    return Change(START, machine, subject, "before", new, "trigger", cause)


def told(*steps: Step) -> dict:
    status = Status()
    for step in steps:
        status.on_step(step, 0)
    return status.record()


def moves(*changes: Change) -> Step:
    return Step(Timer(START), changes=changes)


def test_orders_are_counted_until_they_are_over():
    record = told(
        moves(change("order", "a", "SENT"), change("order", "b", "SENT"), change("order", "c", "SENT")),
        moves(change("order", "a", "LIVE"), change("order", "b", "UNKNOWN"), change("order", "c", "REJECTED")),
    )
    assert record["orders"] == {"open": 2, "in_doubt": 1, "by_state": {"LIVE": 1, "UNKNOWN": 1}}


def test_machines_are_told_with_their_cause():
    record = told(
        moves(change("risk", "risk", "COOLDOWN", "too many refusals"), change("feed", "feed 0", "RUNNING")),
        moves(change("venue", "venue", "RESTARTING", "425"), change("source", "source rain", "WEBSOCKET")),
    )
    assert record["machines"] == {
        "risk": {"state": "COOLDOWN", "since_ns": START, "cause": "too many refusals"},
        "venue": {"state": "RESTARTING", "since_ns": START, "cause": "425"},
    }
    assert record["feeds"] == {"feed 0": "RUNNING"}


def test_a_market_is_told_with_its_last_decision():
    targets = Targets((Target(4_800, 10 * SHARE, 10_000),), (), "position limit")
    decision = Decision(START, CONDITION, 4_900, 5_100, 10_000, -3 * SHARE, targets)
    record = told(Step(MarketListed(START, market())), Step(Timer(START), decisions=(decision,)))
    (one,) = record["markets"]
    assert (one["market"], one["position"], one["decision"]["mid"]) == ("rain", "-3", "0.5")
    assert (one["decision"]["bid"], one["decision"]["ask"]) == ({"price": "0.48", "size": "10"}, None)
    assert one["decision"]["reason"] == "position limit"


def test_markets_that_are_dropped_or_only_watched_are_not_told():
    assert told(Step(MarketListed(START, market(), quoted=False)))["markets"] == []
    assert told(Step(MarketListed(START, market())), Step(MarketDropped(START, CONDITION)))["markets"] == []


def test_a_loss_that_comes_near_its_limit_is_told():
    near = change("daily loss", "daily loss", "NEAR", "40 USD lost today, 50 are allowed")
    assert told(moves(near))["machines"] == {
        "daily loss": {"state": "NEAR", "since_ns": START, "cause": "40 USD lost today, 50 are allowed"}
    }

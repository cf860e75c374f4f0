"""What a session tells of a step, for people and for programs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pmm.cli.context import Cli
from pmm.cli.session import Session, summary_text
from pmm.core.rule import RiskEvent, Stage
from pmm.core.step import Decision, Step
from pmm.core.view import Target, Targets
from pmm.events import Timer
from pmm.metrics.summary import Summary
from pmm.model import SHARE
from tests.support.story import CONDITION, START, market


class Told:
    """A session whose lines are kept."""

    def __init__(self, *, json: bool) -> None:
        self.records: list[dict[str, Any]] = []
        self.lines: list[str] = []

        def emit(_schema: str, data: dict[str, Any], *, human: Any) -> None:
            self.records.append(data)
            self.lines.append(human())

        fake = SimpleNamespace(json=json, note=print, emit=emit, mode="dry-run")
        self.session = Session(cast("Cli", fake), [market()])

    def tell(self, **effects: Any) -> tuple[dict[str, Any], str]:
        step = Step(Timer(START), **effects)
        assert self.session.tells(step)
        self.session.on_step(step, 0)
        return self.records[-1], self.lines[-1]


@pytest.fixture
def told() -> Told:
    return Told(json=True)


def ladder(*levels: tuple[int, int]) -> tuple[Target, ...]:
    return tuple(Target(price, size * SHARE, 10_000, place) for place, (price, size) in enumerate(levels))


def decided(bids: tuple[Target, ...], asks: tuple[Target, ...]) -> Decision:
    return Decision(START, CONDITION, 4_900, 5_100, 10_000, 0, Targets(bids, asks), "websocket")


def test_a_ladder_is_told_whole_and_by_its_best_prices(told: Told) -> None:
    bids, asks = ladder((4_800, 10), (4_700, 20), (4_600, 30)), ladder((5_200, 10))
    record, line = told.tell(decisions=(decided(bids, asks),))
    assert record["bid"] == record["bids"][0] == {"price": "0.48", "size": "10"}
    assert [one["price"] for one in record["bids"]] == ["0.48", "0.47", "0.46"]
    assert (record["ask"], record["asks"]) == ({"price": "0.52", "size": "10"}, [{"price": "0.52", "size": "10"}])
    assert "bid 0.48 x 10, 0.47 x 20 +1  ask 0.52 x 10  book" in line


def test_a_side_that_is_not_wanted_is_an_empty_ladder(told: Told) -> None:
    record, line = told.tell(decisions=(decided((), ladder((5_200, 10))),))
    assert (record["bid"], record["bids"]) == (None, [])
    assert "bid -  ask 0.52 x 10" in line


@pytest.mark.parametrize("enforced", [True, False])
def test_what_a_rule_said_is_a_line_with_the_markets_name(told: Told, *, enforced: bool) -> None:
    event = RiskEvent(START, "order_size", "clip", CONDITION, "too much", enforced, Stage.REDUCE, 5 * SHARE)
    record, line = told.tell(risk=(event,))
    assert record == {
        "event": "risk",
        "at": "2026-09-21T14:13:20.000Z",
        "rule": "order_size",
        "verdict": "clip",
        "subject": "rain",
        "reason": "too much",
        "enforced": enforced,
        "stage": "REDUCE",
        "size": "5",
    }
    assert line.endswith("RISK order_size: clip rain: too much" + ("" if enforced else "  (not enforced)"))


def test_the_end_of_a_session_says_what_rules_said() -> None:
    summary = Summary()
    summary.on_step(Step(Timer(START), risk=(RiskEvent(START, "drawdown", "trip", "account", "x", True),)), 0)
    more = {"outcome": "stopped", "cause": "", "open_orders": 0}
    assert "risk  1 events, 1 enforced: drawdown trip 1" in summary_text(summary.record() | more)
    assert "risk" not in summary_text(Summary().record() | more)

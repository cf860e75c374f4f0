"""How a run stands at this moment, for whoever asks it from outside: a fold over steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pmm.core.orders import TERMINAL
from pmm.core.step import Change, Decision, Step
from pmm.core.view import Target
from pmm.events import MarketDropped, MarketListed
from pmm.model import ConditionId, Nanos, decimal_text, price_text, size_text

# Of these there is one of a run; of the others one for each of its orders, trades, books or connections.
SINGLE = ("risk", "daily loss", "venue", "heartbeat")
DOUBTFUL = "UNKNOWN"


class Status:
    """A sink; `record` tells what it has seen."""

    def __init__(self) -> None:
        self._slugs: dict[ConditionId, str] = {}
        self._states: dict[str, Change] = {}
        self._feeds: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._orders: dict[str, str] = {}
        self._decided: dict[ConditionId, Decision] = {}
        self._steps = 0

    def on_step(self, step: Step, _took: Nanos) -> None:
        self._steps += 1
        event = step.event
        if isinstance(event, MarketListed) and event.quoted:
            self._slugs[event.market.condition_id] = event.market.slug
        elif isinstance(event, MarketDropped):
            self._slugs.pop(event.condition_id, None)
        for change in step.changes:
            self._move(change)
        for decision in step.decisions:
            self._decided[decision.market] = decision

    def _move(self, change: Change) -> None:
        match change.machine:
            case "order" if change.new in TERMINAL:
                self._orders.pop(change.subject, None)
            case "order":
                self._orders[change.subject] = change.new
            case "feed":
                self._feeds[change.subject] = change.new
            case "source":
                self._sources[change.subject.removeprefix("source ")] = change.new.lower()
            case name if name in SINGLE:
                self._states[name] = change

    def record(self) -> dict[str, object]:
        """Machines that never moved are not told."""
        states = Counter(self._orders.values())
        return {
            "steps": self._steps,
            "machines": {name: _state(change) for name, change in self._states.items()},
            "feeds": dict(self._feeds),
            "orders": {"open": sum(states.values()), "in_doubt": states[DOUBTFUL], "by_state": dict(states)},
            "markets": [self._market(condition_id, slug) for condition_id, slug in self._slugs.items()],
        }

    def _market(self, condition_id: ConditionId, slug: str) -> dict[str, object]:
        decision = self._decided.get(condition_id)
        return {
            "market": slug,
            "condition_id": condition_id,
            "source": self._sources.get(slug, "none"),
            "position": size_text(decision.position) if decision is not None else "0",
            "decision": None if decision is None else _decision(decision),
        }


def _state(change: Change) -> Mapping[str, object]:
    return {"state": change.new, "since_ns": change.at, "cause": change.cause}


def _decision(decision: Decision) -> dict[str, object]:
    targets = decision.targets
    return {
        "at_ns": decision.at,
        "mid": None if decision.mid2 is None else decimal_text(decision.mid2 * 5, 5),
        "bid": _target(targets.bid),
        "ask": _target(targets.ask),
        "reason": targets.reason,
    }


def _target(target: Target | None) -> dict[str, str] | None:
    return None if target is None else {"price": price_text(target.price), "size": size_text(target.size)}

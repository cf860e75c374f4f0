"""How often things happened: messages, decisions, orders, fills, and the states the machines went through."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pmm.commands import Cancel, Place
from pmm.core.feed import FEED
from pmm.core.step import Step
from pmm.events import CancelRejected, Frame, Rejected
from pmm.model import Size


@dataclass(slots=True)
class Counts:
    """`quotes` counts decisions that want both sides working; `volume` is in micro-shares.

    `fills` and `volume` count what was matched; `reversals` of those fills failed later.  `risk` counts what rules said
    by rule and verdict, `risk_enforced` how much of it acted.
    """

    messages: int = 0
    decisions: int = 0
    quotes: int = 0
    placed: int = 0
    cancels: int = 0
    rejected: int = 0
    cancel_rejected: int = 0
    fills: int = 0
    volume: Size = 0
    reversals: int = 0
    denied: int = 0
    risk: Counter[tuple[str, str]] = field(default_factory=Counter)
    risk_enforced: int = 0
    feed_states: list[str] = field(default_factory=lambda: [FEED.initial])
    changes: Counter[str] = field(default_factory=Counter)

    def on_step(self, step: Step) -> None:
        self.messages += isinstance(step.event, Frame)
        self.rejected += isinstance(step.event, Rejected)
        self.cancel_rejected += isinstance(step.event, CancelRejected)
        self.placed += sum(isinstance(command, Place) for command in step.commands)
        self.cancels += sum(isinstance(command, Cancel) for command in step.commands)
        self.decisions += len(step.decisions)
        self.quotes += sum(
            decision.targets.bid is not None and decision.targets.ask is not None for decision in step.decisions
        )
        self.fills += len(step.fills)
        self.volume += sum(fill.size for fill in step.fills)
        self.reversals += len(step.reversals)
        self.risk.update((event.rule, event.verdict) for event in step.risk)
        self.risk_enforced += sum(event.enforced for event in step.risk)
        for change in step.changes:
            self.changes[f"{change.machine}:{change.new}"] += 1
            self.denied += change.new == "DENIED"
            if change.machine == FEED.name and change.new not in self.feed_states:
                self.feed_states.append(change.new)

    def risk_record(self) -> dict[str, object]:
        """How many risk events there were, how many acted, and of which rule and verdict."""
        by_rule: dict[str, dict[str, int]] = {}
        for (rule, verdict), times in sorted(self.risk.items()):
            by_rule.setdefault(rule, {})[verdict] = times
        return {"events": self.risk.total(), "enforced": self.risk_enforced, "by_rule": by_rule}

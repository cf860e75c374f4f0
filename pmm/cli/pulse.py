"""Every so often one line that says how the run stands, between those that say what happens."""

from __future__ import annotations

from pmm.cli.beside import Beside
from pmm.core.step import Step
from pmm.events import Timer
from pmm.metrics.pnl import pnl_text
from pmm.metrics.summary import Summary
from pmm.model import Nanos, money_text, size_text, utc_text


class Pulse:
    """A sink around a session.  The numbers are those of `summary`, which must have seen each step before."""

    def __init__(self, inner: Beside, summary: Summary, mode: str, every: Nanos) -> None:
        self._inner = inner
        self._summary = summary
        self._mode = mode
        self._every = every
        self._due: Nanos | None = None

    def on_step(self, step: Step, took: Nanos) -> None:
        self._inner.on_step(step, took)
        if not isinstance(step.event, Timer):
            return
        at = step.event.at
        if self._due is None:
            self._due = (self._summary.began or at) + self._every
        if at >= self._due:
            self._due = at + self._every
            self._inner.say(self._record(at))

    def _record(self, at: Nanos) -> dict[str, object]:
        summary = self._summary
        counts, pnl = summary.counts, summary.pnl
        return {
            "event": "status",
            "at": utc_text(at),
            "mode": self._mode,
            "pnl": pnl_text(pnl.total),
            "rebates_earned": money_text(summary.rebates.total),
            "net": size_text(sum(one.yes - one.no for one in pnl.markets.values())),
            "fills": counts.fills,
            "orders_placed": counts.placed,
            "risk_events": counts.risk.total(),
            "risk_enforced": counts.risk_enforced,
        }

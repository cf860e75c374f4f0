"""How freely we may trade: a state machine between the strategy's wish and the reconciler.

NORMAL quotes, REDUCING lets through only the side that brings the position home, COOLDOWN quotes nothing for a
while, HALTED quotes nothing until the operator says otherwise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pmm.core.step import StepBuilder
from pmm.fsm import Row, Table
from pmm.model import SECOND, Nanos

RISK = Table(
    "risk",
    "NORMAL",
    [
        Row("NORMAL", "limit", "REDUCING", "the position stands at its limit"),
        Row("NORMAL", "errors", "COOLDOWN", "too many refusals within a minute"),
        Row("NORMAL", "halt", "HALTED", "kill switch, loss latch or an impossible move"),
        Row("REDUCING", "clear", "NORMAL", "the position is inside its limit again"),
        Row("REDUCING", "errors", "COOLDOWN", "too many refusals within a minute"),
        Row("REDUCING", "halt", "HALTED", "kill switch, loss latch or an impossible move"),
        Row("COOLDOWN", "elapsed", "NORMAL", "the cool-down is over; limits are judged anew"),
        Row("COOLDOWN", "halt", "HALTED", "kill switch, loss latch or an impossible move"),
        Row("HALTED", "halt", "HALTED", "halting twice is harmless"),
        Row("HALTED", "reset", "NORMAL", "the operator resets the halt on purpose"),
    ],
)

MINUTE = 60 * SECOND


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Refusals a minute that are tolerated, and how long quoting rests when there are more."""

    errors_per_minute: int = 5
    cooldown: Nanos = 60 * SECOND


@dataclass(slots=True)
class Risk:
    limits: RiskLimits
    state: str = field(default=RISK.initial)
    since: Nanos = 0
    cause: str = ""
    errors: deque[Nanos] = field(default_factory=deque)

    def on_error(self, at: Nanos) -> str | None:
        """Count a refusal by the venue; the trigger when it was one too many."""
        self.errors.append(at)
        while self.errors and at - self.errors[0] > MINUTE:
            self.errors.popleft()
        if len(self.errors) < self.limits.errors_per_minute or self.state not in ("NORMAL", "REDUCING"):
            return None
        self.errors.clear()
        return "errors"

    def on_time(self, at: Nanos) -> str | None:
        return "elapsed" if self.state == "COOLDOWN" and at - self.since >= self.limits.cooldown else None

    def on_position(self, *, at_limit: bool) -> str | None:
        """The trigger that the worst position of all markets amounts to."""
        if at_limit:
            return "limit" if self.state == "NORMAL" else None
        return "clear" if self.state == "REDUCING" else None

    def move(self, trigger: str | None, cause: str, out: StepBuilder) -> None:
        """Take the trigger, if there is one, and remember since when and why."""
        if trigger is not None:
            out.move(RISK, self, trigger, "risk", cause)
            self.since, self.cause = out.event.at, cause

    def problem(self) -> str | None:
        """Why nothing may be quoted, or None."""
        if self.state in ("COOLDOWN", "HALTED"):
            return f"risk is {self.state}: {self.cause}"
        return None

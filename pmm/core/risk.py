"""How freely the account may trade: the announced state that the rules of the account put it in, and the kill switch.

    stage of the account   NONE    WIDEN     REDUCE    CANCEL    FLATTEN     HALT
    state                  NORMAL  WIDENING  REDUCING  COOLDOWN  FLATTENING  HALTED

WIDENING quotes further from the price, REDUCING only what brings positions home, COOLDOWN nothing until its rule says
otherwise, FLATTENING what brings positions home as near as a resting order may.  HALTED quotes nothing until the
operator says otherwise.  A rule that judges a single market takes that market back and leaves this machine alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.rule import Stage
from pmm.core.step import StepBuilder
from pmm.fsm import Row, Table
from pmm.model import Nanos

# By stage: the trigger, the state that it leads to, and when the world does this.
_LADDER = {
    Stage.NONE: ("clear", "NORMAL", "no rule of the account is tripped any more"),
    Stage.WIDEN: ("widen", "WIDENING", "a rule of the account wants a greater distance"),
    Stage.REDUCE: ("reduce", "REDUCING", "a rule of the account lets positions only go home"),
    Stage.CANCEL: ("cancel", "COOLDOWN", "a rule of the account lets nothing rest, for a while or until it clears"),
    Stage.FLATTEN: ("flatten", "FLATTENING", "a rule of the account wants positions gone"),
}

RISK = Table(
    "risk",
    "NORMAL",
    [
        *(
            Row(state, trigger, dest, why)
            for _, state, _ in _LADDER.values()
            for trigger, dest, why in _LADDER.values()
            if dest != state
        ),
        *(
            Row(state, "halt", "HALTED", "kill switch, loss latch or an impossible move")
            for _, state, _ in _LADDER.values()
        ),
        Row("HALTED", "halt", "HALTED", "halting twice is harmless"),
        Row("HALTED", "reset", "NORMAL", "the operator resets the halt on purpose"),
    ],
)


@dataclass(slots=True)
class Risk:
    """`since` and `cause` are of the last move."""

    state: str = field(default=RISK.initial)
    since: Nanos = 0
    cause: str = ""

    def follow(self, stage: Stage, cause: str, out: StepBuilder) -> None:
        """Go where the rules of the account are; a halt stays what it is."""
        if self.state == "HALTED" or stage is Stage.HALT:
            return
        trigger, state, _ = _LADDER[stage]
        if state != self.state:
            self._move(trigger, cause, out)

    def halt(self, cause: str, out: StepBuilder) -> None:
        self._move("halt", cause, out)

    def problem(self) -> str | None:
        """Why nothing may be quoted, or None."""
        if self.state in ("COOLDOWN", "HALTED"):
            return f"risk is {self.state}: {self.cause}"
        return None

    def _move(self, trigger: str, cause: str, out: StepBuilder) -> None:
        out.move(RISK, self, trigger, "risk", cause)
        self.since, self.cause = out.event.at, cause

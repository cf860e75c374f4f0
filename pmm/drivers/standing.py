"""What a running bot tells whoever asks at its door."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from pmm.core.engine import Engine
from pmm.core.guard import Guard
from pmm.core.state_image import image_of
from pmm.metrics.status import Status
from pmm.model import SECOND, Nanos


@dataclass(frozen=True, slots=True)
class Standing:
    """The view of a `ControlServer`: facts of the run, the engine's health, and what the steps said.

    `mode` is "dry-run" or "live", `enforced` whether limits act, `began_at` when the run began.  `state_hash` of a live
    run is that of its state file, which the next run comes back to (`pmm.core.state_image`).
    """

    engine: Engine
    status: Status
    mode: str
    instance: str
    enforced: bool
    began_at: Nanos
    clock: Callable[[], Nanos] = time.time_ns

    def __call__(self) -> dict[str, object]:
        now = self.clock()
        problem = self.engine.healthy(now)
        return {
            "mode": self.mode,
            "instance": self.instance,
            "pid": os.getpid(),
            "uptime_s": round((now - self.began_at) / SECOND, 3),
            "risk_enforced": self.enforced,
            "healthy": problem is None,
            "problem": problem,
            "outcome": str(self.engine.outcome),
            "paused": self.engine.paused,
            "state_hash": image_of(self.engine).hexdigest() if self.mode == "live" else None,
            "rules": _rules(self.engine.guard),
            **self.status.record(),
        }


def _rules(guard: Guard) -> dict[str, object]:
    """The mode of every rule, and what they say at the moment."""
    holding = [
        {
            "rule": said.rule,
            "scope": said.scope,
            "verdict": said.verdict,
            "stage": said.stage.name,
            "reason": said.standing.reason,
            "since_ns": said.since,
            "enforced": said.enforced,
        }
        for said in guard.holding
    ]
    return {"modes": {name: str(mode) for name, mode in guard.modes.items()}, "holding": holding}

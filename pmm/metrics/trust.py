"""How often books were doubted, on what evidence, and how long it took to trust them again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pmm.core.step import Step
from pmm.core.trust import TRUST
from pmm.model import Nanos, decimal_text

# Recoveries whose times are kept for the quantiles; later ones replace the oldest.
TIMES_MAX = 10_000


@dataclass(slots=True)
class Trust:
    """A fold over steps.  A time of recovery runs from the moment a book stopped being trusted until it is again."""

    doubts: Counter[str] = field(default_factory=Counter)
    recoveries: int = 0
    times: list[Nanos] = field(default_factory=list)
    _left: dict[str, Nanos] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        for change in step.changes:
            if change.machine != TRUST.name:
                continue
            if change.old == "TRUSTED":
                self.doubts[change.evidence] += 1
                self._left[change.subject] = change.at
            elif change.new == "TRUSTED" and change.subject in self._left:
                self._recovered(change.at - self._left.pop(change.subject))

    def record(self) -> dict[str, object]:
        """The JSON form; times in milliseconds, None before the first recovery."""
        return {
            "doubts": {str(evidence): count for evidence, count in sorted(self.doubts.items())},
            "recoveries": self.recoveries,
            "untrusted_now": len(self._left),
            "recovery_ms": {"p50": _millis(self._middle()), "max": _millis(max(self.times, default=None))},
        }

    def _recovered(self, took: Nanos) -> None:
        if len(self.times) < TIMES_MAX:
            self.times.append(took)
        else:
            self.times[self.recoveries % TIMES_MAX] = took
        self.recoveries += 1

    def _middle(self) -> Nanos | None:
        return sorted(self.times)[len(self.times) // 2] if self.times else None


def _millis(nanos: Nanos | None) -> str | None:
    return None if nanos is None else decimal_text(nanos, 6)

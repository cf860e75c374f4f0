"""Where the fair price has been over the last seconds: what a sweep or an order that comes and goes does not move.

    level = average of the fair price over time, with weights that halve every half-life into the past

When somebody takes several prices of one side, the fair price follows the hole that is left until others fill it; the
level hardly does.  Real news moves both sides of the touch, so whoever uses the level keeps it within the touch.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import SECOND, Nanos


@dataclass(slots=True)
class Level:
    """`half_life` in seconds."""

    half_life: float
    _level: float | None = None
    _fair: float = 0.0
    _at: Nanos = 0

    def on_fair(self, at: Nanos, fair: float) -> None:
        """The fair price is another one from now on; the first one is the level."""
        known = self.value(at)
        self._level = fair if known is None else known
        self._fair, self._at = fair, max(at, self._at)

    def value(self, at: Nanos) -> float | None:
        """USD; None before the first price and after a gap."""
        if self._level is None:
            return None
        stays = float(0.5 ** (max(0, at - self._at) / SECOND / self.half_life))
        return self._fair + (self._level - self._fair) * stays

    def interrupt(self) -> None:
        """Nobody knows the fair price any longer."""
        self._level = None

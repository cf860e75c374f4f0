"""Moves of the whole touch that are too large for the variance, as they happen.

    common   =  the smaller of the moves of best bid and best ask where both went the same way, otherwise 0
    a jump   =  |common| >= max(DEVIATIONS sqrt(v 2 window), TICKS tick, LOG_ODDS p (1 - p))   in one to two windows
    rate     =  decayed number of jumps x ln 2 / half-life                                    per second

One side alone moves whenever an order comes into a wide spread or leaves it; only both together are news.  The
threshold test is Mancini's (2009), at once instead of at the end of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

from pmm.model import GRID, SECOND, Nanos, Price

DEVIATIONS = 5.0
TICKS = 3
# One cent at even odds, less near 0 and 1.
LOG_ODDS = 0.04


@dataclass(slots=True)
class Jumps:
    """`window` in ns, `half_life` in seconds.  `last_at` is when the last jump was seen, None before the first."""

    window: Nanos
    half_life: float
    last_at: Nanos | None = None
    _count: float = 0.0
    _touch: tuple[Price, Price] | None = None
    _newer: tuple[Price, Price] = (0, 0)
    _older: tuple[Price, Price] = (0, 0)
    _marked: Nanos = 0

    def on_touch(self, at: Nanos, bid: Price, ask: Price, tick: Price, variance: Callable[[], float]) -> bool:
        """The best prices are these now; whether that is a jump.  `variance` is asked only where it may be one."""
        before, touch = self._touch, (bid, ask)
        if touch == before:
            return False
        self._touch = touch
        if before is None:
            self._begin(at)
            return False
        if at - self._marked >= self.window:
            quiet = at - self._marked >= 2 * self.window
            self._older, self._newer, self._marked = before if quiet else self._newer, before, at
        common = abs(_common(self._older, touch))
        if common < max(TICKS * tick, LOG_ODDS * bid * (GRID - bid) / GRID):
            return False
        if common < DEVIATIONS * sqrt(variance() * 2 * self.window / SECOND) * GRID:
            return False
        self._count = self._decayed(at) + 1.0
        self.last_at = at
        self._begin(at)
        return True

    def rate(self, at: Nanos) -> float:
        """Jumps per second."""
        return self._decayed(at) * log(2.0) / self.half_life

    def _decayed(self, at: Nanos) -> float:
        if self.last_at is None:
            return 0.0
        return self._count * float(0.5 ** ((at - self.last_at) / SECOND / self.half_life))

    def _begin(self, at: Nanos) -> None:
        assert self._touch is not None, "there is a touch to begin with"
        self._older = self._newer = self._touch
        self._marked = at


def _common(old: tuple[Price, Price], new: tuple[Price, Price]) -> Price:
    bid, ask = new[0] - old[0], new[1] - old[1]
    if bid > 0 and ask > 0:
        return min(bid, ask)
    return max(bid, ask) if bid < 0 and ask < 0 else 0

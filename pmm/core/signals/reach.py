"""How often takers come, and how deep into the book they reach, from the public tape.

    distance  =  |price of a print - level|          the deepest of the prints that came together: one taker
    depth     =  mean of distances                   decayed; 1/k where fills thin out as exp(-k distance)
    arrival   =  takers / seconds watched / 2        decayed; of either side

The mean is the most likely 1/k of an exponential curve (strategy reference, 2.3).  Which side was hit the tape tells
hardly better than a coin (2.2), so takers are counted together and halved, and a distance has no sign.  It is taken
from the level because a sweep has moved the touch before its prints arrive.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from pmm.model import MILLISECOND, SECOND, Nanos

# Prints that come within so long of a taker's first one are that taker's too.
TOGETHER: Nanos = 20 * MILLISECOND
# The first taker comes at any time: what was watched counts for so many seconds at least.
WATCHED_MIN_S = 10.0


@dataclass(slots=True)
class Reach:
    """`half_life` in seconds."""

    half_life: float
    _takers: float = 0.0
    _depth: float = 0.0
    _watched: float = 0.0
    _deepest: float = 0.0
    _at: Nanos | None = None

    def watch(self, at: Nanos) -> None:
        """There is a book that takers may come to: time counts from the first one on."""
        if self._at is None:
            self._at = at

    def on_trade(self, at: Nanos, distance: float) -> None:
        """Somebody traded so far from the level (USD)."""
        if self._at is not None and self._takers and at - self._at <= TOGETHER:
            self._depth += max(0.0, distance - self._deepest)
            self._deepest = max(distance, self._deepest)
            return
        takers, depth = self.takers(at), self._depth * self._decay(at)
        self._watched, self._at = self._seconds(at), at
        self._takers, self._depth, self._deepest = takers + 1.0, depth + distance, distance

    def takers(self, at: Nanos) -> float:
        """How many were seen, each as far as it is remembered."""
        return self._takers * self._decay(at)

    def arrival(self, at: Nanos) -> float:
        """Takers of either side per second."""
        return self.takers(at) / max(self._seconds(at), WATCHED_MIN_S) / 2

    @property
    def depth(self) -> float:
        """Mean distance that takers reach, in USD; 0 before the first one."""
        return self._depth / self._takers if self._takers else 0.0

    def _seconds(self, at: Nanos) -> float:
        """How long was watched, as far as it is remembered."""
        memory = self.half_life / log(2.0)
        return memory + (self._watched - memory) * self._decay(at)

    def _decay(self, at: Nanos) -> float:
        return 1.0 if self._at is None else float(0.5 ** (max(0, at - self._at) / SECOND / self.half_life))

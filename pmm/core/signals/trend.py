"""Drift of the fair price, and how sure it is.

    trend  =  (1 - d) x sum of d^i move_i / w,   d = 2^-(w / half-life)          USD per second
    score  =  trend / sqrt(v / w x (1 - d) / (1 + d))                            deviations

An exponential filter that starts at 0, so little history says little.  Under no drift and the variance v per second the
score has mean 0 and deviation 1, since moves of block means add up like those of the price itself (`averages`).  It is
the drift of GLFT's quotes (strategy reference, 1.2) and what tells a trend from noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(slots=True)
class Trend:
    """`seconds` of a block and `half_life` in seconds; `value` in USD per second."""

    seconds: float
    half_life: float
    value: float = 0.0

    def on_move(self, move: float, blocks: int) -> None:
        """Fold the moves of so many blocks in; only moves of 0 come several at once."""
        decay = 0.5 ** (self.seconds * blocks / self.half_life)
        self.value = self.value * decay + (1.0 - decay) * move / self.seconds

    def score(self, variance: float) -> float:
        """How many deviations the drift is away from none; 0 where nothing ever varied."""
        decay = 0.5 ** (self.seconds / self.half_life)
        deviation = sqrt(variance / self.seconds * (1.0 - decay) / (1.0 + decay))
        return self.value / deviation if deviation else 0.0

"""Variance of the fair price per second: realised, without the noise of the grid, and never less than the grid shows.

    v      =  sum of (move_i^2 + 2 move_i move_i-1)  /  sum of w        both decayed with a half-life
    floor  =  tick^2 / typical time that the fair price needs to travel one tick
    result =  max(v, floor), in USD^2 per second

Moves are those of block means (`averages`).  For a Wiener process E move^2 = 2/3 v w and E move_i move_i-1 = 1/6 v w,
so the sum is v w exactly; noise that forgets itself within a block adds 2 n - 2 n = 0 (Zhou 1996; strategy reference,
1.4 and 2.3).  Jumps are part of it: they come in bursts, and a forecast without them was the worse one for the next
minute of a recorded game (QLIKE -4.3 against -6.0).  The floor is that of the strategy reference: to travel one tick
takes the expected time tick^2 / v.  The typical time is the median of the newest ones; the one that has not ended
counts where it is longer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import sqrt
from statistics import median

# A move beyond so many deviations, and so many ticks, is no drift, however large it was.
CLIP = 4.0
CLIP_TICKS = 2.0
# Before the fair price has travelled one tick for the first time it is held to need so many seconds; half of them, and
# something is known of its variance.
FIRST_SECONDS = 60.0
TRAVELS_MAX = 15


@dataclass(slots=True)
class Volatility:
    """`seconds` of a block and `half_life` in seconds."""

    seconds: float
    half_life: float
    _sum: float = 0.0
    _time: float = 0.0
    _before: float = 0.0
    _open: float = 0.0
    _travelled: float = 0.0
    _travels: deque[float] = field(default_factory=lambda: deque(maxlen=TRAVELS_MAX))
    _typical: float = FIRST_SECONDS

    def on_move(self, move: float, blocks: int, tick: float) -> float:
        """Fold the moves of so many blocks in; returns how much of a move may belong to a drift."""
        clipped = self._clipped(move, tick)
        each = 0.5 ** (self.seconds / self.half_life)
        decay = each**blocks
        self._sum = self._sum * decay + move * move + 2.0 * move * self._before
        self._time = self._time * decay + self.seconds * (1.0 - decay) / (1.0 - each)
        self._before = move
        self._travel(move, self.seconds * blocks, tick)
        return clipped

    def value(self, tick: float) -> float:
        """USD^2 per second, never less than the floor; `tick` in USD."""
        realised = self._sum / self._time if self._time else 0.0
        return max(realised, tick * tick / max(self._typical, self._open))

    @property
    def known(self) -> bool:
        """Whether enough was seen to call something too large for it."""
        return self._time >= FIRST_SECONDS / 2

    def interrupt(self) -> None:
        """The next move does not follow the last one."""
        self._before = 0.0

    def _clipped(self, move: float, tick: float) -> float:
        most = max(CLIP * sqrt(2.0 / 3.0 * self.value(tick) * self.seconds), CLIP_TICKS * tick)
        return max(-most, min(most, move))

    def _travel(self, move: float, seconds: float, tick: float) -> None:
        self._open += seconds
        self._travelled += move
        if abs(self._travelled) >= tick * (1.0 - 1e-9):
            self._travels.append(self._open)
            self._typical = median(self._travels)
            self._open = self._travelled = 0.0

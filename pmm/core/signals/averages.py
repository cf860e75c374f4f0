"""The fair price averaged over short blocks of time: what stays of its moves when the flicker of the touch is gone.

    mean of a block  =  1/w x integral of the fair price over the w seconds of the block
    move             =  mean of a block - mean of the block before

The fair price is a step function of irregular times, so the integral is exact.  For a Wiener process with variance v
per second, moves have the variance 2/3 v w, and two moves in a row the covariance 1/6 v w.  Averaging before looking at
moves: Jacod, Li, Mykland, Podolskij and Vetter (2009), with a flat weight and blocks that do not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from pmm.model import SECOND, Nanos


class Moves(NamedTuple):
    """So many blocks in a row with the same move, in USD; only moves of 0 come more than once."""

    move: float
    blocks: int


@dataclass(slots=True)
class Averages:
    """`width` of a block in ns.  `fair` is the price in force, None before the first and after `interrupt`."""

    width: Nanos
    fair: float | None = None
    _at: Nanos = 0
    _edge: Nanos = 0
    _area: float = 0.0
    _mean: float | None = None

    @property
    def seconds(self) -> float:
        return self.width / SECOND

    def on_fair(self, at: Nanos, fair: float) -> Sequence[Moves]:
        """The fair price is another one from now on.  Returns the moves of the blocks that ended meanwhile."""
        if self.fair is None:
            self._at, self._edge, self._area, self._mean = at, at + self.width, 0.0, None
            self.fair = fair
            return ()
        moves = self.advance(at) if at >= self._edge else ()
        self._area += self.fair * (at - self._at)
        self._at, self.fair = at, fair
        return moves

    def advance(self, at: Nanos) -> Sequence[Moves]:
        """Time passed: the moves of the blocks that have ended by `at`."""
        if self.fair is None or at < self._edge:
            return ()
        means = [(self._area + self.fair * (self._edge - self._at)) / self.width]
        still = (at - self._edge) // self.width
        if still:
            means.append(self.fair)
        moves = [Moves(after - before, 1) for before, after in pairwise(means)]
        if self._mean is not None:
            moves.insert(0, Moves(means[0] - self._mean, 1))
        if still > 1:
            moves.append(Moves(0.0, still - 1))
        self._mean, self._area = means[-1], 0.0
        self._at = self._edge + still * self.width
        self._edge = self._at + self.width
        return moves

    def interrupt(self) -> None:
        """Nobody knows the fair price any longer: no block reaches across the gap."""
        self.fair = None

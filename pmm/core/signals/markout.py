"""How the fair price moves against us after our fills: what adverse selection costs.

    a(h)    =  -s (fair at t + h  -  fair just before t)     USD per share; s = 1 for a bought share, -1 for a sold one
    mean    =  sum of k n a / sum of k n                     decayed with a half-life (k), weighted by size (n)
    shrunk  =  mean N / (N + PRIOR_FILLS)                    N = decayed number of fills
    value   =  mean over the horizons h (5 s and 30 s) of what is shrunk

A loss is above 0.  Both directions are YES's.  "Just before" is `LAG` earlier: the trade that filled us has often moved
the book before its news arrives.  Glosten-Milgrom makes a half-spread of it, mu = a / (2 p (1 - p)) (strategy
reference, 1.5).  The prior is that fills cost nothing; a model that knows better adds it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pmm.model import SECOND, Nanos, Size

PRIOR_FILLS = 5.0
LAG: Nanos = SECOND
# Fills that wait for their horizon, and prices of the last LAG, that are remembered; beyond that the oldest are let go.
PENDING_MAX = 256
RECENT_MAX = 64


@dataclass(slots=True)
class Mean:
    """Decayed sums of one side and horizon."""

    half_life: float
    _lost: float = 0.0
    _size: float = 0.0
    _fills: float = 0.0
    _at: Nanos = 0

    def add(self, at: Nanos, adverse: float, size: Size) -> None:
        decay = self._decay(at)
        self._lost = self._lost * decay + adverse * size
        self._size = self._size * decay + size
        self._fills = self._fills * decay + 1.0
        self._at = at

    def shrunk(self, at: Nanos) -> float:
        if not self._size:
            return 0.0
        fills = self._fills * self._decay(at)
        return self._lost / self._size * fills / (fills + PRIOR_FILLS)

    def _decay(self, at: Nanos) -> float:
        return float(0.5 ** (max(0, at - self._at) / SECOND / self.half_life))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fill whose horizon has not passed; `sign` is 1 where we bought YES."""

    due: Nanos
    sign: int
    fair: float
    size: Size


@dataclass(slots=True)
class Markout:
    """`horizons` in ns, `half_life` in seconds."""

    horizons: tuple[Nanos, ...]
    half_life: float
    _waiting: dict[Nanos, deque[Waiting]] = field(init=False)
    _means: dict[tuple[int, Nanos], Mean] = field(init=False)
    _recent: deque[tuple[Nanos, float]] = field(default_factory=lambda: deque(maxlen=RECENT_MAX))
    _due: Nanos | None = None

    def __post_init__(self) -> None:
        self._waiting = {horizon: deque(maxlen=PENDING_MAX) for horizon in self.horizons}
        self._means = {(sign, horizon): Mean(self.half_life) for sign in (1, -1) for horizon in self.horizons}

    def on_fair(self, at: Nanos, fair: float) -> None:
        """The fair price is another one from now on; fills whose horizon passed are judged by the one before."""
        if self._due is not None:
            self.advance(at)
        recent = self._recent
        recent.append((at, fair))
        while len(recent) > 1 and recent[1][0] <= at - LAG:
            recent.popleft()

    def on_fill(self, at: Nanos, sign: int, size: Size) -> None:
        """We bought (1) or sold (-1) so many micro-shares of YES; without a fair price nothing can be learnt of it."""
        self.advance(at)
        if not self._recent:
            return
        before = next((fair for when, fair in reversed(self._recent) if when <= at - LAG), self._recent[0][1])
        for horizon in self.horizons:
            self._waiting[horizon].append(Waiting(at + horizon, sign, before, size))
        self._note()

    def advance(self, at: Nanos) -> None:
        """Judge the fills whose horizon has passed."""
        if self._due is None or at < self._due:
            return
        fair = self._recent[-1][1]
        for horizon, waiting in self._waiting.items():
            while waiting and waiting[0].due <= at:
                fill = waiting.popleft()
                self._means[fill.sign, horizon].add(fill.due, fill.sign * (fill.fair - fair), fill.size)
        self._note()

    def value(self, at: Nanos, sign: int) -> float:
        """USD per share bought (1) or sold (-1)."""
        return sum(self._means[sign, horizon].shrunk(at) for horizon in self.horizons) / len(self.horizons)

    def interrupt(self) -> None:
        """Nobody knows the fair price any longer: what waits for it is forgotten."""
        for waiting in self._waiting.values():
            waiting.clear()
        self._recent.clear()
        self._due = None

    def _note(self) -> None:
        self._due = min((waiting[0].due for waiting in self._waiting.values() if waiting), default=None)

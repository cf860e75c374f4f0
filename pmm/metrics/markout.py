"""What the price did after our fills, and what of the profit is left to those who hold for longer.

For a horizon h, the move of inventory that `pmm.metrics.pnl` counts is split once more:

    inventory = adverse(h) + held(h)
    adverse(h) = sum over fills of side * size * (mid h after the fill - mid at the fill)
    held(h)    = sum over time of what was bought longer than h ago, less sold, * change of the mid

Both are computed from what happened, neither as a difference, so that their sum proves them.  A fill younger than h
counts in adverse(h) as far as the mid has come.  Unit as there: `UNIT` to the USD; loss is negative.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pmm.core.step import Fill, Step
from pmm.model import SECOND, ConditionId, Nanos, OrderId, Size

# The horizons of the house, in seconds.
HORIZONS_S = (1, 5, 30, 300)
# A trade may still fail for a while after it was told; so many fills of a market are remembered for that.
REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Matured:
    """A fill has become `after` old: `mid2` is twice the mid that was in force at that moment."""

    fill: Fill
    after: Nanos
    mid2: int


@dataclass(slots=True, eq=False)
class _Marked:
    """One fill: net YES shares that it brought, its mid, and the mid a horizon later once that is known."""

    fill: Fill
    signed: Size
    mid2: int
    due: Nanos
    later2: int | None = None


@dataclass(slots=True)
class Horizon:
    """One market at one horizon; `adverse` and `held` in `UNIT`, `shares` those whose horizon has passed."""

    after: Nanos
    adverse: int = 0
    held: int = 0
    shares: Size = 0
    matured: int = 0
    _mid2: int | None = None
    _position: Size = 0
    _fresh: Size = 0
    _told: list[Matured] = field(default_factory=list)
    _young: deque[_Marked] = field(default_factory=deque)
    _known: dict[tuple[OrderId, str, Size], _Marked] = field(default_factory=dict)

    def open(self, at: Nanos, mid2: int, signed: Size) -> None:
        """Shares of before this run are held from the start."""
        self.mark(at, mid2)
        self._position += signed

    def mark(self, at: Nanos, mid2: int) -> None:
        """The mid at a moment; the one before it was in force until then."""
        before = self._mid2 if self._mid2 is not None else mid2
        while self._young and self._young[0].due < at:
            self._mature(self._young.popleft(), before)
        self.adverse += self._fresh * (mid2 - before)
        self.held += self._position * (mid2 - before)
        self._mid2 = mid2

    def book(self, fill: Fill) -> None:
        self.mark(fill.at, fill.mid2)
        signed = fill.net
        one = _Marked(fill, signed, fill.mid2, fill.at + self.after)
        self._young.append(one)
        self._fresh += signed
        self._known[fill.order_id, fill.trade_id, signed] = one
        if len(self._known) > REMEMBERED_MAX:
            del self._known[next(iter(self._known))]

    def reverse(self, fill: Fill) -> None:
        """A fill never happened: everything that it moved is taken back, of one that is forgotten as a held share."""
        signed = fill.net
        now2 = self._mid2 if self._mid2 is not None else fill.mid2
        one = self._known.pop((fill.order_id, fill.trade_id, signed), None)
        if one is not None and one.later2 is None:
            self._young.remove(one)
            self._fresh -= signed
            self.adverse -= signed * (now2 - one.mid2)
            return
        later2 = fill.mid2 if one is None or one.later2 is None else one.later2
        self.adverse -= signed * (later2 - fill.mid2)
        self.held -= signed * (now2 - later2)
        self._position -= signed
        self.shares -= abs(signed)
        self.matured -= 1

    def _mature(self, one: _Marked, mid2: int) -> None:
        one.later2 = mid2
        self._fresh -= one.signed
        self._position += one.signed
        self.shares += abs(one.signed)
        self.matured += 1
        self._told.append(Matured(one.fill, self.after, mid2))

    def told(self) -> list[Matured]:
        """What has matured since this was asked last."""
        told, self._told = self._told, []
        return told


def _horizons() -> list[Horizon]:
    return [Horizon(seconds * SECOND) for seconds in HORIZONS_S]


@dataclass(slots=True)
class Markouts:
    """Every market at every horizon of the house."""

    markets: dict[ConditionId, list[Horizon]] = field(default_factory=dict)

    def on_step(self, step: Step) -> list[Matured]:
        """Take a step in; returns the fills that became old enough, horizon by horizon."""
        for opening in step.openings:
            signed = opening.size if opening.is_yes else -opening.size
            for horizon in self._of(opening.market):
                horizon.open(opening.at, opening.mid2, signed)
        for fill in step.fills:
            for horizon in self._of(fill.market):
                horizon.book(fill)
        for fill in step.reversals:
            for horizon in self._of(fill.market):
                horizon.reverse(fill)
        for decision in step.decisions:
            if decision.mid2 is not None:
                for horizon in self._of(decision.market):
                    horizon.mark(decision.at, decision.mid2)
        if not (step.fills or step.decisions or step.openings):
            return []
        return [one for horizons in self.markets.values() for horizon in horizons for one in horizon.told()]

    def total(self, place: int) -> Horizon:
        """All markets together at the horizon of that place in `HORIZONS_S`; only its sums mean something."""
        together = Horizon(HORIZONS_S[place] * SECOND)
        for horizons in self.markets.values():
            one = horizons[place]
            together.adverse += one.adverse
            together.held += one.held
            together.shares += one.shares
            together.matured += one.matured
        return together

    def _of(self, market: ConditionId) -> list[Horizon]:
        return self.markets.setdefault(market, _horizons())

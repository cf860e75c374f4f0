"""Quote a fixed spread around a mid that is shifted against the inventory, on a ladder of prices.

    centre = mid - skew x position       bid = centre - spread/2      ask = centre + spread/2

Levels, their distance and how their size grows are those of `pmm.core.ladder.Rungs`.  What most makers do: it needs no
estimate of anything, and no number of it is the best answer to anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.ladder import Rungs, ladder, unquotable
from pmm.core.view import Targets, Term, View
from pmm.model import GRID, SHARE, Price


@dataclass(frozen=True, slots=True)
class InventorySkewParams:
    """`spread` in total (0.04), `skew` in USD by which each share held moves both quotes down (0.0002)."""

    spread: Price = 400
    skew: float = 0.0002
    rungs: Rungs = field(default_factory=Rungs)


class InventorySkew:
    name = "inventory_skew"

    def __init__(self, params: InventorySkewParams | None = None) -> None:
        self.params = params or InventorySkewParams()

    def decide(self, view: View) -> Targets:
        params, mid2 = self.params, view.mid2
        problem = unquotable(view, params.rungs.size)
        if problem or mid2 is None:
            return Targets(reason=problem)
        mid, held, half = mid2 / 2 / GRID, view.position / SHARE, params.spread / 2 / GRID
        shift = params.skew * held
        terms = (
            Term("mid", mid, "USD"),
            Term("position", held, "shares"),
            Term("shift", 0.0 - shift, "USD"),
            Term("half spread", half, "USD"),
        )
        return ladder(view, mid - shift - half, mid - shift + half, params.rungs, terms)

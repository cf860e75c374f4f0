"""Quote a fixed total spread around the mid.

    bid = mid - spread / 2      ask = mid + spread / 2

rounded outward to the tick and clamped (`pmm.core.quote`).  A side whose fill would carry the position beyond the
limit is shortened to what still fits, and drops out when less than the market's minimum size would fit.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.quote import clamp
from pmm.core.view import Target, Targets, Term, View, one_a_side
from pmm.model import GRID, SHARE, Price, Size, size_text


@dataclass(frozen=True, slots=True)
class FixedSpreadParams:
    """`spread` in total (0.04), `size` a side (10 shares), `position_limit` in net YES shares either way (50)."""

    spread: Price = 400
    size: Size = 10 * SHARE
    position_limit: Size = 50 * SHARE


class FixedSpread:
    name = "fixed_spread"

    def __init__(self, params: FixedSpreadParams | None = None) -> None:
        self.params = params or FixedSpreadParams()

    def decide(self, view: View) -> Targets:
        mid2 = view.mid2
        if mid2 is None:
            return Targets(reason="no mid: one side of the book is empty")
        size, least = self.params.size, view.market.min_size
        if size < least:
            return Targets(reason=f"{size_text(size)} shares are fewer than the market's minimum of {size_text(least)}")
        spread = self.params.spread
        bid, ask = clamp(mid2 - spread, mid2 + spread, view.market.tick, view.book.best_bid, view.book.best_ask)
        return one_a_side(
            self._target(bid, self.params.position_limit - view.position, mid2, view),
            self._target(ask, self.params.position_limit + view.position, mid2, view),
            terms=(Term("mid", mid2 / 2 / GRID, "USD"), Term("half spread", spread / 2 / GRID, "USD")),
        )

    def _target(self, price: Price | None, room: Size, mid2: int, view: View) -> Target | None:
        size = min(self.params.size, room)
        if price is None or size < view.market.min_size:
            return None
        return Target(price, size, mid2)

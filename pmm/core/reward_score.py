"""What resting size scores for liquidity rewards: the venue's formula in whole numbers (protocol reference, 7.3).

Size at distance s from the middle scores size x ((v - s) / v)^2, nothing from the greatest spread v on and nothing
below the least size.  Bids on YES and asks on NO are one side, the others the other: the book of YES shows both as its
bids and its asks.  The two sides together score the lesser one, or a third of the greater one where that is more; a
third is not given where the middle is outside of [0.10, 0.90].

Points are the integers behind it: 12 v^2 of them are what 1e-6 share scores at the middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmm.model import GRID, BookPage, Price, Size

# One side alone counts so many times less.
ONE_SIDED = 3
# The middles, in grid steps, between which one side alone counts at all.
ONE_SIDED_FROM, ONE_SIDED_TO = GRID // 10, GRID * 9 // 10

Levels = Iterable[tuple[Price, Size]]


def middle2(bids: Levels, asks: Levels, size_min: Size) -> int | None:
    """Twice the mean of the best prices, once the levels before them add up to `size_min`; None on a thin side.

    Levels come best first, as `Book.levels` gives them.
    """
    bid, ask = _reached(bids, size_min), _reached(asks, size_min)
    return None if bid is None or ask is None else bid + ask


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What is scored at one moment: twice the adjusted middle, the least size and the greatest spread."""

    mid2: int
    size_min: Size
    spread_max: Price

    def points(self, price: Price, size: Size) -> int:
        """Of one resting size on its side, before the sides are put together."""
        if size < self.size_min:
            return 0
        inside = 2 * self.spread_max - abs(2 * price - self.mid2)
        return size * inside * inside if inside > 0 else 0

    def together(self, first: int, second: int) -> int:
        """Of two sides of one maker, times ONE_SIDED so that it stays whole."""
        alone = 2 * ONE_SIDED_FROM <= self.mid2 <= 2 * ONE_SIDED_TO
        return max(ONE_SIDED * min(first, second), max(first, second) if alone else 0)

    def at_middle(self, together: int) -> Size:
        """The size that would score as much if it rested on both sides at the middle; rounded down."""
        return together // (ONE_SIDED * (2 * self.spread_max) ** 2)


def book_score(bids: Levels, asks: Levels, size_min: Size, spread_max: Price) -> Size:
    """What all that rests in the book of YES scores as if it were one maker's: size on both sides at the middle.

    Accounts are not seen, and neither are orders: a level counts as one, so that one below `size_min` holds none that
    scores.  0 where a thin side leaves no middle.  Raises ValueError for a greatest spread of nothing.
    """
    if spread_max <= 0:
        raise ValueError(f"nothing can rest within a spread of {spread_max}")
    bids, asks = list(bids), list(asks)
    mid2 = middle2(bids, asks, size_min)
    if mid2 is None:
        return 0
    stick = Yardstick(mid2, size_min, spread_max)
    sides = (sum(stick.points(price, size) for price, size in side) for side in (bids, asks))
    return stick.at_middle(stick.together(*sides))


def page_score(page: BookPage, size_min: Size, spread_max: Price) -> Size:
    """`book_score` of a book that came over REST."""
    bids, asks = ([(level.price, level.size) for level in side] for side in (page.bids, page.asks))
    return book_score(bids, asks, size_min, spread_max)


def _reached(levels: Levels, size_min: Size) -> Price | None:
    total = 0
    for price, size in levels:
        total += size
        if total >= size_min:
            return price
    return None

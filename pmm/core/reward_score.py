"""What resting size scores for liquidity rewards: the venue's formula in whole numbers (protocol reference, 7.3).

Size at distance s from the middle scores size x ((v - s) / v)^2, nothing from the greatest spread v on and nothing
below the least size.  Bids on YES and asks on NO are one side, the others the other: the book of YES shows both as its
bids and its asks.  The two sides together score the lesser one, or a third of the greater one where that is more; a
third is not given where the middle is outside of [0.10, 0.90].

Points are the integers behind it: 12 v^2 of them are what 1e-6 share scores at the middle.

Of what a market pays a day, R, a maker with the score A gets R A / (A + C) while the others score C.  Whose their
orders are is not seen, so that C takes them for one maker's (`book_score`); `Contest` answers what we would get.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import merge

from pmm.model import GRID, BookPage, Money, Price, RewardTerms, Size

# One side alone counts so many times less.
ONE_SIDED = 3
# The middles, in grid steps, between which one side alone counts at all.
ONE_SIDED_FROM, ONE_SIDED_TO = GRID // 10, GRID * 9 // 10

Levels = Iterable[tuple[Price, Size]]
# Orders of ours on one side: price in YES terms and size.
Orders = tuple[tuple[Price, Size], ...]
# Bids and asks.
Both = tuple[Orders, Orders]


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


@dataclass(frozen=True, slots=True)
class Paid:
    """What a market pays for, where the venue says all of it: least size, greatest spread, micro-USD a day."""

    size_min: Size
    spread_max: Price
    per_day: Money

    @classmethod
    def of(cls, terms: RewardTerms | None) -> Paid | None:
        """None where nothing is paid, or where nothing could be within the terms."""
        if terms is None or terms.min_size is None or not terms.max_spread or not terms.per_day:
            return None
        return (
            cls(terms.min_size, terms.max_spread, terms.per_day) if min(terms.max_spread, terms.per_day) > 0 else None
        )


@dataclass(frozen=True, slots=True)
class Score:
    """What we have within the terms, points by side (bids, asks), what the others have, and the yardstick."""

    stick: Yardstick
    own_sides: tuple[int, int]
    competing: int

    @property
    def own(self) -> int:
        """Points of both sides together."""
        return self.stick.together(*self.own_sides)


class Contest:
    """What others have resting in one book, best first, and what is paid: asks what orders of ours would get.

    `rivalry` is how many times as much the others score as one maker with all their levels would.  Ask as often as you
    like: what depends on one side, or on the middle alone, is computed once.
    """

    def __init__(self, paid: Paid, bids: Levels, asks: Levels, rivalry: float = 1.0) -> None:
        self.paid = paid
        self._rivalry = rivalry
        self.others: Both = (tuple(bids), tuple(asks))
        self._cuts: dict[tuple[int, Orders], Price | None] = {}
        self._middles: dict[int, tuple[Yardstick, int]] = {}

    def score(self, own: Both) -> Score | None:
        """With these orders of ours among those of the others; None where a side is too thin for a middle."""
        mid2 = self.middle2(own)
        if mid2 is None:
            return None
        stick, competing = self._at(mid2)
        return Score(stick, (_side(stick, own[0]), _side(stick, own[1])), competing)

    def middle2(self, own: Both = ((), ())) -> int | None:
        """Twice the adjusted middle, with these orders of ours."""
        bid, ask = self._cut(0, own[0]), self._cut(1, own[1])
        return None if bid is None or ask is None else bid + ask

    def income(self, own: Both) -> Money:
        """What these orders of ours would earn a day, in micro-USD, if the book stayed as it is."""
        mid2 = self.middle2(own)
        if mid2 is None:
            return 0
        stick, competing = self._at(mid2)
        ours = stick.together(_side(stick, own[0]), _side(stick, own[1]))
        return self.paid.per_day * ours // (ours + competing) if ours else 0

    def gain(self, own: Both, side: int, number: int, *, size: Size = 0, nearer: Price = 0) -> Money:
        """What a day brings more when order `number` of a side (0 bids, 1 asks) is that much larger or nearer.

        With one share it is the marginal reward of size, R w C / (A + C)^2 of strategy reference 1.9; with one tick
        that of price.  Less than nothing where the middle moves away.
        """
        orders = list(own[side])
        price, before = orders[number]
        orders[number] = (price + nearer if side == 0 else price - nearer, before + size)
        changed = tuple(orders)
        return self.income((changed, own[1]) if side == 0 else (own[0], changed)) - self.income(own)

    def _cut(self, side: int, own: Orders) -> Price | None:
        """Where a side reaches the least size."""
        key = (side, own)
        if key not in self._cuts:
            self._cuts[key] = _reached(_merged(self.others[side], own, side), self.paid.size_min)
        return self._cuts[key]

    def _at(self, mid2: int) -> tuple[Yardstick, int]:
        """The yardstick of a middle, and the points of the others."""
        found = self._middles.get(mid2)
        if found is None:
            stick = Yardstick(mid2, self.paid.size_min, self.paid.spread_max)
            together = stick.together(_side(stick, self.others[0]), _side(stick, self.others[1]))
            found = self._middles[mid2] = (stick, together if self._rivalry == 1 else int(together * self._rivalry))
        return found


def _side(stick: Yardstick, levels: Levels) -> int:
    total = 0
    for price, size in levels:
        total += stick.points(price, size)
    return total


def _merged(others: Orders, own: Orders, side: int) -> Levels:
    """Levels of others and orders of ours, the best price first."""
    if not own:
        return others
    return merge(others, sorted(own, reverse=side == 0), key=_price, reverse=side == 0)


def _price(level: tuple[Price, Size]) -> Price:
    return level[0]


def _reached(levels: Levels, size_min: Size) -> Price | None:
    total = 0
    for price, size in levels:
        total += size
        if total >= size_min:
            return price
    return None

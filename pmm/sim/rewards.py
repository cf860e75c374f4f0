"""Which resting orders score for liquidity rewards (protocol reference, section 7.3)."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.model import Price, Size
from pmm.sim.blotter import VenueOrder
from pmm.sim.catalog import Rewards
from pmm.sim.matching import ASK, BID, MatchingMarket


def middle(book: MatchingMarket, size_min: Size) -> float | None:
    """Mean of the best prices in YES terms once the levels before them add up to `size_min`; None on a thin side."""
    bid, ask = (_depth(book.levels(side), size_min) for side in (BID, ASK))
    return None if bid is None or ask is None else (bid + ask) / 2


def scores(order: VenueOrder, terms: Rewards | None) -> bool:
    """Whether the order is large enough and near enough to the middle at this moment."""
    book = order.floor.book
    resting = book.order(order.terms.order_id)
    if terms is None or resting is None or resting.left < terms.min_size:
        return False
    mid = middle(book, terms.min_size)
    return mid is not None and abs(resting.index * book.tick - mid) <= terms.max_spread


def _depth(levels: Iterable[tuple[Price, Size]], size_min: Size) -> Price | None:
    total = 0
    for price, size in levels:
        total += size
        if total >= size_min:
            return price
    return None

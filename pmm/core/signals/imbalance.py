"""Which side of the book is heavier near the touch.

    imbalance  =  (B - A) / (B + A),   B and A = sum over the best LEVELS of 2^-i x size of the i-th level

-1 to 1, above 0 where more is bid.  The first level alone is the weight of the microprice (strategy reference, 1.6);
those behind it keep a single small order at the touch from saying everything.
"""

from __future__ import annotations

from collections.abc import Iterable

from pmm.model import Price, Size

LEVELS = 3


def imbalance(bids: Iterable[tuple[Price, Size]], asks: Iterable[tuple[Price, Size]]) -> float:
    """Of levels without our own orders, the best first; 0 where nothing rests."""
    bid, ask = _weight(bids), _weight(asks)
    return (bid - ask) / (bid + ask) if bid + ask else 0.0


def _weight(levels: Iterable[tuple[Price, Size]]) -> float:
    return sum(size * 0.5**place for place, (_, size) in zip(range(LEVELS), levels, strict=False))

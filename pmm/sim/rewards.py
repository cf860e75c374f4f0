"""Liquidity rewards: which resting orders score, how much, and what a day of samples pays (protocol reference, 7.3).

An order at distance s from the middle scores size x ((v - s) / v)^2, nothing from the greatest spread v on.  Bids on
YES and asks on NO are one side of a maker, the others the other; one side alone counts a third, and nothing where the
middle is outside of [0.10, 0.90].  Whole numbers throughout: a constant factor does not change anybody's part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pmm.model import GRID, USD, Money, Price, Size
from pmm.sim.blotter import VenueOrder
from pmm.sim.catalog import Rewards
from pmm.sim.matching import ASK, BID, MatchingMarket, Order

# One side alone counts so many times less.
ONE_SIDED = 3
# The middles, in grid steps, between which one side alone counts at all.
ONE_SIDED_FROM, ONE_SIDED_TO = GRID // 10, GRID * 9 // 10
SAMPLES_A_DAY = 1_440
# A maker's part of a sample is counted in steps of this.
PART_ONE = 10**12
# Less is not paid.
REWARD_MIN: Money = USD


def middle2(book: MatchingMarket, size_min: Size) -> int | None:
    """Twice the mean of the best prices in YES terms, once the levels before them add up to `size_min`.

    None on a thin side.
    """
    bid, ask = (_depth(book.levels(side), size_min) for side in (BID, ASK))
    return None if bid is None or ask is None else bid + ask


def scores(order: VenueOrder, terms: Rewards | None) -> bool:
    """Whether the order is large enough and near enough to the middle at this moment."""
    book = order.floor.book
    resting = book.order(order.terms.order_id)
    if terms is None or resting is None:
        return False
    mid2 = middle2(book, terms.min_size)
    return mid2 is not None and _weight(resting, book.tick, mid2, terms) > 0


def parts(book: MatchingMarket, terms: Rewards) -> dict[str, int]:
    """The part of every maker in a sample taken now, in steps of 1e-12; empty when nobody scores."""
    mid2 = middle2(book, terms.min_size)
    if mid2 is None:
        return {}
    sides: dict[str, list[int]] = {}
    for order in book.orders():
        weight = _weight(order, book.tick, mid2, terms)
        if weight:
            sides.setdefault(order.owner, [0, 0])[order.book_side] += weight
    alone = 2 * ONE_SIDED_FROM <= mid2 <= 2 * ONE_SIDED_TO
    score = {owner: max(ONE_SIDED * min(both), max(both) if alone else 0) for owner, both in sides.items()}
    total = sum(score.values())
    return {owner: PART_ONE * own // total for owner, own in score.items() if own}


def _weight(order: Order, tick: Price, mid2: int, terms: Rewards) -> int:
    if order.left < terms.min_size:
        return 0
    inside = 2 * terms.max_spread - abs(2 * order.index * tick - mid2)
    return order.left * inside * inside if inside > 0 else 0


def _depth(levels: Iterable[tuple[Price, Size]], size_min: Size) -> Price | None:
    total = 0
    for price, size in levels:
        total += size
        if total >= size_min:
            return price
    return None


@dataclass(slots=True)
class Epoch:
    """The samples of one market since it last paid."""

    samples: int = 0
    sums: dict[str, int] = field(default_factory=dict)

    def take(self, sample: Mapping[str, int]) -> None:
        """Add a sample: the part of every maker."""
        self.samples += 1
        for owner, part in sample.items():
            self.sums[owner] = self.sums.get(owner, 0) + part

    def share(self, owner: str) -> int:
        """A maker's part of all samples, in steps of 1e-12."""
        total = sum(self.sums.values())
        return PART_ONE * self.sums.get(owner, 0) // total if total else 0

    def earned(self, owner: str, usd_a_day: int) -> Money:
        """What a maker would be paid now: a day that is not over pays for the samples it has had."""
        samples = min(self.samples, SAMPLES_A_DAY)
        return usd_a_day * USD * samples * self.share(owner) // (SAMPLES_A_DAY * PART_ONE)

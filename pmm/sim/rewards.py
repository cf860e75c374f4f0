"""Liquidity rewards: which resting orders score, how much, and what a day of samples pays (protocol reference, 7.3).

The formula is `core/reward_score.py`; here it is applied to the orders of every account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmm.core import reward_score
from pmm.core.reward_score import Yardstick
from pmm.model import USD, Money, Size
from pmm.sim.blotter import VenueOrder
from pmm.sim.catalog import Rewards
from pmm.sim.matching import ASK, BID, MatchingMarket

SAMPLES_A_DAY = 1_440
# A maker's part of a sample is counted in steps of this.
PART_ONE = 10**12
# Less is not paid.
REWARD_MIN: Money = USD


def middle2(book: MatchingMarket, size_min: Size) -> int | None:
    """Twice the adjusted middle in YES terms; None on a thin side."""
    return reward_score.middle2(book.levels(BID), book.levels(ASK), size_min)


def scores(order: VenueOrder, terms: Rewards | None) -> bool:
    """Whether the order is large enough and near enough to the middle at this moment."""
    book = order.floor.book
    resting = book.order(order.terms.order_id)
    stick = _yardstick(book, terms) if terms else None
    return resting is not None and stick is not None and stick.points(resting.index * book.tick, resting.left) > 0


def parts(book: MatchingMarket, terms: Rewards) -> dict[str, int]:
    """The part of every maker in a sample taken now, in steps of 1e-12; empty when nobody scores."""
    stick = _yardstick(book, terms)
    if stick is None:
        return {}
    sides: dict[str, list[int]] = {}
    for order in book.orders():
        points = stick.points(order.index * book.tick, order.left)
        if points:
            sides.setdefault(order.owner, [0, 0])[order.book_side] += points
    score = {owner: stick.together(*both) for owner, both in sides.items()}
    total = sum(score.values())
    return {owner: PART_ONE * own // total for owner, own in score.items() if own}


def _yardstick(book: MatchingMarket, terms: Rewards) -> Yardstick | None:
    mid2 = middle2(book, terms.min_size)
    return None if mid2 is None else Yardstick(mid2, terms.min_size, terms.max_spread)


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

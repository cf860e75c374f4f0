"""What a two-sided quote is worth a day where rewards are paid, and what it costs to move it.

With n shares a side at distance s from the reservation price a day is worth, in USD

    J = R A / (A + C) + sum over sides of  n L(s) (s + r - a) - lambda k n          (strategy reference, 1.9 and 1.10)

    R A / (A + C)   the reward: A our score, C that of the others, by the venue's formula on the live book with our own
                    orders in it, so that a price that moves the adjusted middle is judged with the middle moved
    L(s)            fills a day: arrival exp(-decay s)
    r               maker rebate of a share: rebate x rate x (p(1-p))^exponent
    a               what a fill costs: the measured markout of its side, and at least the move that is to be expected
                    of the volatility within `adverse` seconds, sigma sqrt(2 adverse / pi)
    lambda k        the price of the capital that is bound

A quote is expected to stay for `holding` seconds, or as long as the price needs for a tick in the mean, tick^2 /
sigma^2, where that is less: a move has to pay for itself within that time.  By a move are lost: the samples that fall
into the `gap` without the order, those until it is old enough to score (`age`), and its place in the queue: behind m
shares of others, n m / (n + m) of its first shares are not filled, as far as they would have been in that time.  A
message has a price of its own: without one, an order would follow every crumb.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt
from typing import NamedTuple

from pmm.core.allocation import Pool
from pmm.core.fees import maker_rebate
from pmm.core.reward_score import Both, Contest
from pmm.core.view import View
from pmm.model import GRID, SHARE, USD, Price, Size

DAY_S = 86_400
BID, ASK = 0, 1


@dataclass(frozen=True, slots=True)
class RewardParams:
    """`arrival` fills a day of an order at the reservation price, `decay` in 1/USD, `capital` USD a day and USD.

    `holding` (the longest within which a move must pay for itself), `gap`, `age` and `adverse` in seconds; `message` in
    USD for an order that is moved; `size_max` and `position_limit` (net YES shares either way) in micro-shares.
    """

    arrival: float = 50.0
    decay: float = 100.0
    capital: float = 0.0005
    holding: float = 60.0
    gap: float = 1.0
    age: float = 0.0
    message: float = 0.0001
    adverse: float = 5.0
    size_max: Size = 50 * SHARE
    position_limit: Size = 50 * SHARE


class Leg(NamedTuple):
    """One order: price in YES terms and micro-shares."""

    price: Price
    size: Size


# The bid and the ask, None where there is none.
Legs = tuple[Leg | None, Leg | None]


class Worth:
    """Of quotes in one market at one moment; `reference2` is twice the reservation price of each side.

    `deeper` are orders behind the legs that score as well.
    """

    def __init__(
        self, view: View, here: Contest, params: RewardParams, reference2: tuple[int, int], deeper: Both = ((), ())
    ) -> None:
        self._here, self._params, self._reference2, self._deeper = here, params, reference2, deeper
        self._shares: dict[tuple[int, Price], float] = {}
        self._values: dict[Legs, float] = {}
        signals = view.signals
        moves = sqrt(max(signals.variance, 0.0) * 2 * params.adverse / pi)
        tick = view.market.tick / GRID
        self.holding = min(params.holding, tick**2 / signals.variance if signals.variance > 0 else params.holding)
        self.adverse = max(signals.bid_markout, moves), max(signals.ask_markout, moves)
        self.rebate = maker_rebate(view.market.fees, sum(reference2) // 4, SHARE) / USD

    # --- a day --------------------------------------------------------------------------------------------------------

    def value(self, legs: Legs) -> float:
        """J in USD a day."""
        known = self._values.get(legs)
        if known is None:
            known = self.reward(legs) + self.fills(BID, legs[BID]) + self.fills(ASK, legs[ASK])
            self._values[legs] = known
        return known

    def reward(self, legs: Legs) -> float:
        """R A / (A + C) in USD a day."""
        return self._here.income(self.own(legs)) / USD

    def own(self, legs: Legs) -> Both:
        """All our orders by side."""
        (bid, ask), (bids, asks) = legs, self._deeper
        return bids if bid is None else (bid, *bids), asks if ask is None else (ask, *asks)

    def fills(self, side: int, leg: Leg | None) -> float:
        """What a leg earns by its fills, less the price of its capital, in USD a day."""
        return 0.0 if leg is None else leg.size / SHARE * self.share(side, leg.price)

    def share(self, side: int, price: Price) -> float:
        """The same of one share."""
        known = self._shares.get((side, price))
        if known is None:
            bound = (price if side == BID else GRID - price) / GRID
            known = self.rate(side, price) * self.edge(side, price) - self._params.capital * bound
            self._shares[side, price] = known
        return known

    def rate(self, side: int, price: Price) -> float:
        """Fills a day, L(s)."""
        return self._params.arrival * exp(-self._params.decay * max(0.0, self.distance(side, price)))

    def edge(self, side: int, price: Price) -> float:
        """What a share earns when it is filled, s + r - a in USD."""
        return self.distance(side, price) + self.rebate - self.adverse[side]

    def distance(self, side: int, price: Price) -> float:
        """From the reservation price outwards, in USD."""
        away2 = self._reference2[side] - 2 * price
        return (away2 if side == BID else -away2) / 2 / GRID

    def best_size(self, bid: Price, ask: Price, least: Size, most: Size) -> Size:
        """The size of water-filling on both sides at these prices, in whole shares from `least` to `most`."""
        score = self._here.score(self.own((Leg(bid, least), Leg(ask, least)))) if 0 < least <= most else None
        if score is None:
            return least
        stick = score.stick
        weight = min(stick.points(price, least) for price in (bid, ask)) / (least * (2 * stick.spread_max) ** 2)
        if weight <= 0:
            return least
        cost = -self.share(BID, bid) - self.share(ASK, ask)
        others = stick.at_middle(score.competing) / SHARE
        pool = Pool(self._here.paid.per_day / USD, weight, others, cost, 1.0, least / SHARE, most / SHARE)
        return max(least, int(pool.wanted()) * SHARE) if pool.worth > 0 else least

    # --- a move -------------------------------------------------------------------------------------------------------

    def gain(self, before: Legs, after: Legs) -> float:
        """USD that a move brings while it holds, all its costs paid."""
        return (self.value(after) - self.value(before)) * self.holding / DAY_S - self.cost(before, after)

    def cost(self, before: Legs, after: Legs) -> float:
        """USD that a move costs by missed samples and lost places."""
        params = self._params
        moved = [side for side in (BID, ASK) if before[side] != after[side]]
        kept: Legs = (None if BID in moved else before[BID], None if ASK in moved else before[ASK])
        left = self.reward(kept)
        missed = max(0.0, self.reward(before) - left) * params.gap + max(0.0, self.reward(after) - left) * params.age
        return missed / DAY_S + sum(self._queue(side, after[side]) + params.message for side in moved)

    def _queue(self, side: int, leg: Leg | None) -> float:
        """USD of the fills that go to those who are there before us."""
        if leg is None:
            return 0.0
        ahead = sum(size for price, size in self._here.others[side] if price == leg.price)
        due = self.rate(side, leg.price) * self.holding / DAY_S
        return leg.size / SHARE * min(ahead / (leg.size + ahead), due) * max(0.0, self.edge(side, leg.price))

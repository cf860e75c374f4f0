"""Synthetic traders: makers who follow the truth, noise that trades for no reason, and somebody who knows.

Each trader is woken, acts at the desk, and says when it wants to be woken again.  Noise pays a maker's spread, news
and the informed trader take it back: a strategy that is blind to either looks better or worse here than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pmm.model import GRID, SECOND, SHARE, Nanos, OrderId, Price, Size
from pmm.sim.desk import Desk
from pmm.sim.matching import ASK, BID, Order
from pmm.sim.truth import Truth

# Sizes that people type have at most two decimals (data reference, section 5).
_SIZE_STEP = SHARE // 100


@dataclass(frozen=True, slots=True)
class TraderParams:
    """Who trades on a market of pace 1, and how.  Distances are in ticks, sizes in micro-shares.

    makers                  other market makers, each with an opinion of its own
    maker_levels            prices that each of them quotes on either side
    maker_half_spread       distance of their best prices from what they think is fair, before rounding outwards
    maker_opinion           deviation of a maker's opinion from the truth
    maker_wake_s            mean seconds between two looks of a maker at its quotes
    maker_size              mean size at its best price; it grows by `maker_growth` of that with every price further out
    deep_distance           where the patient orders far from the price begin
    deep_levels, deep_size  on how many prices they rest, and how large they are
    crowd_every_s           mean seconds between two small passive orders of the public
    crowd_size, crowd_life_s    their median size, and mean seconds until their owner loses patience
    noise_every_s           mean seconds between two trades without a reason
    noise_size              median size of an ordinary one
    sweep_share             part of the noise that is impatient and sweeps several prices at once
    sweep_depths            chances of a sweep to reach through 2, 3, 4 ... prices
    informed_every_s        mean seconds between two looks of the trader who knows the truth
    informed_edge           profit per share below which it does not bother
    informed_size           median size of what it takes
    """

    makers: int = 4
    maker_levels: int = 6
    maker_half_spread: float = 0.5
    maker_opinion: float = 0.3
    maker_wake_s: float = 0.7
    maker_size: Size = 12 * SHARE
    maker_growth: float = 0.4
    deep_distance: int = 9
    deep_levels: int = 16
    deep_size: Size = 400 * SHARE
    crowd_every_s: float = 1.2
    crowd_size: Size = 12 * SHARE
    crowd_life_s: float = 4.0
    noise_every_s: float = 0.55
    noise_size: Size = 15 * SHARE
    sweep_share: float = 0.5
    sweep_depths: tuple[float, ...] = (0.3, 0.4, 0.3)
    informed_every_s: float = 1.5
    informed_edge: float = 1.0
    informed_size: Size = 40 * SHARE


class Trader(Protocol):
    """Somebody who acts when woken."""

    def wake(self, now: Nanos) -> Nanos:
        """Act at the desk; the time until the next wake."""


class Ladder:
    """A maker: keeps orders on a ladder of prices around its opinion of the fair price."""

    def __init__(self, name: str, desk: Desk, truth: Truth, shape: LadderShape) -> None:
        self._name = name
        self._desk = desk
        self._truth = truth
        self._shape = shape
        self._opinion = 0.0
        self._centre = math.inf
        self._tick = desk.market.tick
        self._working: tuple[dict[int, OrderId], dict[int, OrderId]] = ({}, {})

    def wake(self, now: Nanos) -> Nanos:  # noqa: ARG002 - a ladder has no deadlines
        shape, dice = self._shape, self._desk.dice
        if self._tick != self._desk.market.tick:
            self._begin_again()
        self._opinion = 0.8 * self._opinion + dice.gauss(0.0, 0.6 * shape.opinion)
        fair = self._truth.probability * GRID / self._desk.market.tick + self._opinion
        if abs(fair - self._centre) >= shape.patience:
            self._centre = fair
        bid, ask = math.floor(self._centre - shape.distance), math.ceil(self._centre + shape.distance)
        self._withdraw(BID, range(bid, bid - shape.levels, -1))
        self._withdraw(ASK, range(ask, ask + shape.levels))
        self._fill_up(BID, range(bid, bid - shape.levels, -1))
        self._fill_up(ASK, range(ask, ask + shape.levels))
        return _seconds(shape.wake_s * (0.5 + dice.random()))

    def _begin_again(self) -> None:
        """The grid has changed, and with it what every index means."""
        self._withdraw(BID, range(0))
        self._withdraw(ASK, range(0))
        self._tick = self._desk.market.tick
        self._centre = math.inf

    def _withdraw(self, book_side: int, wanted: range) -> None:
        """Forget what traded away; cancel what is no longer wanted or nearly gone."""
        working, market = self._working[book_side], self._desk.market
        for index, order_id in list(working.items()):
            order = market.order(order_id)
            if order is None:
                del working[index]
            elif index not in wanted or order.left * 3 < order.size:
                self._desk.cancel(order_id)
                del working[index]

    def _fill_up(self, book_side: int, wanted: range) -> None:
        working, shape = self._working[book_side], self._shape
        last = GRID // self._desk.market.tick
        for level, index in enumerate(wanted):
            if index in working or not 0 < index < last:
                continue
            size = shape.size * (1 + shape.growth * level) * (0.6 + 0.8 * self._desk.dice.random())
            order = self._desk.rest(self._name, book_side, index, _round_size(size))
            if order is not None:
                working[index] = order.order_id


@dataclass(frozen=True, slots=True)
class LadderShape:
    """The habits of one maker; `patience` is how far, in ticks, fair has to move before it moves its quotes."""

    levels: int
    distance: float
    opinion: float
    patience: float
    wake_s: float
    size: Size
    growth: float


class Crowd:
    """The public: small passive orders near the touch, withdrawn after a while."""

    def __init__(self, desk: Desk, params: TraderParams, pace: float) -> None:
        self._desk = desk
        self._params = params
        self._pace = pace
        self._waiting: list[tuple[Nanos, OrderId]] = []

    def wake(self, now: Nanos) -> Nanos:
        dice, market = self._desk.dice, self._desk.market
        for _, order_id in [entry for entry in self._waiting if entry[0] <= now]:
            if market.order(order_id) is not None:
                self._desk.cancel(order_id)
        self._waiting = [entry for entry in self._waiting if entry[0] > now]
        order = self._place()
        if order is not None:
            life = _seconds(dice.expovariate(self._pace / self._params.crowd_life_s))
            self._waiting.append((now + life, order.order_id))
        return _seconds(dice.expovariate(self._pace / self._params.crowd_every_s))

    def _place(self) -> Order | None:
        dice, market = self._desk.dice, self._desk.market
        book_side = dice.getrandbits(1)
        touch = market.best_bid if book_side == BID else market.best_ask
        if touch is None:
            return None
        behind = int(dice.random() * 4) - 1  # from one tick inside the spread to two ticks behind the touch
        index = touch // market.tick + (-behind if book_side == BID else behind)
        return self._desk.rest("crowd", book_side, index, _size_around(self._params.crowd_size, dice.gauss(0.0, 0.7)))


class Noise:
    """Trades without a reason: mostly small and at the touch, sometimes through several prices."""

    def __init__(self, desk: Desk, params: TraderParams, pace: float) -> None:
        self._desk = desk
        self._params = params
        self._pace = pace

    def wake(self, now: Nanos) -> Nanos:  # noqa: ARG002 - trades at any time
        dice, params = self._desk.dice, self._params
        book_side = dice.getrandbits(1)
        levels = list(_first(self._desk.market.levels(1 - book_side), len(params.sweep_depths) + 1))
        if levels:
            if dice.random() < params.sweep_share:
                self._sweep(book_side, levels)
            else:
                size = _size_around(params.noise_size, dice.gauss(0.0, 0.9))
                self._desk.take("noise", book_side, levels[0][0], size)
        return _seconds(dice.expovariate(self._pace / params.noise_every_s))

    def _sweep(self, book_side: int, levels: list[tuple[Price, Size]]) -> None:
        chance, depth = self._desk.dice.random(), 2
        for part in self._params.sweep_depths[:-1]:
            chance -= part
            if chance < 0:
                break
            depth += 1
        reached = levels[:depth]
        size = sum(total for _, total in reached) * (0.5 + 0.6 * self._desk.dice.random())
        self._desk.take("noise", book_side, reached[-1][0], _round_size(size))


class Informed:
    """Knows the truth and takes every price that is worse than it by more than an edge."""

    def __init__(self, desk: Desk, truth: Truth, params: TraderParams, pace: float) -> None:
        self._desk = desk
        self._truth = truth
        self._params = params
        self._pace = pace

    def wake(self, now: Nanos) -> Nanos:  # noqa: ARG002 - looks at prices, not at the clock
        dice, market, params = self._desk.dice, self._desk.market, self._params
        fair = self._truth.probability * GRID
        edge = params.informed_edge * market.tick
        size = _size_around(params.informed_size, dice.gauss(0.0, 0.6))
        if market.best_ask is not None and market.best_ask + edge < fair:
            self._desk.take("informed", BID, int((fair - edge) // market.tick) * market.tick, size)
        elif market.best_bid is not None and market.best_bid - edge > fair:
            self._desk.take("informed", ASK, -int(-(fair + edge) // market.tick) * market.tick, size)
        return _seconds(dice.expovariate(self._pace / params.informed_every_s))


def traders(desk: Desk, truth: Truth, params: TraderParams, pace: float) -> list[Trader]:
    """Everybody on one market.  At pace 0 only those who rest orders come, once."""
    makers: list[Trader] = [
        Ladder(
            f"maker{number}",
            desk,
            truth,
            LadderShape(
                params.maker_levels,
                params.maker_half_spread,
                params.maker_opinion,
                0.0,
                params.maker_wake_s / max(pace, 1e-9),
                params.maker_size,
                params.maker_growth,
            ),
        )
        for number in range(params.makers)
    ]
    patient = LadderShape(params.deep_levels, params.deep_distance, 0.5, 2.5, 3.0, params.deep_size, 0.3)
    makers.append(Ladder("patient", desk, truth, patient))
    if not pace:
        return makers
    return [*makers, Crowd(desk, params, pace), Noise(desk, params, pace), Informed(desk, truth, params, pace)]


def _first(levels: Iterator[tuple[Price, Size]], count: int) -> Iterator[tuple[Price, Size]]:
    return (level for level, _ in zip(levels, range(count), strict=False))


def _seconds(seconds: float) -> Nanos:
    return max(1, int(seconds * SECOND))


def _size_around(median: Size, deviation: float) -> Size:
    return _round_size(median * math.exp(deviation))


def _round_size(size: float) -> Size:
    """At least the venue's minimum, on the step that people use."""
    return max(5 * SHARE, int(size) // _SIZE_STEP * _SIZE_STEP)

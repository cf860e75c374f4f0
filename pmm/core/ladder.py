"""From the two prices that a quoting model wants to the orders that may work: levels, sizes, room, the clamp last.

The best bid and ask go through `pmm.core.quote.clamp`; every level further out lies `step` away from the last one.  Our
own orders are part of the touch here: what we want must trade with nobody, ourselves included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, floor, isfinite
from typing import TypeAlias

from pmm.core.quote import clamp
from pmm.core.view import QuoteSide, Target, Targets, Term, View
from pmm.model import GRID, SHARE, Price, Size, ceil_to_tick, size_text

# Best bid and best ask; None for an empty side.
Touch: TypeAlias = tuple[Price | None, Price | None]

# So little of a grid step is what floats made of a price that lies on it.
FLOAT_DUST = 1e-6


class Shape(StrEnum):
    """How size grows from one level to the next: not, by one size each, or twofold."""

    FLAT = "flat"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"

    def weight(self, level: int) -> int:
        """Size of a level, counted in sizes of the best one."""
        match self:
            case Shape.FLAT:
                return 1
            case Shape.LINEAR:
                return level + 1
            case Shape.EXPONENTIAL:
                return 1 << level


@dataclass(frozen=True, slots=True)
class Rungs:
    """The orders of one side: `size` of the best, `levels` of them `step` apart, and the net YES shares of either sign
    that no fill may carry the position beyond.
    """

    size: Size = 10 * SHARE
    position_limit: Size = 50 * SHARE
    levels: int = 1
    step: Price = 100
    shape: Shape = Shape.FLAT

    @property
    def orders(self) -> float:
        """The limit counted in orders of the best level."""
        return self.position_limit / self.size

    def held(self, position: Size) -> float:
        """A position counted in orders of the best level."""
        return position / self.size


def unquotable(view: View, size: Size) -> str:
    """Why a model that needs a mid and orders of `size` has nothing to say; empty where it has."""
    if view.mid2 is None:
        return "no mid: one side of the book is empty"
    least = view.market.min_size
    if size < least:
        return f"{size_text(size)} shares are fewer than the market's minimum of {size_text(least)}"
    return ""


def ladder(
    view: View, bid: float, ask: float, rungs: Rungs, terms: tuple[Term, ...] = (), slack: float | None = None
) -> Targets:
    """Orders around the wanted best `bid` and `ask` (USD).

    Orders are replaced when the wanted price moved by the requote threshold.  Where a model says how much `slack` (USD)
    it grants, that decides instead: a working order less than that away from where it is wanted stays, any other goes.
    The price in the middle of both is taken for the one at which the model would neither buy nor sell.
    """
    bid2, ask2 = _grid2(bid, floor), _grid2(ask, ceil)
    tick, touch = view.market.tick, _touch(view)
    low, high = clamp(bid2, ask2, tick, *touch)
    step = max(ceil_to_tick(rungs.step, tick), tick)
    bids = _side(QuoteSide.BID, low, bid2, step, rungs, view)
    asks = _side(QuoteSide.ASK, high, ask2, step, rungs, view)
    reason = "" if bids or asks else "no room for an order on either side"
    if slack is None:
        return Targets(bids, asks, reason, terms, (bid2 + ask2) // 2)
    gap = asks[0].price - bids[0].price if bids and asks else GRID
    # So that what stays on one side does not cross what stays on the other one.
    grid = min(int(slack * GRID), (gap - 1) // 2)
    return Targets(
        _settled(QuoteSide.BID, bids, grid, view, touch),
        _settled(QuoteSide.ASK, asks, grid, view, touch),
        reason,
        terms,
        (bid2 + ask2) // 2,
    )


def _grid2(price: float, rounding: Callable[[float], int]) -> int:
    """Twice a price on the grid, rounded away from the other side; beyond the prices there are, just beyond them."""
    assert isfinite(price), "a model's price is a number"
    outward = -FLOAT_DUST if rounding is ceil else FLOAT_DUST
    return rounding(min(max(price, -1.0), 2.0) * 2 * GRID + outward)


def _touch(view: View) -> Touch:
    """The best prices of others and of our own working orders."""
    ours = (*view.own, *view.working)
    bids = [order.price for order in ours if order.quote is QuoteSide.BID]
    asks = [order.price for order in ours if order.quote is QuoteSide.ASK]
    best_bid, best_ask = view.best_bid, view.best_ask
    bids += [] if best_bid is None else [best_bid]
    asks += [] if best_ask is None else [best_ask]
    return max(bids, default=None), min(asks, default=None)


def _side(
    side: QuoteSide, best: Price | None, wanted2: int, step: Price, rungs: Rungs, view: View
) -> tuple[Target, ...]:
    return () if best is None else tuple(_rungs(side, best, wanted2, step, rungs, view))


def _rungs(side: QuoteSide, best: Price, wanted2: int, step: Price, rungs: Rungs, view: View) -> Iterator[Target]:
    """Levels from the best outward, as far as prices go and the position has room."""
    room = rungs.position_limit - side.sign * view.position
    tick = view.market.tick
    # A price that the touch held back is its own reason to move when it no longer does.
    held = 2 * best - wanted2 if abs(2 * best - wanted2) >= 2 * tick else 0
    for level in range(rungs.levels):
        outward = side.sign * level * step
        price, size = best - outward, min(rungs.size * rungs.shape.weight(level), room)
        if not tick <= price <= GRID - tick or size < view.market.min_size:
            return
        yield Target(price, size, wanted2 + held - 2 * outward, level)
        room -= size


def _settled(side: QuoteSide, targets: Sequence[Target], slack: Price, view: View, touch: Touch) -> tuple[Target, ...]:
    """Targets that are meant exactly, the whole side where its best working order is, if that is near enough.

    A side moves as one: levels that lie a tick apart could not each have their own slack.
    """
    if not targets:
        return ()
    opposite, tick = touch[1] if side is QuoteSide.BID else touch[0], view.market.tick
    offset = _offset(side, targets, view)
    best = targets[0].price + offset
    takes = opposite is not None and (opposite - best) * side.sign <= 0
    if abs(offset) > slack or best % tick or takes:
        offset = 0
    moved = (replace(target, price=target.price + offset, firm=True) for target in targets)
    return tuple(target for target in moved if tick <= target.price <= GRID - tick)


def _offset(side: QuoteSide, targets: Sequence[Target], view: View) -> Price:
    """How far the best working order of a side is from where its level is wanted."""
    by_level = {target.level: target.price for target in targets}
    mine = [order for order in view.working if order.quote is side and order.level in by_level]
    best = max(mine, key=lambda order: order.price * side.sign, default=None)
    return 0 if best is None or best.level is None else best.price - by_level[best.level]

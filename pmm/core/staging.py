"""The ladder of taking trading back, applied to what a strategy wants.

    WIDEN    each price moves outward by its own distance to the mid, a tick at least: half-spreads double
    REDUCE   only the side that brings the position home, no more of it than the position
    CANCEL   nothing (and so does HALT, which latches as well)
    FLATTEN  the side that brings the position home, all of it, at the best price that does not take

The mid is that of what others quote.  An order smaller than the market takes is not wanted at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pmm.core.risk_view import MarketFacts
from pmm.core.rule import Stage, Wish
from pmm.core.view import QuoteSide, Target, Targets, View
from pmm.model import GRID, Price, ceil_to_tick, floor_to_tick


def staged(targets: Targets, stage: Stage, view: View, why: str = "") -> Targets:
    """What is still wanted at a stage; `why` becomes the reason where it is not everything."""
    match stage:
        case Stage.NONE:
            return targets
        case Stage.WIDEN:
            return _widened(targets, view, _because(why, "quoting wider"))
        case Stage.REDUCE:
            return _reducing(targets, view, _because(why, "reducing only"))
        case Stage.FLATTEN:
            return _flattening(targets, view, why)
        case Stage.CANCEL | Stage.HALT:
            return Targets(reason=why, terms=targets.terms)


def beyond_home(wish: Wish, stage: Stage, market: MarketFacts) -> str:
    """Why an order waits at a stage that brings positions home, empty where it need not.

    Orders of ours that are being taken back may still trade: together with them none may carry the position beyond
    nothing.
    """
    if stage not in (Stage.REDUCE, Stage.FLATTEN):
        return ""
    home = -wish.quote.sign * market.position.net
    if market.resting(wish.quote) + wish.size <= home:
        return ""
    return "only home: the position is used up by orders that may still trade"


def _widened(targets: Targets, view: View, reason: str) -> Targets:
    mid2 = view.mid2
    if mid2 is None:
        return Targets(reason=f"{reason}, and there is no mid", terms=targets.terms)
    tick = view.market.tick
    bids = ((target, _outward(target.price, mid2, QuoteSide.BID, tick)) for target in targets.bids)
    asks = ((target, _outward(target.price, mid2, QuoteSide.ASK, tick)) for target in targets.asks)
    return Targets(_legal(bids, tick), _legal(asks, tick), reason, targets.terms)


def _outward(price: Price, mid2: int, side: QuoteSide, tick: Price) -> Price:
    """The price as far again from the mid, rounded away from it."""
    distance2 = max((mid2 - 2 * price) * side.sign, 2 * tick)
    wide2 = 2 * price - side.sign * distance2
    return (floor_to_tick(wide2, 2 * tick) if side is QuoteSide.BID else ceil_to_tick(wide2, 2 * tick)) // 2


def _legal(moved: Iterable[tuple[Target, Price]], tick: Price) -> tuple[Target, ...]:
    return tuple(replace(target, price=price) for target, price in moved if tick <= price <= GRID - tick)


def _reducing(targets: Targets, view: View, reason: str) -> Targets:
    """Level by level from the best, until the position is used up."""
    left, kept = abs(view.position), []
    for target in targets.side(_home(view)):
        size = min(target.size, left)
        if size > 0 and size >= view.market.min_size:
            kept.append(replace(target, size=size))
            left -= size
    return _one_side(tuple(kept), view, reason, targets)


def _flattening(targets: Targets, view: View, why: str) -> Targets:
    """Where nobody stands on the other side there is no such price: the model's own prices have to do."""
    side, tick = _home(view), view.market.tick
    if side is QuoteSide.ASK:
        touch = view.best_bid
        price = None if touch is None else ceil_to_tick(touch + 1, tick)
    else:
        touch = view.best_ask
        price = None if touch is None else floor_to_tick(touch - 1, tick)
    if price is None or not tick <= price <= GRID - tick:
        return _reducing(targets, view, _because(why, "reducing only"))
    reason = _because(why, "flattening")
    if abs(view.position) < max(view.market.min_size, 1):
        return Targets(reason=reason, terms=targets.terms)
    whole = Target(price, abs(view.position), 2 * price, firm=True)
    return _one_side((whole,), view, reason, targets)


def _home(view: View) -> QuoteSide:
    return QuoteSide.ASK if view.position > 0 else QuoteSide.BID


def _one_side(wanted: tuple[Target, ...], view: View, reason: str, targets: Targets) -> Targets:
    if _home(view) is QuoteSide.ASK:
        return Targets((), wanted, reason, targets.terms)
    return Targets(wanted, (), reason, targets.terms)


def _because(why: str, what: str) -> str:
    return f"{why}: {what}" if why else what

"""From what should be working and what is working to the fewest commands that make them one.

One order a side.  A replacement is two moves: the old order is cancelled first and the new one goes out only when the
venue has confirmed that the old one is gone, so two orders of one slot are never possibly live together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmm.core.orders import CANCELABLE, Order
from pmm.core.view import QuoteSide, Target, Targets
from pmm.model import Price


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: cancel these orders, then place these targets."""

    cancels: tuple[Order, ...]
    places: tuple[tuple[QuoteSide, Target], ...]

    @property
    def empty(self) -> bool:
        return not self.cancels and not self.places


def reconcile(targets: Targets, working: Iterable[Order], requote_threshold: Price, tick: Price) -> Plan:
    """Compare side by side.  `working` are the open orders of one market, in any state that is not terminal."""
    cancels: list[Order] = []
    places: list[tuple[QuoteSide, Target]] = []
    orders = tuple(working)
    for side in QuoteSide:
        target = targets.side(side)
        mine = [order for order in orders if order.quote is side]
        stale = [order for order in mine if target is None or moved(target, order, requote_threshold, tick)]
        cancels += [order for order in stale if order.state in CANCELABLE]
        if target is not None and not mine:
            places.append((side, target))
    return Plan(tuple(cancels), tuple(places))


def moved(target: Target, order: Order, requote_threshold: Price, tick: Price) -> bool:
    """Whether a working order has to give way to the target.

    It does when its price left the grid, when it is larger than wanted, when fills ate more than half of what is
    wanted, or when the reference moved by the threshold and the target really lies elsewhere.
    """
    if order.price_yes % tick or order.size_left > target.size or order.size_left * 2 < target.size:
        return True
    far = abs(target.reference2 - order.reference2) >= 2 * requote_threshold
    return far and target.price != order.price_yes

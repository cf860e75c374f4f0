"""From what should be working and what is working to the fewest commands that make them one.

One order in a slot, and a slot for each level of a side.  A replacement is two moves: the old order is cancelled first
and the new one goes out only when the venue has confirmed that the old one is gone, so two orders of one slot are
never possibly live together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pmm.core.orders import CANCELABLE, Order
from pmm.core.view import QuoteSide, Target, Targets
from pmm.model import Nanos, Price


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: cancel these orders, then place these targets.  `doubted` are still wanted, and in doubt."""

    cancels: tuple[Order, ...]
    places: tuple[tuple[QuoteSide, Target], ...]
    doubted: tuple[Order, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.cancels and not self.places


def reconcile(targets: Targets, working: Iterable[Order], requote_threshold: Price, tick: Price, at: Nanos = 0) -> Plan:
    """Compare slot by slot.  `working` are the open orders of one market, in any state that is not terminal."""
    cancels: list[Order] = []
    places: list[tuple[QuoteSide, Target]] = []
    doubted: list[Order] = []
    orders = tuple(working)
    for side in QuoteSide:
        wanted = targets.side(side)
        slots = _slots([order for order in orders if order.quote is side], wanted)
        by_level = {target.level: target for target in wanted}
        for level in sorted({*slots, *by_level}):
            target, mine = by_level.get(level), slots.get(level, [])
            stale = [order for order in mine if target is None or moved(target, order, requote_threshold, tick, at)]
            if len(mine) - len(stale) > 1:
                stale = _all_but_one(mine, stale)
            cancels += [order for order in stale if order.state in CANCELABLE]
            doubted += [order for order in mine if order.state == "UNKNOWN" and order not in stale]
            if target is not None and not mine:
                places.append((side, target))
    return Plan(tuple(cancels), tuple(places), tuple(doubted))


def moved(target: Target, order: Order, requote_threshold: Price, tick: Price, at: Nanos = 0) -> bool:
    """Whether a working order has to give way to the target.

    It does when its price left the grid, when it is larger than wanted, when fills ate more than half of what is
    wanted or left less than it must have, when it is about to end, or when the reference moved by the threshold, or
    the price is firm, and the target really lies elsewhere.  Firm is no reason to chase an order that is still on its
    way: market data may show it before the venue answers, and then our own price is taken for somebody else's.
    """
    firm = target.firm and order.state != "SENT"
    least = target.least if order.state != "SENT" and not order.clipped else 0
    # What a rule made smaller would be made so again.
    size = min(target.size, order.size) if order.clipped else target.size
    if order.price_yes % tick or order.size_left > size or order.size_left * 2 < max(size, 2 * least):
        return True
    if order.refresh_at is not None and at >= order.refresh_at:
        return True
    far = firm or order.reference2 is None or abs(target.reference2 - order.reference2) >= 2 * requote_threshold
    return far and target.price != order.price_yes


def _slots(orders: Sequence[Order], wanted: Sequence[Target]) -> dict[int, list[Order]]:
    """Orders by level; one of an earlier run, which has none, belongs where its price is wanted, or to the best."""
    slots: dict[int, list[Order]] = {}
    for order in orders:
        level = order.level
        if level is None:
            level = next((target.level for target in wanted if target.price == order.price_yes), 0)
        slots.setdefault(level, []).append(order)
    return slots


def _all_but_one(mine: list[Order], stale: list[Order]) -> list[Order]:
    """Of several orders in one slot, the oldest that is wanted keeps its place in the queue."""
    kept = min((order for order in mine if order not in stale), key=lambda order: order.created_at)
    return [order for order in mine if order is not kept]

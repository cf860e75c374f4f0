"""A matcher so simple that it is obviously right: one list of orders, sorted when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import GRID, Side, TimeInForce
from pmm.sim.matching import Outcome


@dataclass
class Resting:
    order_id: str
    buys: bool
    price_yes: int
    left: int
    arrival: int


class SlowMatcher:
    """Only what needs no care: limit orders with a lifetime, cancels, and what traded at which price."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []
        self._arrivals = 0

    def submit(
        self, order_id: str, outcome: Outcome, side: Side, price: int, size: int, tif: TimeInForce, *, post_only: bool
    ) -> list[tuple[str, int, int]] | None:
        """The fills (maker, price in YES terms, size); None when the order is refused."""
        buys = (side is Side.BUY) == (outcome is Outcome.YES)
        limit = price if outcome is Outcome.YES else GRID - price
        makers = sorted(
            (order for order in self.orders if order.buys != buys and _meets(buys, limit, order.price_yes)),
            key=lambda order: (order.price_yes if buys else -order.price_yes, order.arrival),
        )
        available = sum(order.left for order in makers)
        if (post_only and makers) or (tif is TimeInForce.FAK and not makers):
            return None
        if (post_only and tif is not TimeInForce.GTC) or (tif is TimeInForce.FOK and available < size):
            return None
        fills = []
        for maker in makers:
            traded = min(size, maker.left)
            if traded:
                fills.append((maker.order_id, maker.price_yes, traded))
                maker.left -= traded
                size -= traded
        self.orders = [order for order in self.orders if order.left]
        if size and tif is TimeInForce.GTC:
            self._arrivals += 1
            self.orders.append(Resting(order_id, buys, limit, size, self._arrivals))
        return fills

    def cancel(self, order_id: str) -> bool:
        before = len(self.orders)
        self.orders = [order for order in self.orders if order.order_id != order_id]
        return len(self.orders) < before

    def levels(self, *, buys: bool) -> list[tuple[int, int]]:
        totals: dict[int, int] = {}
        for order in self.orders:
            if order.buys == buys:
                totals[order.price_yes] = totals.get(order.price_yes, 0) + order.left
        return sorted(totals.items(), reverse=buys)


def _meets(buys: bool, limit: int, price: int) -> bool:
    return price <= limit if buys else price >= limit

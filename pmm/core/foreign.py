"""Orders of others on our account: counted as exposure, announced when they change, and left alone."""

from __future__ import annotations

from pmm.account import OwnOrder
from pmm.core.step import Change, StepBuilder
from pmm.model import ConditionId


class Foreign:
    """As the last read of open orders showed them."""

    def __init__(self) -> None:
        self._by_market: dict[ConditionId, tuple[OwnOrder, ...]] = {}
        self._ids: frozenset[str] = frozenset()

    def of(self, market: ConditionId) -> tuple[OwnOrder, ...]:
        return self._by_market.get(market, ())

    def on_read(self, orders: tuple[OwnOrder, ...], out: StepBuilder) -> None:
        """Take the list of a read in place of the last one."""
        by_market: dict[ConditionId, list[OwnOrder]] = {}
        for order in orders:
            by_market.setdefault(order.market, []).append(order)
        ids, before = frozenset(order.venue_id for order in orders), self._ids
        self._by_market = {market: tuple(there) for market, there in by_market.items()}
        self._ids = ids
        if ids == before:
            return
        cause = f"{len(ids - before)} came and {len(before - ids)} went: counted as exposure and left alone"
        out.changes.append(
            Change(out.event.at, "foreign", "orders of others", str(len(before)), str(len(ids)), "read", cause)
        )

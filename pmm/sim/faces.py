"""What others see of a party to a trade: the synthetic traders look like anybody else."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from pmm.model import OrderId
from pmm.sim.blotter import VenueOrder


class Face(NamedTuple):
    """Order id, address and API key as they appear in trades."""

    order_id: OrderId
    account: str
    owner: str

    @classmethod
    def of(cls, slug: str, order: VenueOrder | None, order_id: OrderId, owner: str) -> Face:
        """`order` is None for a synthetic trader, who gets names that follow from its own."""
        if order is not None:
            return cls(order_id, order.terms.account, order.terms.owner)
        address, key = _names(f"{slug}/{owner}")
        return cls("0x" + hashlib.sha256(f"{slug}/{order_id}".encode()).hexdigest(), address, key)


@lru_cache(maxsize=4_096)
def _names(name: str) -> tuple[str, str]:
    digest = hashlib.sha256(name.encode()).digest()
    return "0x" + digest[:20].hex(), str(UUID(bytes=digest[:16], version=4))

"""How many shares one order may have: more are cut off, fewer are not worth sending.

    size > most   the order is made smaller
    size < least  nothing is placed; `least` is the greater of ours and the market's own

Settings: `orders.min_order_size` and `orders.max_order_size` in shares.  Source: the market's `minimum_order_size`
(protocol reference, section 5); fat-finger limits of SEC 15c3-5 (reliability reference, section 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Clip, OrderVerdict, Refuse, Wish
from pmm.model import Size, size_text


@dataclass(frozen=True, slots=True)
class OrderSizeLimits:
    """Micro-shares; exactly either is allowed."""

    least: Size
    most: Size


class OrderSize:
    name = "order_size"

    def __init__(self, limits: OrderSizeLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        least, most = max(self.limits.least, view.market.view.market.min_size), self.limits.most
        size = min(wish.size, most)
        if size < least:
            return Refuse(f"{size_text(size)} shares, the minimum is {size_text(least)}")
        if size < wish.size:
            return Clip(size, f"{size_text(wish.size)} shares, {size_text(most)} are allowed")
        return ALLOW

"""How many shares may rest on one side of one market: what does not fit is cut off.

    shares of all orders of that side that may still trade, in doubt or not, and of this one: at most `most`

One taker can sweep a whole side before we know of the first fill, so this is what a single surprise may cost.

Setting: `rules.max_resting_size` in shares.  Source: resting size per side of market-maker protection (strategy
reference, section 1.8 iii).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Clip, OrderVerdict, Wish
from pmm.model import Size, size_text


@dataclass(frozen=True, slots=True)
class RestingSizeLimits:
    """Micro-shares; exactly so many are allowed."""

    most: Size


class RestingSize:
    name = "resting_size"

    def __init__(self, limits: RestingSizeLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        resting, most = view.market.resting(wish.quote), self.limits.most
        if resting + wish.size <= most:
            return ALLOW
        would = f"{size_text(resting + wish.size)} shares would rest on the {wish.quote} side"
        return Clip(max(0, most - resting), f"{would}, {size_text(most)} are allowed")

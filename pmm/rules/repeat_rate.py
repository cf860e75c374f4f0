"""How often the same price may be placed in one slot: a slot is one level of one side of a market.

    orders of the last minute in that slot at that very price, this one included: at most `per_minute`

Something that is placed again and again where it just was is a loop, ours or somebody's who eats it: either costs.

Setting: `rules.repeats_per_minute`.  Source: repeated-execution throttle of RTS 6 article 15 (reliability reference,
section 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.model import SECOND, price_text


@dataclass(frozen=True, slots=True)
class RepeatRateLimits:
    per_minute: int = 20


class RepeatRate:
    name = "repeat_rate"

    def __init__(self, limits: RepeatRateLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        since, limit = view.at - 60 * SECOND, self.limits.per_minute
        before = 0
        for order in reversed(view.market.placed):
            if order.created_at <= since:
                break
            same = order.price_yes == wish.price_yes and order.level == wish.level
            before += same and order.quote is wish.quote
        if before < limit:
            return ALLOW
        return Refuse(f"{price_text(wish.price_yes)} was placed {before} times within a minute, {limit} are allowed")

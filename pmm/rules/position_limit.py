"""How far the position of a market may go, in either direction.

    order     net shares, if this order and every one of its direction that may still trade did: at most `most`
    standing  net shares at `most` or beyond: only what brings them home is quoted (REDUCE)

Net are YES shares less NO shares, since a pair is a dollar.  Orders in doubt, trades that the venue owes us and orders
of others on the account count in full; trades that may still fail count as held, what they may cost is another rule's
matter.  Exactly the limit may be reached.

Setting: `risk.max_position` in shares.  Source: exposure counts what rests (reliability reference, I1).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Stage, Standing, Trip, Wish
from pmm.model import Size, size_text


@dataclass(frozen=True, slots=True)
class PositionLimits:
    """Micro-shares of net YES or net NO."""

    most: Size


class PositionLimit:
    name = "position_limit"
    per_market = True

    def __init__(self, limits: PositionLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        possible = view.market.at_most(wish.quote) + wish.size
        if possible <= self.limits.most:
            return ALLOW
        return Refuse(f"{size_text(possible)} shares would be possible, {size_text(self.limits.most)} are allowed")

    def judge(self, view: RiskView) -> Standing:
        assert view.market is not None, "asked for every market"
        held = abs(view.market.position.net)
        if held < self.limits.most:
            return ALLOW
        return Trip(Stage.REDUCE, f"{size_text(held)} of {size_text(self.limits.most)} shares are held")

"""How much may be lost in one market at worst.

    the worse of its two outcomes, when everything uncertain happens as it would hurt most, with this order in it

Orders that may trade, in doubt or not, trades that are owed and orders of others trade or do not; trades that are not
settled settle or fail (`pmm.core.exposure`).  In micro-USD since the start of the run; exactly the limit is allowed,
and so is what makes nothing worse, also beyond it.

Setting: `live.max_market_usd`, in live trading enforced whatever the mode.  Source: hard caps (reliability reference,
section 4.2, point 16).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.model import Money, money_text


@dataclass(frozen=True, slots=True)
class MarketExposureLimits:
    """Micro-USD."""

    most: Money


class MarketExposure:
    name = "market_exposure"

    def __init__(self, limits: MarketExposureLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        after = view.market.with_wish(wish)
        if after <= max(self.limits.most, view.market.at_stake):
            return ALLOW
        return Refuse(f"{money_text(after)} USD could be lost in it, {money_text(self.limits.most)} are allowed")

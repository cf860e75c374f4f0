"""Never trade with ourselves: no bid at or above an own ask that may still trade, and no ask at or below an own bid.

Prices are those of YES, so that it also says: what we bid for YES and NO together stays below a dollar.  Orders in
doubt, and those whose cancel is not confirmed, may still trade.  There is no limit to set, and it is always enforced.

Source: reliability reference, I13; the venue lets two orders of one account match.
"""

from __future__ import annotations

from pmm.core.orders import Order
from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.core.view import QuoteSide
from pmm.model import price_text


class SelfCross:
    name = "self_cross"

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        crossed = next((order for order in view.market.orders if _crosses(wish, order)), None)
        if crossed is None:
            return ALLOW
        return Refuse(f"an own {crossed.quote} at {price_text(crossed.price_yes)} may still trade")


def _crosses(wish: Wish, order: Order) -> bool:
    if order.quote is wish.quote or not order.at_stake:
        return False
    if wish.quote is QuoteSide.BID:
        return wish.price_yes >= order.price_yes
    return wish.price_yes <= order.price_yes

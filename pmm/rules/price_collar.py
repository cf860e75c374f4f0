"""Where a price may lie: not on the wrong side of fair value, and not far from the touch.

    a bid no higher than fair value + `beyond_fair`, an ask no lower than fair value - `beyond_fair`
    each no further than `from_touch` from the best price that others have on its side, in either direction

Fair value is the mid of what others quote, so that a model cannot vouch for itself.  Both limits are prices of YES in
1/10 000 USD, and exactly either is allowed.  While a side of the book is empty there is no fair value, and nothing is
quoted anyway.

Settings: `rules.collar_fair` and `rules.collar_touch` in USD.  Source: price collars of SEC 15c3-5 and RTS 6 article 15
(reliability reference, section 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.core.view import QuoteSide
from pmm.model import Price, decimal_text, price_text


@dataclass(frozen=True, slots=True)
class PriceCollarLimits:
    """1/10 000 USD."""

    beyond_fair: Price = 1_000
    from_touch: Price = 3_000


class PriceCollar:
    name = "price_collar"

    def __init__(self, limits: PriceCollarLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        seen, price, limits = view.market.view, wish.price_yes, self.limits
        mid2, touch = seen.mid2, seen.best_bid if wish.quote is QuoteSide.BID else seen.best_ask
        if mid2 is not None and wish.quote.sign * (2 * price - mid2) > 2 * limits.beyond_fair:
            fair, most = decimal_text(mid2 * 5, 5), price_text(limits.beyond_fair)
            return Refuse(f"{_named(wish)} is more than {most} USD beyond fair value {fair}")
        if touch is not None and abs(price - touch) > limits.from_touch:
            most = price_text(limits.from_touch)
            return Refuse(f"{_named(wish)} is more than {most} USD away from the touch {price_text(touch)}")
        return ALLOW


def _named(wish: Wish) -> str:
    return f"{'a bid' if wish.quote is QuoteSide.BID else 'an ask'} at {price_text(wish.price_yes)}"

"""How much may be lost in one event at worst: in all outcomes of a neg-risk event, of which exactly one wins.

    the worst of the outcomes, the "other" one included, when everything uncertain happens as it would hurt most

A market without an event is its own.  In micro-USD since the start of the run; exactly the limit is allowed, and so is
what makes nothing worse, also beyond it (`pmm.core.outcomes`).

Setting: `rules.max_event_usd`.  Source: positions of an event as one pay-off vector (strategy reference, section 1.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.model import Money, money_text


@dataclass(frozen=True, slots=True)
class EventExposureLimits:
    """Micro-USD."""

    most: Money


class EventExposure:
    name = "event_exposure"

    def __init__(self, limits: EventExposureLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        after = view.market.event_with_wish(wish)
        if after <= max(self.limits.most, view.market.event_at_stake):
            return ALLOW
        return Refuse(f"{money_text(after)} USD could be lost in its event, {money_text(self.limits.most)} are allowed")

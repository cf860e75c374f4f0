"""How much one order may be worth.

    worth = price of the token * size, in micro-USD, rounded up

Exactly the limit is allowed.  Setting: `live.max_order_usd`, in live trading enforced whatever the mode.  Source: hard
caps (reliability reference, section 4.2, point 16).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.model import Money, money_text


@dataclass(frozen=True, slots=True)
class OrderNotionalLimits:
    """Micro-USD."""

    most: Money


class OrderNotional:
    name = "order_notional"

    def __init__(self, limits: OrderNotionalLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:  # noqa: ARG002 - every rule is asked alike
        if wish.worth <= self.limits.most:
            return ALLOW
        return Refuse(f"{money_text(wish.worth)} USD, {money_text(self.limits.most)} are allowed")

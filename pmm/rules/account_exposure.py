"""How much may be lost altogether at worst.

    the sum over events, and over markets that stand alone, of what each could lose, with this order in it

As if all went wrong at once.  In micro-USD since the start of the run; exactly the limit is allowed, and so is what
makes nothing worse, also beyond it.

Settings: `risk.max_total_exposure` in USD, in live trading no more than `live.max_account_usd` and enforced whatever
the mode.  Source: hard caps (reliability reference, section 4.2, point 16); behaviour B073.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Stage, Standing, Trip, Wish
from pmm.model import Money, money_text


@dataclass(frozen=True, slots=True)
class AccountExposureLimits:
    """Micro-USD."""

    most: Money


class AccountExposure:
    """Beyond the limit, where fills or orders of others may bring it, only positions are brought home (REDUCE)."""

    name = "account_exposure"
    per_market = False

    def __init__(self, limits: AccountExposureLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:
        assert view.market is not None, "an order is in a market"
        before = view.account.at_stake
        after = before - view.market.event_at_stake + view.market.event_with_wish(wish)
        return ALLOW if after <= max(self.limits.most, before) else Refuse(self._text(after))

    def judge(self, view: RiskView) -> Standing:
        stake = view.account.at_stake
        return ALLOW if stake <= self.limits.most else Trip(Stage.REDUCE, self._text(stake))

    def _text(self, stake: Money) -> str:
        return f"{money_text(stake)} USD could be lost, {money_text(self.limits.most)} are allowed"

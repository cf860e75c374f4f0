"""How much of the account's worth may be missing without a fill that explains it.

    worth   = cash and shares that fills say we hold, at the mids, in micro-USD
    missing = worth - the same by the balances that were last read; trades under way explain either outcome

More than `percent` of the worth missing in one read cancels everything until balances were read once more; in two
reads in a row it halts.  Balances and fills are brought together in `pmm.core.balance_check`.

Setting: `rules.balance_drop_percent`.  Source: behaviour B098; end-of-day reconciliation of RTS 6, article 17
(reliability reference, section 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import Money, money_text


@dataclass(frozen=True, slots=True)
class BalanceDropLimits:
    """Hundredths of the account's worth; exactly so much is allowed."""

    percent: int = 20


class BalanceDrop:
    name = "balance_drop"
    per_market = False

    def __init__(self, limits: BalanceDropLimits) -> None:
        self.limits = limits

    def judge(self, view: RiskView) -> Standing:
        account = view.account
        if account.worth is None or not self._beyond(account.missing, account.worth):
            return ALLOW
        left, gone = money_text(account.worth - account.missing), money_text(account.missing)
        reason = f"the account is worth {left} USD, {gone} USD less than its fills explain"
        if self._beyond(account.missing_before, account.worth):
            return Trip(Stage.HALT, reason)
        return Trip(Stage.CANCEL, f"{reason}; read once more")

    def _beyond(self, missing: Money, worth: Money) -> bool:
        return worth > 0 and missing * 100 > worth * self.limits.percent

"""What a day may cost: a loss beyond `max_loss` halts, and four fifths of it are warned of.

    loss = -(equity now - equity at midnight UTC, or when the run began), of all markets together, in micro-USD

Equity is cash and shares at the mid of books that may be quoted on; what earlier runs of the account lost on the same
day counts (`pmm.core.daily_loss`).  Exactly the limit is allowed.  What a day has been said to cost stands until the
day is over or the operator has it counted anew, also when prices come back: a latch that opens by itself is none.

Settings: `risk.max_daily_loss` in USD, in live trading no more than `live.max_daily_loss_usd`.  Source: the pre-set
capital threshold of SEC 15c3-5 (reliability reference, section 1.5).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.daily_loss import DAY
from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip, Warn
from pmm.model import Money, money_text

WARN_PERCENT = 80


@dataclass(frozen=True, slots=True)
class DailyLossLimits:
    """Micro-USD."""

    max_loss: Money


class DailyLoss:
    """Remembers the worst of the day."""

    name = "daily_loss"
    per_market = False

    def __init__(self, limits: DailyLossLimits) -> None:
        self.limits = limits
        self._day = (-1, 0)
        self._worst: Money = 0

    def judge(self, view: RiskView) -> Standing:
        loss, day = -view.account.day, (view.at // DAY, view.account.resets)
        self._worst = loss if day != self._day else max(loss, self._worst)
        self._day = day
        limit = self.limits.max_loss
        reason = f"{money_text(max(self._worst, 0))} USD lost today, {money_text(limit)} are allowed"
        if self._worst > limit:
            return Trip(Stage.HALT, reason)
        if self._worst > 0 and self._worst * 100 >= limit * WARN_PERCENT:
            return Warn(reason)
        return ALLOW

"""How far the day may fall from its best: trading is taken back step by step before nothing is quoted any more.

    fall = the most that the day has brought - what it has brought now, in micro-USD

| stage | from | what it does |
| --- | --- | --- |
| WIDEN | 50 % of `max_fall` | quotes further from the price |
| REDUCE | 75 % | quotes only what brings positions home |
| CANCEL | 100 % | quotes nothing |

A stage is left when the fall is a tenth of `max_fall` smaller than where it began, so that a price that trembles does
not switch it; and at midnight UTC, with which both numbers begin anew.  A day begins with nothing, so that a day which
only loses falls by its loss; a restart forgets what the day had been before it, and nothing else.

Setting: `rules.max_drawdown` in USD, in live trading no more than `live.max_daily_loss_usd`.  Source: drawdown is the
fall from the peak of profit and loss (glossary).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import Money, money_text

# Hundredths of the limit from which a stage holds.
LADDER = ((Stage.WIDEN, 50), (Stage.REDUCE, 75), (Stage.CANCEL, 100))
HYSTERESIS_PERCENT = 10


@dataclass(frozen=True, slots=True)
class DrawdownLimits:
    """Micro-USD, above zero."""

    max_fall: Money


class Drawdown:
    """Remembers its stage."""

    name = "drawdown"
    per_market = False

    def __init__(self, limits: DrawdownLimits) -> None:
        self.limits = limits
        self._stage = Stage.NONE

    def judge(self, view: RiskView) -> Standing:
        limit, fall = self.limits.max_fall, view.account.peak - view.account.day
        self._stage = max((stage for stage, percent in LADDER if self._holds(stage, percent, fall)), default=Stage.NONE)
        if self._stage is Stage.NONE:
            return ALLOW
        reason = f"{money_text(fall)} USD below the best of the day, at {money_text(limit)} nothing is quoted"
        return Trip(self._stage, reason)

    def _holds(self, stage: Stage, percent: int, fall: Money) -> bool:
        margin = HYSTERESIS_PERCENT if stage <= self._stage else 0
        return fall * 100 >= self.limits.max_fall * (percent - margin)

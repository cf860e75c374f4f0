"""What liquidity rewards of a run amount to by its own samples: our part of the score, as long as it stayed so."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.step import RewardSample, Step
from pmm.metrics.performance import APART_MAX, DAY
from pmm.model import ConditionId, Money


@dataclass(slots=True)
class RewardIncome:
    """Expected, not paid: the venue samples at moments of its own, and pays nothing for a day below a dollar."""

    _earned: dict[ConditionId, int] = field(default_factory=dict)
    _last: dict[ConditionId, RewardSample] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        for told in step.rewards:
            before = self._last.get(told.market)
            if before is not None and told.at - before.at <= APART_MAX:
                earned = self._earned.get(told.market, 0)
                self._earned[told.market] = earned + before.rate * (told.at - before.at)
            self._last[told.market] = told

    @property
    def by_market(self) -> dict[ConditionId, Money]:
        """Micro-USD, rounded down; markets that pay and earned nothing among them."""
        return {market: self._earned.get(market, 0) // DAY for market in self._last}

    @property
    def total(self) -> Money:
        return sum(self.by_market.values())

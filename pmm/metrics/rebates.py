"""What the fills of a maker earn besides their price: a part of the taker fees of their market.

The venue pays once a day, by market, nothing below a dollar (protocol reference, 7.2); what is counted here is what
each fill adds to that, by the schedule that the market itself states.  Every order of ours is post-only, so that we
pay no taker fees.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.fees import maker_rebate
from pmm.core.step import Fill, Step
from pmm.events import MarketListed
from pmm.model import ConditionId, FeeSchedule, Money


@dataclass(slots=True)
class Rebates:
    """Earned by market, in micro-USD."""

    earned: dict[ConditionId, Money] = field(default_factory=dict)
    _schedules: dict[ConditionId, FeeSchedule | None] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        if isinstance(step.event, MarketListed):
            market = step.event.market
            self._schedules[market.condition_id] = market.fees
        for fill in step.fills:
            self._add(fill, 1)
        for fill in step.reversals:
            self._add(fill, -1)

    @property
    def total(self) -> Money:
        return sum(self.earned.values())

    def _add(self, fill: Fill, sign: int) -> None:
        rebate = maker_rebate(self._schedules.get(fill.market), fill.price, fill.size)
        if rebate:
            self.earned[fill.market] = self.earned.get(fill.market, 0) + sign * rebate

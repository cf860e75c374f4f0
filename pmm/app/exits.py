"""What could be done with the shares that are held without trading them, and what they may still lose.

YES and NO of one market merge into money; NO shares of several outcomes of a neg-risk event convert into money and YES
shares of the others.  Nothing here does either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmm.core.outcomes import Corners, conversions, event_loss, mergeable
from pmm.model import GRID, ConditionId, Money, Size
from pmm.sinks.records import Held


@dataclass(frozen=True, slots=True)
class Exit:
    """Of one market, and of its event, which is the market itself where that stands alone.

    `mergeable` pairs of settled shares; `convertible`, what settled NO shares of the event free once pairs are merged;
    `worst`, what the event may still lose by its shares alone, whoever wins.  Money in micro-USD.
    """

    mergeable: Size
    convertible: Money
    worst: Money


@dataclass(slots=True)
class _Held:
    """Of one market."""

    event: str
    yes: Size = 0
    no: Size = 0
    settled_yes: Size = 0
    settled_no: Size = 0
    cost: Money = 0

    @property
    def mergeable(self) -> Size:
        return mergeable(self.settled_yes, self.settled_no)

    @property
    def corners(self) -> Corners:
        return Corners((self.cost - self.yes) * GRID, (self.cost - self.no) * GRID)


def exits(held: Sequence[Held]) -> Mapping[ConditionId, Exit]:
    """By market; `held` is everything that the account holds."""
    markets: dict[ConditionId, _Held] = {}
    for one in held:
        market = markets.setdefault(one.market, _Held(one.event or one.market))
        market.cost += one.cost
        if one.is_yes:
            market.yes, market.settled_yes = market.yes + one.size, market.settled_yes + one.settled
        else:
            market.no, market.settled_no = market.no + one.size, market.settled_no + one.settled
    events: dict[str, list[_Held]] = {}
    for market in markets.values():
        events.setdefault(market.event, []).append(market)
    return {name: _exit(market, events[market.event]) for name, market in markets.items()}


def _exit(market: _Held, event: Sequence[_Held]) -> Exit:
    """An outcome that nothing is held of may always win."""
    converted = conversions([each.settled_no - each.mergeable for each in event])
    worst = event_loss([each.corners for each in event], other=True)
    return Exit(market.mergeable, sum(each.cash for each in converted), worst)

"""How a market can end, and what a share of each outcome pays then."""

from __future__ import annotations

from enum import StrEnum

from pmm.model import GRID, Money, Price, Size
from pmm.sim.matching import Outcome


class Verdict(StrEnum):
    """One outcome pays a dollar, or each of both pays half of one."""

    YES = "YES"
    NO = "NO"
    SPLIT = "SPLIT"

    @property
    def winner(self) -> Outcome | None:
        """None when nobody won."""
        return None if self is Verdict.SPLIT else Outcome[self.name]

    @property
    def payouts(self) -> tuple[int, int]:
        """The parts that YES and NO get, as the chain reports them: a share pays its part of the sum of both."""
        return int(self is not Verdict.NO), int(self is not Verdict.YES)

    def price(self, outcome: Outcome) -> Price:
        """What a share of an outcome pays, as a price."""
        return GRID * self.payouts[outcome] // sum(self.payouts)

    def pays(self, outcome: Outcome, size: Size) -> Money:
        """What `size` shares pay, rounded down as the chain does; a debt (negative) is rounded to more."""
        return size * self.payouts[outcome] // sum(self.payouts)

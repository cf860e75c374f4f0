"""Profit and loss, split so that the parts sum to the whole exactly.

    total     = cash + yes * mid + no * (1 - mid) - what of it was there before, at the mid of its taking over
    spread    = sum over fills of what the fill was better than the mid of its moment
    inventory = sum over time of position * change of the mid

Unit: 1/20 000 of a micro-USD (`UNIT` to the USD), in which twice a mid times a size is an integer.  `total` is computed
from what is held, the parts from what happened; `residual` is their difference and must be zero.  A fill whose trade
failed leaves every part as if it had never happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.step import Fill, Opening, Step
from pmm.model import GRID, USD, ConditionId, Money, Size, decimal_text

MICRO = 2 * GRID
UNIT = MICRO * USD


def pnl_text(units: int) -> str:
    """The exact decimal of an amount in `UNIT`: one unit is 0.00000000005 USD."""
    return decimal_text(units * 5, 11)


@dataclass(slots=True)
class MarketPnl:
    """One market's ledger; all three results in `UNIT`, and what was `opened` with."""

    yes: Size = 0
    no: Size = 0
    cash: Money = 0
    spread: int = 0
    inventory: int = 0
    mid2: int | None = None
    opened: int = 0

    def mark(self, mid2: int) -> None:
        """The mid moved: what is held gained or lost."""
        if self.mid2 is not None:
            self.inventory += (self.yes - self.no) * (mid2 - self.mid2)
        self.mid2 = mid2

    def book(self, fill: Fill) -> None:
        self.mark(fill.mid2)
        worth2 = fill.mid2 if fill.is_yes else 2 * GRID - fill.mid2
        signed = fill.side.sign * fill.size
        self.cash -= fill.paid
        self.spread += signed * worth2 - fill.paid * MICRO
        if fill.is_yes:
            self.yes += signed
        else:
            self.no += signed

    def open(self, opening: Opening) -> None:
        """Shares of before are taken over: no profit and no loss, and from now on they ride the mid."""
        self.mark(opening.mid2)
        worth2 = opening.mid2 if opening.is_yes else 2 * GRID - opening.mid2
        self.opened += opening.size * worth2
        if opening.is_yes:
            self.yes += opening.size
        else:
            self.no += opening.size

    def reverse(self, fill: Fill) -> None:
        """A fill that was booked never happened: what it brought goes, and what its shares have gained since."""
        worth2 = fill.mid2 if fill.is_yes else 2 * GRID - fill.mid2
        signed = fill.side.sign * fill.size
        self.cash += fill.paid
        self.spread -= signed * worth2 - fill.paid * MICRO
        moved = (self.mid2 if self.mid2 is not None else fill.mid2) - fill.mid2
        if fill.is_yes:
            self.yes -= signed
            self.inventory -= signed * moved
        else:
            self.no -= signed
            self.inventory += signed * moved

    @property
    def total(self) -> int:
        mid2 = self.mid2 if self.mid2 is not None else GRID
        return self.cash * MICRO + self.yes * mid2 + self.no * (2 * GRID - mid2) - self.opened

    @property
    def residual(self) -> int:
        return self.total - self.spread - self.inventory


@dataclass(slots=True)
class Pnl:
    markets: dict[ConditionId, MarketPnl] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        for opening in step.openings:
            self.markets.setdefault(opening.market, MarketPnl()).open(opening)
        for fill in step.fills:
            self.markets.setdefault(fill.market, MarketPnl()).book(fill)
        for fill in step.reversals:
            self.markets.setdefault(fill.market, MarketPnl()).reverse(fill)
        for decision in step.decisions:
            if decision.mid2 is not None:
                self.markets.setdefault(decision.market, MarketPnl()).mark(decision.mid2)

    @property
    def spread(self) -> int:
        return sum(market.spread for market in self.markets.values())

    @property
    def inventory(self) -> int:
        return sum(market.inventory for market in self.markets.values())

    @property
    def total(self) -> int:
        return sum(market.total for market in self.markets.values())

    @property
    def residual(self) -> int:
        return sum(market.residual for market in self.markets.values())

    @property
    def cash(self) -> Money:
        return sum(market.cash for market in self.markets.values())

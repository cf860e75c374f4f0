"""What we hold and what we paid, in integers.

Holding one YES and one NO is holding one dollar, so the position is `yes - no` and a pair is worth exactly 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import GRID, Money, Price, Side, Size


def cost_of(side: Side, price: Price, size: Size) -> Money:
    """Cash that leaves us for a fill (negative: arrives), rounded to a micro-USD against us."""
    exact = price * size
    return -(-exact // GRID) if side is Side.BUY else -(exact // GRID)


@dataclass(slots=True)
class Position:
    """Shares of both tokens and cash since the start, of one market."""

    yes: Size = 0
    no: Size = 0
    cash: Money = 0

    @property
    def net(self) -> Size:
        """YES shares held once pairs are set aside; negative when NO prevails."""
        return self.yes - self.no

    def apply(self, side: Side, price: Price, size: Size, *, is_yes: bool) -> Money:
        """Book a fill and return the cash that left us."""
        paid = cost_of(side, price, size)
        self.cash -= paid
        if is_yes:
            self.yes += side.sign * size
        else:
            self.no += side.sign * size
        return paid

"""What we hold and what we paid, in integers.

Holding one YES and one NO is holding one dollar, so the position is `yes - no` and a pair is worth exactly 1.  A fill
counts at once and is only provisional: shares are ours to sell when its trade is confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.model import GRID, Money, Price, Side, Size


def cost_of(side: Side, price: Price, size: Size) -> Money:
    """Cash that leaves a maker for a fill (negative: arrives), as the venue rounds it.

    Fractions of a micro-USD are never at the maker's expense: the taker bears them (protocol reference, section 4.5).
    """
    exact = price * size
    return exact // GRID if side is Side.BUY else -exact // GRID


@dataclass(slots=True)
class Holding:
    """Shares of one token: settled, and bought or sold by trades that are not settled yet."""

    settled: Size = 0
    bought: Size = 0
    sold: Size = 0

    @property
    def matched(self) -> Size:
        """What we hold when every pending trade settles: the position that counts."""
        return self.settled + self.bought - self.sold

    @property
    def pending(self) -> Size:
        """The sum of what may still fail, in both directions."""
        return self.bought + self.sold

    @property
    def sellable(self) -> Size:
        """Shares that are there for certain and that no pending sale has already given away."""
        return max(0, self.settled - self.sold)

    def match(self, side: Side, size: Size) -> None:
        if side is Side.BUY:
            self.bought += size
        else:
            self.sold += size

    def settle(self, side: Side, size: Size) -> None:
        """A pending trade became final."""
        self.match(side, -size)
        self.settled += side.sign * size


@dataclass(slots=True)
class Position:
    """Shares of both tokens, and cash since the start, of one market."""

    yes_held: Holding = field(default_factory=Holding)
    no_held: Holding = field(default_factory=Holding)
    cash: Money = 0

    @property
    def yes(self) -> Size:
        return self.yes_held.matched

    @property
    def no(self) -> Size:
        return self.no_held.matched

    @property
    def net(self) -> Size:
        """YES shares held once pairs are set aside; negative when NO prevails."""
        return self.yes - self.no

    def held(self, *, is_yes: bool) -> Holding:
        return self.yes_held if is_yes else self.no_held

    def apply(self, side: Side, price: Price, size: Size, *, is_yes: bool) -> Money:
        """Book a fill as pending and return the cash that left us."""
        paid = cost_of(side, price, size)
        self.cash -= paid
        self.held(is_yes=is_yes).match(side, size)
        return paid

    def settle(self, side: Side, size: Size, *, is_yes: bool) -> None:
        """The trade of a fill is confirmed."""
        self.held(is_yes=is_yes).settle(side, size)

    def reverse(self, side: Side, size: Size, paid: Money, *, is_yes: bool) -> None:
        """The trade of a fill has failed: it never happened."""
        self.cash += paid
        self.held(is_yes=is_yes).match(side, -size)

    def rebook(self, side: Side, size: Size, paid: Money, *, is_yes: bool, settled: bool) -> None:
        """Shares of a fill that was told wrongly, negative where they are taken back."""
        self.cash -= paid
        held = self.held(is_yes=is_yes)
        held.match(side, size)
        if settled:
            held.settle(side, size)

"""What is held over the outcomes of an event, of which exactly one wins, as one pay-off vector.

A market ends one of two ways, so that what it can cost is two numbers: its corners.  The markets of a neg-risk event
exclude each other: where outcome i wins, market i ends YES and every other one NO, so that YES_i pays there and NO_i
pays everywhere else.  An event may have outcomes that are not listed here, or not yet; where one of those wins, every
market here ends NO: the "other" entry of the vector.

The worst case is exact: everything uncertain happens as it would hurt most in the outcome that wins, which is a sum of
independent choices, so that no combination of them costs more and one costs as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pmm.core.orders import Order
from pmm.core.position import Position
from pmm.core.view import QuoteSide
from pmm.model import GRID, Money, Price, Side, Size


@dataclass(frozen=True, slots=True)
class Stake:
    """So many shares of the first or the other token that may be bought or sold at a price."""

    side: Side
    price: Price
    size: Size
    is_yes: bool

    @classmethod
    def of(cls, order: Order) -> Stake:
        return cls(order.side, order.price, order.at_stake, (order.side is Side.BUY) == (order.quote is QuoteSide.BID))

    @property
    def signed(self) -> Size:
        """What it adds to the net position."""
        return self.size if (self.side is Side.BUY) == self.is_yes else -self.size

    def gain(self, *, yes_wins: bool) -> int:
        """What it brings when it trades and the market ends that way, in 1/GRID of a micro-USD."""
        paid_out = GRID if self.is_yes is yes_wins else 0
        return self.side.sign * self.size * (paid_out - self.price)


class Corners(NamedTuple):
    """The largest possible loss of one market where it ends YES, and where it ends NO; below nothing for a gain.

    In 1/GRID of a micro-USD, so that nothing is rounded before the end.
    """

    yes: int
    no: int

    def after(self, stake: Stake) -> Corners:
        """With one more order that trades or does not, whichever hurts more."""
        return Corners(
            self.yes + max(0, -stake.gain(yes_wins=True)),
            self.no + max(0, -stake.gain(yes_wins=False)),
        )

    @property
    def worst(self) -> Money:
        """The worse of both in micro-USD, rounded up, never less than nothing."""
        return _money(max(self))


NOTHING = Corners(0, 0)


def corners(position: Position, uncertain: Iterable[Stake], pending: Iterable[Stake]) -> Corners:
    """Of what is held, orders that may trade, and trades that may fail (which the position already counts)."""
    uncertain, pending = tuple(uncertain), tuple(pending)
    yes, no = (
        -(position.cash + held) * GRID
        + sum(max(0, -stake.gain(yes_wins=wins)) for stake in uncertain)
        + sum(max(0, stake.gain(yes_wins=wins)) for stake in pending)
        for held, wins in ((position.yes, True), (position.no, False))
    )
    return Corners(yes, no)


def worst_loss(position: Position, uncertain: Iterable[Stake], pending: Iterable[Stake]) -> Money:
    """The largest possible loss of a market since the start, in micro-USD, never less than nothing."""
    return corners(position, uncertain, pending).worst


def event_loss(markets: Iterable[Corners], *, other: bool) -> Money:
    """The largest possible loss of an event in micro-USD, rounded up, never less than nothing.

    `other` says that an outcome may win that is not among these markets.
    """
    return _money(max(_losses(tuple(markets), other=other), default=0))


def payoffs(holdings: Sequence[tuple[Size, Size]], *, other: bool) -> tuple[Money, ...]:
    """What YES and NO shares of each outcome pay together, by the outcome that wins, the other one last; micro-USD."""
    losses = _losses(tuple(Corners(-yes, -no) for yes, no in holdings), other=other)
    return tuple(-loss for loss in losses)


def mergeable(yes: Size, no: Size) -> Size:
    """Pairs of settled YES and NO shares of one market: each can be merged into 1 USD now (strategy reference, 1.7)."""
    return max(0, min(yes, no))


@dataclass(frozen=True, slots=True)
class Conversion:
    """Turn `size` NO shares of each of these outcomes (places in the event) into cash and YES shares of all others."""

    outcomes: tuple[int, ...]
    size: Size

    @property
    def cash(self) -> Money:
        """Freed at once: a set of k NO shares of one event pays k - 1 USD whoever wins, and a YES share of each other
        outcome is what is left of it.
        """
        return self.size * (len(self.outcomes) - 1)


def conversions(no: Sequence[Size]) -> tuple[Conversion, ...]:
    """Sets of settled NO shares by outcome that the adapter of their event turns into cash now, the largest set first.

    Of every outcome all is converted that another one matches, which frees the sum less the largest holding; a NO
    share that no other one matches frees nothing and is left (strategy reference, 3.1 C and D).
    """
    found: list[Conversion] = []
    done = 0
    for size in sorted(set(no)):
        outcomes = tuple(place for place, held in enumerate(no) if held >= size)
        if size > done and len(outcomes) > 1:
            found.append(Conversion(outcomes, size - done))
        done = max(done, size)
    return tuple(found)


def _losses(markets: Sequence[Corners], *, other: bool) -> tuple[int, ...]:
    """By the outcome that wins: its market ends YES and all others end NO."""
    all_no = sum(market.no for market in markets)
    losses = tuple(all_no + market.yes - market.no for market in markets)
    return (*losses, all_no) if other else losses


def _money(loss: int) -> Money:
    return max(0, -(-loss // GRID))

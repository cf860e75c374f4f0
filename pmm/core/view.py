"""What a strategy may see, what it answers, and the protocol it follows.

Everything is in terms of the market's first token (YES): a bid buys it, an ask sells it or buys the other one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from pmm._fast import ASK, BID, Book
from pmm.core.event_view import EventView
from pmm.core.regime import Regime
from pmm.core.signals import QUIET, Signals
from pmm.model import Market, Nanos, Price, Size


class QuoteSide(StrEnum):
    BID = "bid"
    ASK = "ask"

    @property
    def sign(self) -> int:
        """What a fill there does to the position."""
        return 1 if self is QuoteSide.BID else -1


@dataclass(frozen=True, slots=True)
class Target:
    """An order that the strategy wants working.

    `reference2` is twice the price that the target was derived from (fixed spread: the mid); a working order is
    replaced when this reference has moved by the requote threshold, so that rounding alone never moves an order.
    `level` counts from 0 at the best price of its side: each level is one order.  A `firm` price is meant: a working
    order elsewhere is replaced however little the reference moved.  So is one of which less than `least` is left.
    """

    price: Price
    size: Size
    reference2: int
    level: int = 0
    firm: bool = False
    least: Size = 0


@dataclass(frozen=True, slots=True)
class Term:
    """One number that a price was made from, for `pmm explain`; `unit` as in "USD", "logit", "shares", "1/s"."""

    name: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Targets:
    """What should be working, the best price of each side first; where a side is empty, `reason` says why.

    `terms` are what the prices were made from, in the order of their use.  `reservation2` is twice the price at which
    the model would neither buy nor sell, None where the references of its targets are that price.
    """

    bids: tuple[Target, ...] = ()
    asks: tuple[Target, ...] = ()
    reason: str = ""
    terms: tuple[Term, ...] = field(default=(), compare=False)
    reservation2: int | None = None

    @property
    def bid(self) -> Target | None:
        """The best one."""
        return self.bids[0] if self.bids else None

    @property
    def ask(self) -> Target | None:
        return self.asks[0] if self.asks else None

    def side(self, side: QuoteSide) -> tuple[Target, ...]:
        return self.bids if side is QuoteSide.BID else self.asks


def one_a_side(bid: Target | None, ask: Target | None, reason: str = "", terms: tuple[Term, ...] = ()) -> Targets:
    """Targets of a model that quotes a single level."""
    return Targets(() if bid is None else (bid,), () if ask is None else (ask,), reason, terms)


@dataclass(frozen=True, slots=True)
class Resting:
    """An order of ours, in the terms of YES; `level` is that of its target, None where nobody knows."""

    quote: QuoteSide
    price: Price
    size: Size
    level: int | None = 0


@dataclass(frozen=True, slots=True)
class View:
    """One market at one moment.  `book` is the live kernel book of the first token: read it, do not keep it.

    `own` are our orders in that book; a dry run has none there.  `working` are those that nobody wants gone, wherever
    they are: on their way, in doubt, resting, simulated.  `event` is what we hold in the other outcomes of its event,
    None where it stands alone.  `rivalry` is what others score for rewards by the venue's word, over what their levels
    would score as one maker's; 1 while it said nothing.
    """

    at: Nanos
    market: Market
    book: Book
    position: Size
    own: tuple[Resting, ...] = ()
    signals: Signals = QUIET
    regime: Regime = Regime.QUIET
    event: EventView | None = None
    working: tuple[Resting, ...] = ()
    rivalry: float = 1.0

    @property
    def best_bid(self) -> Price | None:
        """The best price that somebody else bids; None where nobody does."""
        return self._best(QuoteSide.BID, self.book.best_bid)

    @property
    def best_ask(self) -> Price | None:
        return self._best(QuoteSide.ASK, self.book.best_ask)

    def _best(self, side: QuoteSide, shown: Price | None) -> Price | None:
        """Only where an order of ours stands at the touch does it matter who else stands there."""
        if any(order.price == shown and order.quote is side for order in self.own):
            return next((price for price, _ in self.levels(side)), None)
        return shown

    @property
    def mid2(self) -> int | None:
        """Twice the mid of what others quote, so that it stays an integer; None while a side is empty.

        A price that we made ourselves is no news about what the market is worth.
        """
        if not self.own:
            return self.book.mid2
        bid, ask = self.best_bid, self.best_ask
        return None if bid is None or ask is None else bid + ask

    def levels(self, side: QuoteSide) -> Iterator[tuple[Price, Size]]:
        """Price and size of what others have resting on a side, the best first."""
        return iter(others(self.book, self.own, side))


def sizes(own: tuple[Resting, ...], side: QuoteSide) -> dict[Price, Size]:
    """What rests on a side, by price."""
    total: dict[Price, Size] = {}
    for order in own:
        if order.quote is side:
            total[order.price] = total.get(order.price, 0) + order.size
    return total


def others(book: Book, own: tuple[Resting, ...], side: QuoteSide, count: int | None = None) -> list[tuple[Price, Size]]:
    """Price and size of the best levels of a side, at most `count`, without orders of our own."""
    ours = sizes(own, side)
    levels = book.levels(BID if side is QuoteSide.BID else ASK, None if count is None else count + len(ours))
    if ours:
        levels = [(price, left) for price, size in levels if (left := size - ours.get(price, 0)) > 0]
    return levels[:count]


class Strategy(Protocol):
    """A quoting model: pure, and asked whenever something may have to move."""

    name: str

    def decide(self, view: View) -> Targets: ...

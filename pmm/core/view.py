"""What a strategy may see, what it answers, and the protocol it follows.

Everything is in terms of the market's first token (YES): a bid buys it, an ask sells it or buys the other one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pmm._fast import Book
from pmm.model import Market, Nanos, Price, Size


class QuoteSide(StrEnum):
    BID = "bid"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Target:
    """An order that the strategy wants working.

    `reference2` is twice the price that the target was derived from (fixed spread: the mid); a working order is
    replaced when this reference has moved by the requote threshold, so that rounding alone never moves an order.
    """

    price: Price
    size: Size
    reference2: int


@dataclass(frozen=True, slots=True)
class Targets:
    """At most one target a side; None means that nothing should be working there, and `reason` says why."""

    bid: Target | None = None
    ask: Target | None = None
    reason: str = ""

    def side(self, side: QuoteSide) -> Target | None:
        return self.bid if side is QuoteSide.BID else self.ask


@dataclass(frozen=True, slots=True)
class View:
    """One market at one moment.  `book` is the live kernel book of the first token: read it, do not keep it."""

    at: Nanos
    market: Market
    book: Book
    position: Size

    @property
    def mid2(self) -> int | None:
        """Twice the mid, so that it stays an integer; None while a side is empty."""
        return self.book.mid2


class Strategy(Protocol):
    """A quoting model: pure, and asked whenever something may have to move."""

    name: str

    def decide(self, view: View) -> Targets: ...

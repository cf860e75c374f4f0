"""What the engine may ask of a gateway: a closed union of frozen records.

A command is a wish, not a fact: what became of it comes back as an exec report among the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pmm.model import ConditionId, OrderId, Price, Side, Size, TimeInForce, TokenId


@dataclass(frozen=True, slots=True)
class Place:
    """Rest a post-only order; `side` and `price` are in the terms of `token` itself."""

    order_id: OrderId
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    post_only: bool = True
    tif: TimeInForce = TimeInForce.GTC


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take one order off the book.  Only a `Canceled`, `Filled` or `Rejected` event proves that it is gone."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Open a market data connection anew: the feed answers with a fresh snapshot of every book."""

    connection: int
    cause: str


@dataclass(frozen=True, slots=True)
class Resubscribe:
    """Ask for fresh snapshots of some tokens on an open connection: unsubscribe from them and subscribe again."""

    connection: int
    tokens: tuple[TokenId, ...]
    cause: str


@dataclass(frozen=True, slots=True)
class ReadBooks:
    """Read books over REST; every token is answered by one `BookRead`."""

    tokens: tuple[TokenId, ...]
    cause: str


DataCommand: TypeAlias = Reconnect | Resubscribe | ReadBooks
OrderCommand: TypeAlias = Place | Cancel
Command: TypeAlias = OrderCommand | DataCommand

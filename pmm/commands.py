"""What the engine may ask of a gateway: a closed union of frozen records.

A command is a wish, not a fact: what became of it comes back as an exec report among the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pmm.model import ConditionId, Nanos, OrderId, Price, Side, Size, TimeInForce, TokenId


@dataclass(frozen=True, slots=True)
class Place:
    """Rest a post-only order; `side` and `price` are in the terms of `token` itself.

    A GTD order is gone at `expires_at` at the latest, whatever became of it in between.
    """

    order_id: OrderId
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    post_only: bool = True
    tif: TimeInForce = TimeInForce.GTC
    expires_at: Nanos | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take one order off the book.  Only a `Canceled`, `Filled` or `Rejected` event proves that it is gone."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class QueryOrder:
    """Ask what became of an order.  Answered by `OrderShown` or `OrderMissing`, or not at all."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Repost:
    """Send the same signed bytes again: the venue takes them once, and says `Duplicated` when it has them already."""

    order_id: OrderId


@dataclass(frozen=True, slots=True)
class CancelAll:
    """Take every order of the account off the book, those of others too: the kill switch."""

    cause: str


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """Read open orders, the trades since the last read, and with `balances` what the account holds."""

    cause: str
    balances: bool = False


@dataclass(frozen=True, slots=True)
class StopHeartbeat:
    """Let the dead-man switch fall: what we cannot cancel, the venue will."""

    cause: str


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
OrderCommand: TypeAlias = Place | Cancel | QueryOrder | Repost | CancelAll | ReadAccount | StopHeartbeat
Command: TypeAlias = OrderCommand | DataCommand

"""An order at the venue: as it is signed, as it is answered, as it is read back, and what is told about it.

Sizes are micro-shares, money is micro-USD, times are unix ns except `expires_at`, which is signed in unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Side, Size, TimeInForce, TokenId


class OrderStatus(StrEnum):
    """Where an order is in its life; the words of the user channel (protocol reference, section 5.5)."""

    LIVE = "LIVE"
    DELAYED = "DELAYED"
    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    CANCELED = "CANCELED"
    RESOLVED = "CANCELED_MARKET_RESOLVED"
    UNCOVERED = "CANCELED_NOT_ENOUGH_BALANCE"
    EXPIRED = "CANCELED_EXPIRED_ORDER"

    @property
    def open(self) -> bool:
        return self is OrderStatus.LIVE or self is OrderStatus.DELAYED


class Change(StrEnum):
    """What an order event tells."""

    PLACEMENT = "PLACEMENT"
    UPDATE = "UPDATE"
    CANCELLATION = "CANCELLATION"


class Terms(NamedTuple):
    """An order as it was signed.

    order_id        the EIP-712 hash, 0x and 64 hex digits
    account         the maker (funder) address in lower case: who pays and who holds
    owner           the API key under which it came
    price           the worst price, in the terms of `token`
    size            shares; None for a FOK or FAK BUY
    budget          what a FOK or FAK BUY may spend, fee not included; None for every other order
    expires_at      unix seconds, for GTD alone
    """

    order_id: OrderId
    account: str
    owner: str
    token: TokenId
    side: Side
    price: Price
    size: Size | None
    budget: Money | None = None
    tif: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    expires_at: int | None = None


class Placed(NamedTuple):
    """An accepted order: `status` is live, matched or delayed.

    `making` is what it gave and `taking` what it got so far, in micro-units of money or shares.  `final_at` is set
    while the order is held by a delay that the answer itself has to wait for (250 ms): ask `Venue.outcome` then.
    """

    order_id: OrderId
    status: str
    making: int = 0
    taking: int = 0
    trade_ids: tuple[str, ...] = ()
    final_at: Nanos | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was not done: the documented sentence and the HTTP status it comes with."""

    text: str
    status: int = 400
    code: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Cancels:
    """The answer to a request to cancel: what is gone now, and why the rest is not."""

    canceled: tuple[OrderId, ...] = ()
    not_canceled: dict[OrderId, str] = field(default_factory=dict)


class OpenOrder(NamedTuple):
    """One order as the venue shows it, in whatever state; `original` is shares, or the budget of a FOK or FAK BUY."""

    order_id: OrderId
    status: OrderStatus
    account: str
    owner: str
    market: ConditionId
    token: TokenId
    outcome: str
    side: Side
    price: Price
    original: int
    matched: Size
    tif: TimeInForce
    post_only: bool
    expires_at: int | None
    created_at: Nanos
    trade_ids: tuple[str, ...]


class OrderEvent(NamedTuple):
    """What the user channel tells `account` about one of its orders."""

    at: Nanos
    account: str
    change: Change
    order: OpenOrder

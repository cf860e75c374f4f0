"""What may happen to the engine: a closed union of frozen records, each with the time it entered the inbox.

`at` is unix time in nanoseconds and the only clock the engine knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pmm.account import Balances, OrderStatus, OwnOrder, TradeStatus
from pmm.model import BookPage, ConditionId, Market, Nanos, OrderId, Price, Side, Size, TokenId


@dataclass(frozen=True, slots=True)
class MarketListed:
    """The facts of a market as discovery found them: sent before its first frame, and again when they change.

    `connections` carry its tokens; of several, one leads and the others are its spares.  A market that is not
    `quoted` is only watched: a canary, whose silence says something about its connection.
    """

    at: Nanos
    market: Market
    connections: tuple[int, ...] = (0,)
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class MarketDropped:
    """The market shall not be quoted or watched any longer; its orders are cancelled first."""

    at: Nanos
    condition_id: ConditionId


@dataclass(frozen=True, slots=True)
class Frame:
    """The exact bytes of one message of the market socket, not yet looked at."""

    at: Nanos
    connection: int
    data: bytes


@dataclass(frozen=True, slots=True)
class BookRead:
    """The answer to a `ReadBooks` for one token: its book as REST showed it, or None and the cause.

    `asked_at` is when the read was sent: the book is no older than that.
    """

    at: Nanos
    asked_at: Nanos
    token: TokenId
    page: BookPage | None
    cause: str = ""


class FeedNews(StrEnum):
    """What a connection reports about itself; whether data flows is judged from frames, never from this."""

    CONNECTING = "connecting"
    OPENED = "opened"
    CLOSED = "closed"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class FeedSignal:
    at: Nanos
    connection: int
    news: FeedNews
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Timer:
    """Time passed and nothing else: sent once per loop interval."""

    at: Nanos


@dataclass(frozen=True, slots=True)
class Wake:
    """A moment that the engine asked for by `Step.wake_at`: something may be overdue."""

    at: Nanos


class OperatorAction(StrEnum):
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    KILL = "kill"
    RESET = "reset"
    RESET_DAY = "reset_day"


@dataclass(frozen=True, slots=True)
class Operator:
    at: Nanos
    action: OperatorAction
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The order rests at the venue."""

    at: Nanos
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue refused the order; it never rested."""

    at: Nanos
    order_id: OrderId
    reason: str


@dataclass(frozen=True, slots=True)
class Canceled:
    """The order no longer rests, by our wish or by the venue's."""

    at: Nanos
    order_id: OrderId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CancelRejected:
    """The venue refused a cancel; the order is as it was."""

    at: Nanos
    order_id: OrderId
    reason: str


@dataclass(frozen=True, slots=True)
class Filled:
    """`size` shares of the order traded at `price`, in the terms of the order's own token."""

    at: Nanos
    order_id: OrderId
    trade_id: str
    price: Price
    size: Size


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request about the order got no answer that proves anything: time-out, reset, 5xx."""

    at: Nanos
    order_id: OrderId
    cause: str


@dataclass(frozen=True, slots=True)
class Settled:
    """News of the settlement of a fill that was told before: its trade is now `status`."""

    at: Nanos
    order_id: OrderId
    trade_id: str
    status: TradeStatus


@dataclass(frozen=True, slots=True)
class OrderShown:
    """The venue shows an order of ours as it was some time after `asked_at`; its trades were told before this.

    `matched` is how much of it traded, also what we were not told yet.
    """

    at: Nanos
    asked_at: Nanos
    order_id: OrderId
    status: OrderStatus
    matched: Size


class Reading(StrEnum):
    """Which of two independent reads says something about an order."""

    ORDER = "order"
    OPEN_ORDERS = "open_orders"


@dataclass(frozen=True, slots=True)
class OrderMissing:
    """A read that was sent at `asked_at` does not know the order: no proof by itself, it may still be on its way."""

    at: Nanos
    asked_at: Nanos
    order_id: OrderId
    reading: Reading


@dataclass(frozen=True, slots=True)
class Adopted:
    """An order of an earlier run of ours, found again: it may rest, and keeps its place in the queue."""

    at: Nanos
    order_id: OrderId
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    expires_at: Nanos
    created_at: Nanos


class VenueStatus(StrEnum):
    """What the venue allows at the moment (protocol reference, section 9)."""

    NORMAL = "NORMAL"
    RESTARTING = "RESTARTING"
    POST_ONLY = "POST_ONLY"
    CANCEL_ONLY = "CANCEL_ONLY"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True)
class VenueNews:
    """An answer that says which mode the venue is in; `retry_at` is when it asked to be tried again, if it did."""

    at: Nanos
    status: VenueStatus
    retry_at: Nanos | None = None
    cause: str = ""


class BeatNews(StrEnum):
    """What became of a heartbeat: taken, not answered, or the chain of somebody else on our account."""

    TAKEN = "taken"
    MISSED = "missed"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat of the dead-man switch, sent at `sent_at`."""

    at: Nanos
    sent_at: Nanos
    news: BeatNews
    cause: str = ""


@dataclass(frozen=True, slots=True)
class UserSignal:
    """The socket that tells of our own orders opened or closed; what happened meanwhile is not repeated by it."""

    at: Nanos
    news: FeedNews
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AccountRead:
    """The answer to a `ReadAccount`: open orders, then balances, as they were some time after `asked_at`.

    What the orders and trades say about orders of ours was told by events of their own before this one.  `foreign` are
    the open orders of others on the account.  `failed` says why there is no answer; nothing else is meant then.
    """

    at: Nanos
    asked_at: Nanos
    foreign: tuple[OwnOrder, ...] = ()
    balances: Balances | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """Whether orders of ours score for rewards by the venue's word, some time after `asked_at`.

    `shares` are our parts of the reward of markets at that moment, between 0 and 1.  `failed` says why there is no
    answer; nothing else is meant then.
    """

    at: Nanos
    asked_at: Nanos
    orders: tuple[tuple[OrderId, bool], ...] = ()
    failed: str = ""
    shares: tuple[tuple[ConditionId, float], ...] = ()


ExecReport: TypeAlias = Accepted | Rejected | Canceled | CancelRejected | Filled | Unanswered
AccountNews: TypeAlias = Settled | OrderShown | OrderMissing | Adopted | VenueNews | Beat | UserSignal | AccountRead
Event: TypeAlias = (
    MarketListed
    | MarketDropped
    | Frame
    | BookRead
    | FeedSignal
    | Timer
    | Wake
    | Operator
    | ExecReport
    | AccountNews
    | Scored
)

"""What the venue says of an account: its orders, trades and balances as typed records, the same live and dry.

Sizes and money are integers as in `pmm.model`; a status that nobody knows is UNKNOWN and raises an alarm, never a crash
(protocol reference, sections 3.7 and 5.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Side, Size, TokenId


class OrderStatus(StrEnum):
    """What became of an order, in the venue's words; `CANCELED` stands for every reason there is."""

    LIVE = "LIVE"
    DELAYED = "DELAYED"
    MATCHED = "MATCHED"
    CANCELED = "CANCELED"
    UNMATCHED = "UNMATCHED"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, text: str) -> OrderStatus:
        """Read the venue's word, with or without its prefix, and with whatever follows `CANCELED` or `UNMATCHED`."""
        word = text.upper().removeprefix("ORDER_STATUS_")
        for known in (cls.CANCELED, cls.UNMATCHED):
            if word.startswith(known.value):
                return known
        return cls(word) if word in cls.__members__ else cls.UNKNOWN


class TradeStatus(StrEnum):
    """How far the settlement of a trade is; only CONFIRMED and FAILED are final."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, text: str) -> TradeStatus:
        word = text.upper().removeprefix("TRADE_STATUS_")
        if word == "MATCHED_NOT_BROADCASTED":
            return cls.MATCHED
        return cls(word) if word in cls.__members__ else cls.UNKNOWN


class Origin(StrEnum):
    """Whose order it is: sent by this bot now or in an earlier run, or by somebody else on the same account."""

    OURS = "ours"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order of the account as the venue shows it.

    `order_id` is ours where we know the order, otherwise the venue's; `venue_id` is always the venue's (the hash).
    `expires_at` is None for an order without an end; the venue drops it 60 s earlier than it says.
    """

    order_id: OrderId
    venue_id: str
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    matched: Size
    status: OrderStatus
    created_at: Nanos
    expires_at: Nanos | None = None
    outcome: str = ""
    origin: Origin = Origin.OURS

    @property
    def remaining(self) -> Size:
        return max(0, self.size - self.matched)

    @property
    def is_live(self) -> bool:
        """Whether it may still trade as far as anybody knows."""
        return self.status in (OrderStatus.LIVE, OrderStatus.DELAYED, OrderStatus.UNKNOWN)

    @property
    def is_filled(self) -> bool:
        return self.matched >= self.size

    @property
    def filled_share(self) -> float:
        """Between 0 and 1."""
        return min(1.0, self.matched / self.size) if self.size else 0.0


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """Our part of a trade, with our side, our token and our order, whatever the venue's top-level fields say."""

    trade_id: str
    order_id: OrderId
    venue_id: str
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    status: TradeStatus
    matched_at: Nanos
    maker: bool
    transaction: str = ""
    outcome: str = ""
    origin: Origin = Origin.OURS


@dataclass(frozen=True, slots=True)
class Balances:
    """What the account holds and what contracts may move: cash in micro-USD, shares by token, allowances by spender."""

    cash: Money
    shares: Mapping[TokenId, Size]
    allowances: Mapping[str, int]

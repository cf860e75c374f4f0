"""A trade at the venue: one taker's order against one price, with the makers it met there."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from pmm.model import ConditionId, Money, Nanos, OrderId, Price, Side, Size, TokenId


class Settlement(StrEnum):
    """The way of a trade to the chain (protocol reference, section 4.7)."""

    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"

    @property
    def final(self) -> bool:
        return self is Settlement.CONFIRMED or self is Settlement.FAILED


class Leg(NamedTuple):
    """A maker's part, in the maker's own terms: its token, its side, its price."""

    order_id: OrderId
    account: str
    owner: str
    token: TokenId
    outcome: int
    side: Side
    price: Price
    size: Size


class TradeRecord(NamedTuple):
    """A trade in its present state, in the taker's terms; `transaction` is empty until it is mined."""

    trade_id: str
    order_id: OrderId
    account: str
    owner: str
    market: ConditionId
    token: TokenId
    outcome: int
    side: Side
    price: Price
    size: Size
    fee: Money
    legs: tuple[Leg, ...]
    status: Settlement
    matched_at: Nanos
    updated_at: Nanos
    bucket: int
    transaction: str = ""

    def tokens_of(self, account: str) -> set[TokenId]:
        """The tokens that an account traded here."""
        own = {leg.token for leg in self.legs if leg.account == account}
        return own | {self.token} if self.account == account else own

    def names(self, account: str) -> bool:
        """Whether `account` takes part, on either side."""
        return self.account == account or any(leg.account == account for leg in self.legs)


class TradeEvent(NamedTuple):
    """What the user channel tells `account` about a trade that it takes part in, once for every state.

    An account that is on both sides is told once, as the taker.
    """

    at: Nanos
    account: str
    trade: TradeRecord

    @property
    def taker(self) -> bool:
        return self.trade.account == self.account

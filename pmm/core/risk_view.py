"""What a risk rule may see: one market, or the account as a whole, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pmm.core.orders import Order
from pmm.core.position import Position
from pmm.core.rule import Wish
from pmm.core.step import Fill
from pmm.core.view import QuoteSide, View
from pmm.model import Money, Nanos, Size


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account as a whole; micro-USD.

    `day` is what came of today so far, since midnight or the last of its `resets`, negative for a loss; `peak` the
    most that it has been, never less than nothing; `at_stake` what could be lost at worst, everything uncertain
    included; `errors` when the venue refused something, `messages` when something was sent, both of the last minutes,
    oldest first.  `worth` is what fills say that the account should be worth, None before balances were read;
    `missing` how much of it the last balances did not show, `missing_before` the same of those before them.
    """

    day: Money = 0
    resets: int = 0
    peak: Money = 0
    at_stake: Money = 0
    errors: Sequence[Nanos] = ()
    messages: Sequence[Nanos] = ()
    worth: Money | None = None
    missing: Money = 0
    missing_before: Money = 0


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """One market as risk sees it.

    `orders` may all still trade; `at_stake` is what could be lost in it at worst, in micro-USD, and `with_wish` what
    that would be with one more order; `event_at_stake` and `event_with_wish` the same of its whole event, which is the
    market itself where that stands alone.  `long_at_most` and `short_at_most` are net micro-shares of YES, and of NO,
    if every order of that direction traded, those of others on the account too.  `data_at` is when the book that
    is quoted on was last changed, proven or read (receive time, of REST where that stands in), None before any; `fills`
    those of the last minutes whose trades have not failed, `placed` the orders that were sent in them, oldest first.
    """

    view: View
    position: Position
    orders: Sequence[Order]
    at_stake: Money
    with_wish: Callable[[Wish], Money]
    event_with_wish: Callable[[Wish], Money]
    data_at: Nanos | None
    fills: Sequence[Fill]
    event_at_stake: Money = 0
    long_at_most: Size = 0
    short_at_most: Size = 0
    placed: Sequence[Order] = ()

    @property
    def unsettled(self) -> Size:
        """Micro-shares of trades that may still fail, bought or sold, of both tokens."""
        return self.position.yes_held.pending + self.position.no_held.pending

    def resting(self, quote: QuoteSide) -> Size:
        """Micro-shares of one side that may still trade."""
        return sum(order.at_stake for order in self.orders if order.quote is quote)

    def at_most(self, quote: QuoteSide) -> Size:
        """How far the position may go in the direction of a side."""
        return self.long_at_most if quote is QuoteSide.BID else self.short_at_most


@dataclass(frozen=True, slots=True)
class RiskView:
    """`market` is None where a rule judges the account."""

    at: Nanos
    account: AccountFacts
    market: MarketFacts | None = None

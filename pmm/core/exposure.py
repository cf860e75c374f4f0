"""How much may be lost at worst, and what must therefore not be placed.

Of one market: the worse of its two outcomes, when everything uncertain happens as it would hurt most.  Every order
that may be live, trades that the venue owes us, and orders of others on the account trade or do not; every pending
trade settles or fails.  Markets are added up as if all went wrong together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pmm.account import OwnOrder
from pmm.core.orders import Order, Orders
from pmm.core.position import Position
from pmm.core.settlement import Settlements
from pmm.core.view import QuoteSide
from pmm.model import GRID, USD, ConditionId, Money, Price, Side, Size, TokenId, decimal_text, size_text


@dataclass(frozen=True, slots=True)
class Caps:
    """Hard limits in micro-USD, None where there is none; `position` in micro-shares of net YES per market."""

    position: Size
    order: Money | None = None
    market: Money | None = None
    account: Money | None = None


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


def worst_loss(position: Position, uncertain: Iterable[Stake], pending: Iterable[Stake]) -> Money:
    """The largest possible loss of a market since the start, in micro-USD, never less than nothing."""
    uncertain, pending = tuple(uncertain), tuple(pending)
    losses = []
    for yes_wins in (True, False):
        loss = -(position.cash + (position.yes if yes_wins else position.no)) * GRID
        loss += sum(max(0, -stake.gain(yes_wins=yes_wins)) for stake in uncertain)
        loss += sum(max(0, stake.gain(yes_wins=yes_wins)) for stake in pending)
        losses.append(loss)
    return max(0, -(-max(losses) // GRID))


class Exposure:
    """The possible losses of every market; `position_of` says what is held there."""

    def __init__(
        self, caps: Caps, orders: Orders, settlements: Settlements, position_of: Callable[[ConditionId], Position]
    ) -> None:
        self.caps = caps
        self._orders = orders
        self._settlements = settlements
        self._position_of = position_of
        self._foreign: dict[ConditionId, list[OwnOrder]] = {}
        self._first: dict[ConditionId, TokenId] = {}
        self._losses: dict[ConditionId, Money] = {}
        self._stale: set[ConditionId] = set()
        self._total: Money = 0

    def list_market(self, market: ConditionId, yes: TokenId) -> None:
        """From now on it is known which of its tokens is the first."""
        self._first[market] = yes
        self.changed(market)

    def see(self, foreign: Iterable[OwnOrder]) -> None:
        """The open orders of others on the account, as the last read showed them."""
        self._stale.update(self._foreign)
        self._foreign.clear()
        for order in foreign:
            self._foreign.setdefault(order.market, []).append(order)
        self._stale.update(self._foreign)

    def changed(self, market: ConditionId) -> None:
        """Something happened in a market: its loss is computed anew when it is asked for."""
        self._stale.add(market)

    def loss(self, market: ConditionId) -> Money:
        """The largest possible loss in one market, in micro-USD."""
        self._refresh()
        return self._losses.get(market, 0)

    @property
    def total(self) -> Money:
        """The largest possible losses of all markets together."""
        self._refresh()
        return self._total

    def refusal(self, market: ConditionId, stake: Stake) -> str | None:
        """Why an order must not be placed, or None.  What makes nothing worse is allowed, also beyond a limit."""
        return self._past_position(market, stake) or self._past_caps(market, stake)

    def _past_position(self, market: ConditionId, stake: Stake) -> str | None:
        """Whether the position could pass its limit if this and everything like it traded.

        Trades that may still fail are judged by what they may cost, not here: at the limit they would stop all quoting.
        """
        sign = 1 if stake.signed > 0 else -1
        net = self._position_of(market).net * sign + stake.size
        net += sum(max(0, sign * other.signed) for other in self._uncertain(market))
        limit = self.caps.position
        if net <= limit:
            return None
        return f"position limit: {size_text(net)} shares would be possible, {size_text(limit)} are allowed"

    def _past_caps(self, market: ConditionId, stake: Stake) -> str | None:
        caps = self.caps
        worth = -(-stake.price * stake.size // GRID)
        if caps.order is not None and worth > caps.order:
            return f"order limit: {_usd(worth)} USD, {_usd(caps.order)} are allowed"
        if caps.market is None and caps.account is None:
            return None
        before = self.loss(market)
        after = worst_loss(self._position_of(market), (*self._uncertain(market), stake), tuple(self._pending(market)))
        if after <= before:
            return None
        if caps.market is not None and after > caps.market:
            return f"market limit: {_usd(after)} USD could be lost in it, {_usd(caps.market)} are allowed"
        together = self.total - before + after
        if caps.account is not None and together > caps.account:
            return f"account limit: {_usd(together)} USD could be lost, {_usd(caps.account)} are allowed"
        return None

    def _refresh(self) -> None:
        for market in self._stale:
            loss = worst_loss(self._position_of(market), self._uncertain(market), self._pending(market))
            self._total += loss - self._losses.pop(market, 0)
            if loss:
                self._losses[market] = loss
        self._stale.clear()

    def _uncertain(self, market: ConditionId) -> Iterator[Stake]:
        yield from (Stake.of(order) for order in self._orders.open(market))
        yield from (Stake.of(order) for order in self._orders.owing() if order.market == market and not order.open)
        first = self._first.get(market)
        for order in self._foreign.get(market, ()):
            first = first or order.token
            yield Stake(order.side, order.price, order.remaining, order.token == first)

    def _pending(self, market: ConditionId) -> Iterator[Stake]:
        return (Stake(fill.side, fill.price, fill.size, fill.is_yes) for fill in self._settlements.pending(market))


def _usd(money: Money) -> str:
    """Whole cents, rounded up."""
    return decimal_text(-(-money * 100 // USD), 2)

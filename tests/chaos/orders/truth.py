"""What is true at the venue about the orders of one account, taken from the venue itself and nowhere else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pmm.model import GRID, Market, Money, Price, Side, Size, TokenId, notional
from pmm.sim.venue import COLLATERAL, OpenOrder, Settlement, TradeRecord, Venue


@dataclass(frozen=True)
class Part:
    """Our part of one trade, in our own terms."""

    trade_id: str
    venue_id: str
    token: TokenId
    side: Side
    price: Price
    size: Size
    status: Settlement

    @property
    def paid(self) -> Money:
        """Cash that left us; the venue rounds a maker's share in its favour, money and shares alike."""
        exact = self.price * self.size
        return exact // GRID if self.side is Side.BUY else -exact // GRID


class Truth:
    """`foreign` are the ids of orders that somebody else placed on the account."""

    def __init__(self, venue: Venue, address: str, market: Market) -> None:
        self.foreign: set[str] = set()
        self._venue = venue
        self._address = address.lower()
        self._market = market

    def resting(self) -> list[OpenOrder]:
        """Orders of ours that may trade now."""
        return [order for order in self._venue.orders(self._address) if order.order_id not in self.foreign]

    def foreign_resting(self) -> set[str]:
        return {order.order_id for order in self._venue.orders(self._address)} & self.foreign

    def order(self, venue_id: str) -> OpenOrder | None:
        return self._venue.order(venue_id)

    def parts(self) -> list[Part]:
        """Our part of every trade, the oldest first."""
        return [part for trade in reversed(self._venue.trades(self._address)) for part in self._parts(trade)]

    def holdings(self) -> tuple[Money, dict[TokenId, Size]]:
        """Cash and shares of the account, as the venue shows them."""
        tokens = [one.token_id for one in self._market.tokens]
        return self._venue.balance(self._address, COLLATERAL), {
            token: self._venue.balance(self._address, token) for token in tokens
        }

    def worst_loss(self, parts: Iterable[Part]) -> Money:
        """The most that can be lost in the market by these trades and by what rests, whatever the adversary chooses."""
        known, open_orders = tuple(parts), self.resting()
        return max(self._worst(known, open_orders, yes_wins=yes_wins) for yes_wins in (True, False))

    def is_bid(self, order: OpenOrder | Part) -> bool:
        """Whether it is on the bid side of the market."""
        return (order.side is Side.BUY) == (order.token == self._market.yes)

    def _worst(self, parts: Collection[Part], resting: Iterable[OpenOrder], *, yes_wins: bool) -> Money:
        loss = 0
        for part in parts:
            gain = self._gain(part.token, part.side, part.price, part.size, yes_wins=yes_wins)
            if part.status is Settlement.CONFIRMED:
                loss -= gain
            elif part.status is not Settlement.FAILED:
                loss += max(0, -gain)
        for order in resting:
            left = order.original - order.matched
            loss += max(0, -self._gain(order.token, order.side, order.price, left, yes_wins=yes_wins))
        return loss

    def _gain(self, token: TokenId, side: Side, price: Price, size: Size, *, yes_wins: bool) -> Money:
        pays = size if (token == self._market.yes) is yes_wins else 0
        return side.sign * (pays - notional(price, size))

    def _parts(self, trade: TradeRecord) -> Iterator[Part]:
        if trade.account == self._address and trade.order_id not in self.foreign:
            yield Part(trade.trade_id, trade.order_id, trade.token, trade.side, trade.price, trade.size, trade.status)
        for leg in trade.legs:
            if leg.account == self._address and leg.order_id not in self.foreign:
                yield Part(trade.trade_id, leg.order_id, leg.token, leg.side, leg.price, leg.size, trade.status)


def booked(parts: Iterable[Part]) -> tuple[Money, Counter[TokenId]]:
    """What trades moved that did not fail: cash and shares."""
    cash, shares = 0, Counter[TokenId]()
    for part in parts:
        if part.status is not Settlement.FAILED:
            cash -= part.paid
            shares[part.token] += part.side.sign * part.size
    return cash, shares

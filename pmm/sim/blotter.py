"""Every order that came from outside, in whatever state, and what its account is told about it."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from pmm.model import GRID, Money, Nanos, OrderId, Price, Side, Size, TimeInForce
from pmm.sim.accounts import Account
from pmm.sim.floor import Floor
from pmm.sim.ledger import COLLATERAL, Asset
from pmm.sim.matching import Outcome
from pmm.sim.notices import Notices
from pmm.sim.orders import Change, OpenOrder, OrderEvent, OrderStatus, Placed, Refusal, Terms
from pmm.sim.trades import TradeEvent, TradeRecord

# Finished orders and unread events beyond these numbers are forgotten from the oldest on.
ORDERS_KEPT_MAX = 200_000
EVENTS_KEPT_MAX = 200_000

_Noted: TypeAlias = tuple[Nanos, Change, "VenueOrder", OrderStatus, Size, tuple[str, ...]]


class VenueOrder:
    """An order on its way through the venue.  `left` is shares, or money for an order with a budget."""

    __slots__ = (
        "account",
        "asset",
        "cash",
        "created_at",
        "final",
        "floor",
        "left",
        "matched",
        "outcome",
        "reserved",
        "stake",
        "status",
        "terms",
        "trade_ids",
    )

    def __init__(self, terms: Terms, account: Account, floor: Floor, outcome: Outcome, at: Nanos) -> None:
        self.terms = terms
        self.account = account
        self.floor = floor
        self.outcome = outcome
        self.stake = account.stake(floor.condition_id)
        self.asset: Asset = COLLATERAL if terms.side is Side.BUY else terms.token
        self.status = OrderStatus.LIVE
        self.left: int = terms.budget if terms.size is None else terms.size  # type: ignore[assignment]  # one is set
        self.matched: Size = 0
        self.cash: Money = 0
        self.reserved = 0
        self.created_at = at
        self.trade_ids: tuple[str, ...] = ()
        self.final: Placed | Refusal | None = None

    @property
    def need(self) -> int:
        """What it takes to honour what is left, fees not included."""
        terms = self.terms
        if terms.side is Side.SELL or terms.size is None:
            return self.left
        return -(-terms.price * self.left // GRID)

    def reserve(self, amount: int) -> None:
        """Let `amount` of what the account has in this market stand behind this order."""
        more, self.reserved = amount - self.reserved, amount
        if self.terms.side is Side.BUY:
            self.stake.cash += more
        else:
            self.stake.shares[self.outcome] += more

    def trade(self, size: Size, cash: Money, trade_id: str) -> None:
        """Part of it has traded: so many shares for so much money."""
        self.matched += size
        self.cash += cash
        self.left -= cash if self.terms.size is None else size
        self.trade_ids = (*self.trade_ids, trade_id)
        self.reserve(self.need)

    def placed(self) -> Placed:
        """The answer to whoever placed it, as of now."""
        if not self.matched and self.status is OrderStatus.LIVE:
            return Placed(self.terms.order_id, "live")
        status = "delayed" if self.status is OrderStatus.DELAYED else "matched" if self.matched else "live"
        buys = self.terms.side is Side.BUY
        making, taking = (self.cash, self.matched) if buys else (self.matched, self.cash)
        return Placed(self.terms.order_id, status, making, taking, self.trade_ids)


def shown(order: VenueOrder, status: OrderStatus, matched: Size, trade_ids: tuple[str, ...]) -> OpenOrder:
    """An order as the venue shows it in one of its states."""
    terms, market = order.terms, order.floor.listing.market
    original = terms.budget if terms.size is None else terms.size
    assert original is not None, "an order has a size or a budget"
    return OpenOrder(
        terms.order_id,
        status,
        terms.account,
        terms.owner,
        market.condition_id,
        terms.token,
        market.tokens[order.outcome].outcome,
        terms.side,
        terms.price,
        original,
        matched,
        terms.tif,
        terms.post_only,
        terms.expires_at,
        order.created_at,
        trade_ids,
    )


class Blotter:
    """`orders` by id, to be read; and events in the order in which they happened."""

    def __init__(self, notices: Notices) -> None:
        self.orders: dict[OrderId, VenueOrder] = {}
        self._events: deque[_Noted | TradeEvent] = deque(maxlen=EVENTS_KEPT_MAX)
        self._notices = notices

    def find(self, order_id: OrderId) -> VenueOrder | None:
        return self.orders.get(order_id)

    def show(self, order: VenueOrder) -> OpenOrder:
        return shown(order, order.status, order.matched, order.trade_ids)

    def add(self, order: VenueOrder) -> None:
        """Take an order into the books of its account."""
        self.orders[order.terms.order_id] = order
        order.account.open[order.terms.order_id] = order
        if len(self.orders) > ORDERS_KEPT_MAX:
            self._forget()

    def remove(self, order: VenueOrder) -> None:
        """Forget an order that was refused after all."""
        order.reserve(0)
        order.account.open.pop(order.terms.order_id, None)
        del self.orders[order.terms.order_id]

    def close(self, order: VenueOrder, status: OrderStatus, at: Nanos, *, told: bool = True) -> None:
        """It is over; what it reserved is free again."""
        order.status = status
        order.reserve(0)
        del order.account.open[order.terms.order_id]
        if told and status is not OrderStatus.MATCHED:
            self.note(order, Change.CANCELLATION, at)
            self._notices.add(order.account.name, 1, at, {"order_id": order.terms.order_id, "reason": status.value})

    def note(self, order: VenueOrder, change: Change, at: Nanos) -> None:
        self._events.append((at, change, order, order.status, order.matched, order.trade_ids))

    def tell(self, at: Nanos, trade: TradeRecord, parties: tuple[Account, ...]) -> None:
        """Tell everybody from outside who takes part that a trade has reached a state."""
        self._events.extend(TradeEvent(at, party.name, trade) for party in parties)

    def drain(self, *, heard: bool = True) -> list[OrderEvent | TradeEvent]:
        """The events since the last call; none when they are not `heard`, which costs next to nothing."""
        events = [
            event
            if isinstance(event, TradeEvent)
            else OrderEvent(event[0], event[2].terms.account, event[1], shown(event[2], *event[3:]))
            for event in (self._events if heard else ())
        ]
        self._events.clear()
        return events

    def _forget(self) -> None:
        for order_id, order in self.orders.items():
            if not order.status.open:
                del self.orders[order_id]
                return


def limit_of(terms: Terms) -> tuple[Price, Size]:
    """Price and size that the book is given; a budget buys at most this many shares at its worst price."""
    return terms.price, terms.size if terms.size is not None else (terms.budget or 0) * GRID // terms.price


def rests(tif: TimeInForce) -> bool:
    """Whether what does not match stays on the book."""
    return tif is TimeInForce.GTC or tif is TimeInForce.GTD

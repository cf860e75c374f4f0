"""Which of the account's orders are ours, by both their ids, and what was already told of them.

The venue speaks of orders by their hash, the engine by its own ids; this is where one becomes the other.  Orders and
trades of others on the account are not known here, and never reach the engine as ours.  A trade is told as a fill once
for each order, and from then on only the news of its settlement is, whoever brings it: the user channel, a read of the
account or the read of one order.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pmm.account import OrderStatus, Origin, OwnOrder, OwnTrade, TradeStatus
from pmm.events import Event, Filled, OrderShown, Settled
from pmm.model import SECOND, Nanos, OrderId, Size
from pmm.ports import Intent

# Orders that are over and still known: late news of their fills comes within minutes, and the venue takes at most 600
# orders a second of the greatest makers, 40 of others.
OVER_MAX = 20_000
FINAL = frozenset({TradeStatus.CONFIRMED, TradeStatus.FAILED})
# By then the engine has its proof that an order is over, or asks again about this one.
ENDED_LIFE: Nanos = 3_600 * SECOND
# A trade that is not final after so long is not looked for any more: settlement takes seconds, at worst minutes.
UNSETTLED_LIFE: Nanos = 3_600 * SECOND
GONE = frozenset({OrderStatus.CANCELED, OrderStatus.UNMATCHED, OrderStatus.INVALID})


@dataclass(slots=True)
class Known:
    """One order of ours.  `trades` are those that were told, by id, with the status that was told last."""

    intent: Intent
    sent_at: Nanos
    filled: Size = 0
    trades: dict[str, TradeStatus] = field(default_factory=dict)


class OwnOrders:
    """Every order that may be open, and the last `OVER_MAX` of the others.

    `odd` counts trades that were told with another size before.
    """

    def __init__(self) -> None:
        self.odd = 0
        self._orders: dict[OrderId, Known] = {}
        self._ids: dict[str, OrderId] = {}
        self._open: dict[OrderId, Known] = {}
        self._over: OrderedDict[OrderId, None] = OrderedDict()
        self._sizes: dict[tuple[str, OrderId], Size] = {}
        self._unsettled: dict[tuple[str, OrderId], Nanos] = {}

    def add(self, intent: Intent, at: Nanos) -> Known:
        """Know an order from the moment on at which it may be at the venue."""
        known = Known(intent, at)
        self._orders[intent.order_id] = self._open[intent.order_id] = known
        self._ids[intent.venue_id] = intent.order_id
        return known

    def get(self, order_id: OrderId) -> Known | None:
        return self._orders.get(order_id)

    def order_id(self, venue_id: str) -> OrderId | None:
        """Our id of an order; None for one of others."""
        return self._ids.get(venue_id)

    def mine(self, venue_id: str, *_: str) -> bool:
        """Whether an order is ours: a `Mine` for readers of trades, which asks nothing but the id."""
        return venue_id in self._ids

    def open(self, before: Nanos) -> Iterator[OrderId]:
        """Those that may rest as far as the venue said, and were sent before a moment.

        One that the venue never showed stays among them until long after its end.
        """
        for order_id, known in tuple(self._open.items()):
            ends_at = known.intent.expires_at
            if ends_at is not None and before - ends_at > ENDED_LIFE:
                self.over(order_id)
            elif known.sent_at < before:
                yield order_id

    def over(self, order_id: OrderId) -> None:
        """Nothing of it rests any more, as far as the venue said."""
        if self._open.pop(order_id, None) is None:
            return
        self._over[order_id] = None
        while len(self._over) > OVER_MAX:
            self._forget(self._over.popitem(last=False)[0])

    def named(self, order: OwnOrder) -> OwnOrder:
        """The order under our id where it is ours."""
        order_id = self._ids.get(order.venue_id)
        return order if order_id is None else replace(order, order_id=order_id, origin=Origin.OURS)

    def told(self, trades: Iterable[OwnTrade], at: Nanos, *, sure: bool = False) -> list[Event]:
        """What is new in trades: fills, then what became of those that were told; nothing about orders of others.

        A fill is told again where `sure` trades, those of a read, have another size than was told.
        """
        return [event for trade in trades for event in self._news(trade, at, sure=sure)]

    def unsettled_since(self, at: Nanos) -> Nanos | None:
        """When the oldest trade matched whose settlement is still to be told; None when there is none."""
        recent = [matched_at for matched_at in self._unsettled.values() if at - matched_at < UNSETTLED_LIFE]
        return min(recent, default=None)

    def shown(self, order: OwnOrder, asked_at: Nanos, at: Nanos) -> OrderShown | None:
        """What the venue shows of an order of ours; None for one of others.  Its trades are to be told before."""
        order_id = self._ids.get(order.venue_id)
        if order_id is None:
            return None
        known = self._orders[order_id]
        if order.status in GONE or known.filled >= known.intent.size:
            self.over(order_id)
        elif order.is_live and order_id not in self._open:
            del self._over[order_id]
            self._open[order_id] = known
        return OrderShown(at, asked_at, order_id, order.status, order.matched)

    def _news(self, trade: OwnTrade, at: Nanos, *, sure: bool) -> Iterator[Event]:
        order_id = self._ids.get(trade.venue_id)
        if order_id is None:
            return
        known = self._orders[order_id]
        before = known.trades.get(trade.trade_id)
        if before is None:
            self._sizes[trade.trade_id, order_id] = trade.size
            known.filled += trade.size
            yield Filled(at, order_id, trade.trade_id, trade.price, trade.size)
        elif (told := self._sizes[trade.trade_id, order_id]) != trade.size:
            self.odd += 1
            if sure:
                self._sizes[trade.trade_id, order_id] = trade.size
                known.filled += trade.size - told
                yield Filled(at, order_id, trade.trade_id, trade.price, trade.size)
        if trade.status is not (before or TradeStatus.MATCHED) and before not in FINAL:
            yield Settled(at, order_id, trade.trade_id, trade.status)
        if before is None or before not in FINAL:
            known.trades[trade.trade_id] = trade.status
            self._unsettled[trade.trade_id, order_id] = trade.matched_at
        if known.trades[trade.trade_id] in FINAL:
            self._unsettled.pop((trade.trade_id, order_id), None)
        if known.filled >= known.intent.size:
            self.over(order_id)

    def _forget(self, order_id: OrderId) -> None:
        known = self._orders.pop(order_id)
        del self._ids[known.intent.venue_id]
        for trade_id in known.trades:
            self._sizes.pop((trade_id, order_id), None)
            self._unsettled.pop((trade_id, order_id), None)

"""The gateway of a dry run: our orders live here, against the book that is really there, and nothing is sent.

Orders rest behind what is displayed (`pmm.sim.queue`) and fill from the prints of the tape: a print at our price
reaches us once everything ahead of us has traded, a print through our price would have met us first.  A displayed
order that would have matched ours on arrival fills us for what it shows, once.  The volume of one print is shared by
all our orders, better prices first.  Every command takes `latency` to arrive, and fills go on until it has.

Every fill settles, `settlement` after it was told.  Orders have no end of their own here: they are cancelled, or fill.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from pmm._fast import ASK, BID, Book, Books
from pmm.account import OrderStatus, TradeStatus
from pmm.commands import Cancel, CancelAll, OrderCommand, Place, QueryOrder
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Event,
    FeedNews,
    FeedSignal,
    Filled,
    Frame,
    MarketListed,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
)
from pmm.model import GRID, MILLISECOND, ConditionId, Market, Nanos, OrderId, Price, Side, Size
from pmm.ports import Emit
from pmm.sim.queue import QueueEstimate

_BUY_CODE = 0  # the kernel's code of a taker who buys
# Orders that are over and can still be asked about; older ones are not known any more.
OVER_MAX = 10_000


@dataclass(slots=True)
class Resting:
    """One simulated order in terms of the first token: `is_bid` and `price_yes` place it in the shared book."""

    command: Place
    is_yes: bool
    is_bid: bool
    price_yes: Price
    size_left: Size
    queue: QueueEstimate

    @property
    def matched(self) -> Size:
        return self.command.size - self.size_left

    @property
    def book_side(self) -> int:
        return BID if self.is_bid else ASK


@dataclass(slots=True)
class Observed:
    """What the tape shows of one market, and our orders in it.

    `indexes` are its two books on every connection that carries it, and `connection` is the one that is read: a trade
    that two of them tell is one trade.  `crossed` is what our bids and asks already took from displayed orders that
    cross them, while they still do.
    """

    market: Market
    connection: int
    indexes: dict[int, tuple[int, int]]
    book: Book
    orders: dict[OrderId, Resting] = field(default_factory=dict)
    crossed: dict[bool, Size] = field(default_factory=lambda: {True: 0, False: 0})
    prints: list[tuple[bool, Price, Size, int, int]] = field(default_factory=list)


class ShadowGateway:
    """Implements the `Gateway` port without a venue.  `latency` is one way, both times in nanoseconds."""

    def __init__(self, latency: Nanos = 50 * MILLISECOND, settlement: Nanos = 0) -> None:
        self.latency = latency
        self.settlement = settlement
        self.markets: dict[ConditionId, Observed] = {}
        self._books: dict[int, Books] = {}
        self._by_index: dict[tuple[int, int], Observed] = {}
        self._arrivals: list[tuple[Nanos, int, OrderCommand]] = []
        self._sequence = count()
        self._trade_ids = count(1)
        self._home: dict[OrderId, Observed] = {}
        self._over: dict[OrderId, tuple[OrderStatus, Size]] = {}

    # --- the Gateway port ---------------------------------------------------------------------------------------

    def submit(self, commands: Sequence[OrderCommand], at: Nanos, emit: Emit) -> None:
        for command in commands:
            heapq.heappush(self._arrivals, (at + self.latency, next(self._sequence), command))
        if self.latency == 0:
            self._arrive(at, emit)

    def observe(self, event: Event, emit: Emit) -> None:
        """Commands due before the event arrive first: they met the book as it was."""
        self._arrive(event.at, emit)
        if isinstance(event, MarketListed):
            self._list(event)
        elif isinstance(event, Frame):
            self._on_frame(event, emit)
        elif isinstance(event, FeedSignal) and event.news in (FeedNews.CLOSED, FeedNews.GAVE_UP):
            self._leave(event.connection)

    def next_at(self) -> Nanos | None:
        return self._arrivals[0][0] if self._arrivals else None

    def advance(self, emit: Emit) -> None:
        due = self.next_at()
        if due is not None:
            self._arrive(due, emit)

    # --- commands -----------------------------------------------------------------------------------------------

    def _arrive(self, at: Nanos, emit: Emit) -> None:
        while self._arrivals and self._arrivals[0][0] <= at:
            due, _, command = heapq.heappop(self._arrivals)
            match command:
                case Place():
                    self._place(command, due, emit)
                case Cancel():
                    self._cancel(command.order_id, due, emit)
                case CancelAll():
                    for order_id in tuple(self._home):
                        self._cancel(order_id, due, emit)
                case QueryOrder():
                    self._show(command.order_id, due, emit)
                case _:
                    pass  # there is no account to read, no heartbeat to stop, and nothing was ever lost on its way

    def _place(self, command: Place, at: Nanos, emit: Emit) -> None:
        observed = self.markets[command.market]
        resting = self._resting(command, observed)
        answer_at = at + self.latency
        refusal = self._refusal(command, resting, observed)
        if refusal is not None:
            emit(Rejected(answer_at, command.order_id, refusal))
            return
        observed.orders[command.order_id] = resting
        self._home[command.order_id] = observed
        emit(Accepted(answer_at, command.order_id))

    def _cancel(self, order_id: OrderId, at: Nanos, emit: Emit) -> None:
        observed = self._home.get(order_id)
        if observed is None:
            emit(CancelRejected(at + self.latency, order_id, "Order not found or already canceled"))
            return
        self._end(observed, observed.orders[order_id], OrderStatus.CANCELED)
        emit(Canceled(at + self.latency, order_id, "canceled by us"))

    def _show(self, order_id: OrderId, at: Nanos, emit: Emit) -> None:
        """What became of an order; `at` is when the question arrived here."""
        asked_at, answer_at = at - self.latency, at + self.latency
        observed = self._home.get(order_id)
        if observed is not None:
            matched = observed.orders[order_id].matched
            emit(OrderShown(answer_at, asked_at, order_id, OrderStatus.LIVE, matched))
        elif order_id in self._over:
            emit(OrderShown(answer_at, asked_at, order_id, *self._over[order_id]))
        else:
            emit(OrderMissing(answer_at, asked_at, order_id, Reading.ORDER))

    def _end(self, observed: Observed, order: Resting, status: OrderStatus) -> None:
        order_id = order.command.order_id
        del observed.orders[order_id]
        del self._home[order_id]
        self._over[order_id] = status, order.matched
        if len(self._over) > OVER_MAX:
            del self._over[next(iter(self._over))]

    def _resting(self, command: Place, observed: Observed) -> Resting:
        is_yes = command.token == observed.market.yes
        is_bid = (command.side is Side.BUY) == is_yes
        price_yes = command.price if is_yes else GRID - command.price
        displayed = 0
        if price_yes % observed.market.tick == 0 and 0 < price_yes < GRID:
            displayed = observed.book.size_at(BID if is_bid else ASK, price_yes)
        return Resting(command, is_yes, is_bid, price_yes, command.size, QueueEstimate(displayed, displayed))

    def _refusal(self, command: Place, resting: Resting, observed: Observed) -> str | None:
        """What the venue would have said (protocol reference, section 3.11), or None."""
        tick = observed.market.tick
        if not 0 < command.price < GRID or command.price % tick:
            return f"order {command.order_id} is invalid. Price breaks minimum tick size rule"
        if command.size < observed.market.min_size:
            return f"order {command.order_id} is invalid. Size lower than the minimum"
        if self._crossing(resting, observed):
            return "invalid post-only order: order crosses book"
        return None

    # --- the tape -----------------------------------------------------------------------------------------------

    def _list(self, event: MarketListed) -> None:
        market = event.market
        observed = self.markets.get(market.condition_id)
        if observed is None:
            first = event.connections[0]
            yes, no = self._follow(first, market)
            observed = Observed(market, first, {first: (yes, no)}, self._books[first].book(yes))
            self.markets[market.condition_id] = observed
        observed.market = market
        for connection in event.connections:
            observed.indexes[connection] = indexes = self._follow(connection, market)
            for index in indexes:
                self._by_index[connection, index] = observed

    def _follow(self, connection: int, market: Market) -> tuple[int, int]:
        books = self._books.setdefault(connection, Books())
        yes, no = (books.add(token.token_id, market.tick) for token in market.tokens)
        return yes, no

    def _leave(self, connection: int) -> None:
        """A lost connection is not read; where a market has another one, that one is, from now on."""
        for observed in self.markets.values():
            if observed.connection == connection:
                others = [number for number in observed.indexes if number != connection]
                observed.connection = others[0] if others else connection
                observed.book = self._books[observed.connection].book(observed.indexes[observed.connection][0])

    def _on_frame(self, frame: Frame, emit: Emit) -> None:
        connection = frame.connection
        books = self._books.get(connection)
        if books is None or books.feed(frame.data) < 0:
            return
        for index, taker, price, size, at_ms in books.trades:
            observed = self._by_index[connection, index]
            if observed.connection == connection:
                self._on_print(observed, index, taker, (price, size, at_ms), frame.at, emit)
        touched = {id(one): one for one in (self._by_index[connection, index] for index in books.touched)}
        for observed in touched.values():
            if observed.connection == connection:
                self._on_book(observed, frame.at, emit)

    def _on_print(
        self, observed: Observed, index: int, taker: int, trade: tuple[Price, Size, int], at: Nanos, emit: Emit
    ) -> None:
        price, size, at_ms = trade
        is_yes = index == observed.indexes[observed.connection][0]
        hits_bids = (taker != _BUY_CODE) == is_yes
        price_yes = price if is_yes else GRID - price
        if self._told_twice(observed, hits_bids, price_yes, size, at_ms, index):
            return
        left = size
        for order in _best_first(observed, hits_bids):
            better = order.price_yes - price_yes if hits_bids else price_yes - order.price_yes
            if better < 0 or left == 0:
                break
            reaches = min(left, order.size_left)
            if better == 0:
                reaches = min(order.queue.on_trade(left, at), order.size_left)
            left -= reaches
            self._fill(observed, order, reaches, at, emit)

    def _on_book(self, observed: Observed, at: Nanos, emit: Emit) -> None:
        for order in observed.orders.values():
            if order.price_yes % observed.book.tick == 0:
                order.queue.on_displayed(observed.book.size_at(order.book_side, order.price_yes), at)
        for is_bid in (True, False):
            self._on_crossing(observed, is_bid, at, emit)

    def _on_crossing(self, observed: Observed, is_bid: bool, at: Nanos, emit: Emit) -> None:  # noqa: FBT001 - a side
        ours = _best_first(observed, is_bid)
        if not ours or not self._crossing(ours[0], observed):
            observed.crossed[is_bid] = 0
            return
        for order in ours:
            reaches = min(order.size_left, max(0, self._crossing(order, observed) - observed.crossed[is_bid]))
            observed.crossed[is_bid] += reaches
            self._fill(observed, order, reaches, at, emit)

    def _fill(self, observed: Observed, order: Resting, size: Size, at: Nanos, emit: Emit) -> None:
        if size <= 0:
            return
        order.size_left -= size
        order_id, told_at = order.command.order_id, at + self.latency
        if order.size_left == 0:
            self._end(observed, order, OrderStatus.MATCHED)
        trade_id = f"shadow-{next(self._trade_ids)}"
        emit(Filled(told_at, order_id, trade_id, order.command.price, size))
        emit(Settled(told_at + self.settlement, order_id, trade_id, TradeStatus.CONFIRMED))

    @staticmethod
    def _crossing(order: Resting, observed: Observed) -> Size:
        """How many shares are displayed on the other side at prices that would have matched this order."""
        other = ASK if order.is_bid else BID
        touch = observed.book.best_ask if order.is_bid else observed.book.best_bid
        if touch is None or (touch > order.price_yes if order.is_bid else touch < order.price_yes):
            return 0
        reached = 0
        for price, size in observed.book.levels(other):
            if price > order.price_yes if order.is_bid else price < order.price_yes:
                break
            reached += size
        return reached

    @staticmethod
    def _told_twice(observed: Observed, hits_bids: bool, price: Price, size: Size, at_ms: int, index: int) -> bool:  # noqa: FBT001 - a plain fact of the print
        """Whether the same trade was already printed under the market's other token."""
        seen = observed.prints
        seen[:] = [entry for entry in seen if entry[3] == at_ms]
        for entry in seen:
            if entry[:4] == (hits_bids, price, size, at_ms) and entry[4] != index:
                seen.remove(entry)
                return True
        seen.append((hits_bids, price, size, at_ms, index))
        return False


def _best_first(observed: Observed, is_bid: bool) -> list[Resting]:  # noqa: FBT001 - a side
    ours = [order for order in observed.orders.values() if order.is_bid == is_bid]
    return sorted(ours, key=lambda order: -order.price_yes if is_bid else order.price_yes)

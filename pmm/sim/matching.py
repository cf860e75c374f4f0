"""Price-time matching of one condition, in which YES and NO share a single book.

An order to buy NO at q is the same wish as to sell YES at GRID - q, so every order rests on one of two sides that are
kept in YES terms; it remembers the outcome and side that its owner wrote.  A trade happens at the maker's price and
the improvement goes to the taker (protocol reference, section 4.5).

Prices lie on a bounded grid: a side is an array of queues with an integer as its occupancy bitmap, so that the best
price is one bit operation and placing, cancelling and finding the next maker do not depend on the size of the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum, StrEnum
from itertools import takewhile
from typing import NamedTuple

from pmm.model import GRID, TICKS, Money, OrderId, Price, Side, Size, TimeInForce

BID = 0
ASK = 1


class Outcome(IntEnum):
    """The two outcomes of a condition, numbered like `Market.tokens`."""

    YES = 0
    NO = 1


class Status(StrEnum):
    """What became of a request."""

    LIVE = "live"
    MATCHED = "matched"
    KILLED = "killed"
    CANCELED = "canceled"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why a request was refused; empty when it was not."""

    NONE = ""
    OFF_TICK = "price is not on the tick grid inside (0, 1)"
    TOO_SMALL = "size is lower than the minimum"
    DUPLICATED = "order id is already resting"
    CROSSES = "post-only order crosses the book"
    POST_ONLY_TYPE = "post-only needs an order that can rest"
    NOT_FILLED = "fill-or-kill order cannot be filled completely"
    NO_MATCH = "fill-and-kill order finds nothing to match"
    UNKNOWN = "no such order rests"


class Fill(NamedTuple):
    """One maker's part of a trade; `outcome` and `side` are the maker's own, `left` is what still rests of it."""

    order_id: OrderId
    owner: str
    outcome: Outcome
    side: Side
    price_yes: Price
    size: Size
    left: Size


def maker_cash(fill: Fill) -> Money:
    """What a maker pays or gets for its part, in micro-USD; a remainder below that is never at its expense."""
    if fill.side is Side.BUY:
        return (fill.price_yes if fill.outcome is Outcome.YES else GRID - fill.price_yes) * fill.size // GRID
    return -(-(fill.price_yes if fill.outcome is Outcome.YES else GRID - fill.price_yes) * fill.size // GRID)


def taker_cash(fill: Fill, side: Side, cash: Money) -> Money:
    """What the taker pays or gets when the maker's part is `cash`: the same, or the rest of a dollar a share."""
    return cash if fill.side is not side else fill.size - cash


class LevelChange(NamedTuple):
    """The new total of one level, in YES terms."""

    book_side: int
    price_yes: Price
    size: Size


class Report(NamedTuple):
    """The answer to one request, and everything that it changed, in order.

    `left` is shares, or money for an order with a budget.
    """

    order_id: OrderId
    outcome: Outcome
    side: Side
    status: Status
    reason: Reason
    left: Size
    fills: tuple[Fill, ...]
    levels: tuple[LevelChange, ...]
    owner: str = ""


class Order:
    """A resting order: a link in the queue of its price.  Only the market changes it."""

    __slots__ = ("book_side", "index", "left", "newer", "older", "order_id", "outcome", "owner", "side", "size")

    def __init__(self, order_id: OrderId, owner: str, outcome: Outcome, side: Side, size: Size) -> None:
        self.order_id = order_id
        self.owner = owner
        self.outcome = outcome
        self.side = side
        self.size = size
        self.left = size
        self.book_side = BID if (side is Side.BUY) is (outcome is Outcome.YES) else ASK
        self.index = 0
        self.older: Order | None = None
        self.newer: Order | None = None


class _Queues:
    """One side of the book: by tick index the oldest and newest order and the total, and which indexes hold any."""

    __slots__ = ("newest", "occupied", "oldest", "total")

    def __init__(self, slots: int) -> None:
        self.oldest: list[Order | None] = [None] * slots
        self.newest: list[Order | None] = [None] * slots
        self.total: list[Size] = [0] * slots
        self.occupied = 0


class MatchingMarket:
    """The order book of one condition.

    `tick` is one of the venue's price steps; an order that can rest is refused below `size_min`.
    """

    def __init__(self, tick: Price = 100, size_min: Size = 0) -> None:
        if tick not in TICKS:
            raise ValueError(f"no tick of the venue: {tick}")
        self.tick = tick
        self.size_min = size_min
        self._last = GRID // tick
        self._sides = (_Queues(self._last + 1), _Queues(self._last + 1))
        self._orders: dict[OrderId, Order] = {}

    @property
    def best_bid(self) -> Price | None:
        """Highest price in YES terms at which somebody buys."""
        occupied = self._sides[BID].occupied
        return (occupied.bit_length() - 1) * self.tick if occupied else None

    @property
    def best_ask(self) -> Price | None:
        """Lowest price in YES terms at which somebody sells."""
        occupied = self._sides[ASK].occupied
        return ((occupied & -occupied).bit_length() - 1) * self.tick if occupied else None

    def __len__(self) -> int:
        return len(self._orders)

    def order(self, order_id: OrderId) -> Order | None:
        """The resting order of that id."""
        return self._orders.get(order_id)

    def orders(self) -> list[Order]:
        """Every resting order, in the order of arrival."""
        return list(self._orders.values())

    def size_at(self, book_side: int, price_yes: Price) -> Size:
        return self._sides[book_side].total[price_yes // self.tick]

    def levels(self, book_side: int) -> Iterator[tuple[Price, Size]]:
        """Price and total of every level of one side in YES terms, best first."""
        side = self._sides[book_side]
        occupied = side.occupied
        while occupied:
            index = (occupied.bit_length() if book_side == BID else (occupied & -occupied).bit_length()) - 1
            yield index * self.tick, side.total[index]
            occupied ^= 1 << index

    def crosses(self, outcome: Outcome, side: Side, price: Price) -> bool:
        """Whether an order on the grid at `price`, in the terms of `outcome`, would meet somebody."""
        book_side = BID if (side is Side.BUY) is (outcome is Outcome.YES) else ASK
        return self._crosses(book_side, (price if outcome is Outcome.YES else GRID - price) // self.tick)

    def change_tick(self, tick: Price) -> list[OrderId]:
        """Move every order to another grid; returns those that do not lie on it, which stay away from it.

        A finer grid contains every price of a coarser one.  The way back is not documented for the venue.
        """
        if tick not in TICKS:
            raise ValueError(f"no tick of the venue: {tick}")
        old = self.tick
        orders, self._orders = list(self._orders.values()), {}
        self.tick, self._last = tick, GRID // tick
        self._sides = (_Queues(self._last + 1), _Queues(self._last + 1))
        stray = []
        for order in orders:
            index, off = divmod(order.index * old, tick)
            if off or not 0 < index < self._last:
                stray.append(order.order_id)
                continue
            order.index, order.older, order.newer = index, None, None
            self._rest(order)
        return stray

    def submit(
        self,
        order_id: OrderId,
        outcome: Outcome,
        side: Side,
        price: Price,
        size: Size,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        post_only: bool = False,
        owner: str = "",
        budget: Money | None = None,
    ) -> Report:
        """Match what can be matched and rest or kill the remainder; `price` is in the terms of `outcome`.

        GTD rests like GTC: whoever owns the clock cancels it when it is over.  A refusal is a report, not an exception.
        A FOK or FAK BUY may be limited by `budget`, money to spend to the last unit, in place of `size`.
        """
        index, off = divmod(price if outcome is Outcome.YES else GRID - price, self.tick)
        if off or not 0 < index < self._last:
            return _refused(order_id, outcome, side, size, Reason.OFF_TICK)
        rests = tif is TimeInForce.GTC or tif is TimeInForce.GTD
        if size <= 0 or (rests and size < self.size_min):
            return _refused(order_id, outcome, side, size, Reason.TOO_SMALL)
        if order_id in self._orders:
            return _refused(order_id, outcome, side, size, Reason.DUPLICATED)
        order = Order(order_id, owner, outcome, side, size)
        order.index = index
        crosses = self._crosses(order.book_side, index)
        if (crosses and post_only) or not rests:
            reason = self._refusal(order, post_only=post_only, rests=rests, crosses=crosses, budget=budget, tif=tif)
            if reason is not Reason.NONE:
                return _refused(order_id, outcome, side, size, reason)
        if not crosses:
            level = self._rest(order)
            return Report(order_id, outcome, side, Status.LIVE, Reason.NONE, size, (), (level,), owner)
        fills, levels = self._match(order) if budget is None else self._spend(order, budget)
        status = Status.MATCHED if not order.left else Status.LIVE if rests else Status.KILLED
        if status is Status.LIVE:
            levels.append(self._rest(order))
        return Report(order_id, outcome, side, status, Reason.NONE, order.left, tuple(fills), tuple(levels), owner)

    def rest(
        self, order_id: OrderId, outcome: Outcome, side: Side, price: Price, size: Size, owner: str
    ) -> LevelChange:
        """Let an order rest that is known to lie on the grid, to be large enough and new, and to meet nobody."""
        order = Order(order_id, owner, outcome, side, size)
        order.index = (price if outcome is Outcome.YES else GRID - price) // self.tick
        assert order_id not in self._orders, "an order rests once"
        return self._rest(order)

    def cancel(self, order_id: OrderId) -> Report:
        """Take one order off the book; refused with `UNKNOWN` when it does not rest."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return _refused(order_id, Outcome.YES, Side.BUY, 0, Reason.UNKNOWN)
        level = self._unlink(order)
        left = order.left
        return Report(
            order_id, order.outcome, order.side, Status.CANCELED, Reason.NONE, left, (), (level,), order.owner
        )

    def _crosses(self, book_side: int, index: int) -> bool:
        occupied = self._sides[1 - book_side].occupied
        if not occupied:
            return False
        if book_side == BID:
            return (occupied & -occupied).bit_length() - 1 <= index
        return occupied.bit_length() - 1 >= index

    def _refusal(
        self, order: Order, *, post_only: bool, rests: bool, crosses: bool, budget: Money | None, tif: TimeInForce
    ) -> Reason:
        if post_only:
            return Reason.CROSSES if rests else Reason.POST_ONLY_TYPE
        if tif is TimeInForce.FAK:
            return Reason.NONE if crosses else Reason.NO_MATCH
        enough = self._available(order) >= order.size if budget is None else self._price_of_all(order) >= budget
        return Reason.NONE if enough else Reason.NOT_FILLED

    def _reach(self, order: Order) -> Iterator[tuple[Price, Size]]:
        """The levels that the order may trade with."""
        limit = order.index * self.tick
        sign = 1 if order.book_side == BID else -1
        return takewhile(lambda level: (limit - level[0]) * sign >= 0, self.levels(1 - order.book_side))

    def _available(self, order: Order) -> Size:
        return sum(size for _, size in self._reach(order))

    def _price_of_all(self, order: Order) -> Money:
        """What everything in reach would cost a buyer."""
        yes = order.outcome is Outcome.YES
        return sum(-(-(price if yes else GRID - price) * size // GRID) for price, size in self._reach(order))

    def _rest(self, order: Order) -> LevelChange:
        side = self._sides[order.book_side]
        index = order.index
        newest = side.newest[index]
        if newest is None:
            side.oldest[index] = order
            side.occupied |= 1 << index
        else:
            newest.newer = order
            order.older = newest
        side.newest[index] = order
        side.total[index] = total = side.total[index] + order.left
        self._orders[order.order_id] = order
        return LevelChange(order.book_side, index * self.tick, total)

    def _unlink(self, order: Order) -> LevelChange:
        side = self._sides[order.book_side]
        index, older, newer = order.index, order.older, order.newer
        if older is None:
            side.oldest[index] = newer
        else:
            older.newer = newer
        if newer is None:
            side.newest[index] = older
        else:
            newer.older = older
        side.total[index] = total = side.total[index] - order.left
        if side.oldest[index] is None:
            side.occupied ^= 1 << index
        return LevelChange(order.book_side, index * self.tick, total)

    def _match(self, taker: Order) -> tuple[list[Fill], list[LevelChange]]:
        fills: list[Fill] = []
        levels: list[LevelChange] = []
        other = 1 - taker.book_side
        side = self._sides[other]
        while taker.left and self._crosses(taker.book_side, taker.index):
            occupied = side.occupied
            index = (occupied.bit_length() if other == BID else (occupied & -occupied).bit_length()) - 1
            levels.append(self._consume(taker, side, index, fills))
        return fills, levels

    def _spend(self, taker: Order, budget: Money) -> tuple[list[Fill], list[LevelChange]]:
        """Match a BUY until its budget is gone, level by level; `left` ends as the money that is left.

        A buyer pays fractions of a micro-dollar upwards, so a budget that buys anything is spent to the last unit.
        """
        fills: list[Fill] = []
        levels: list[LevelChange] = []
        other = 1 - taker.book_side
        side = self._sides[other]
        while budget and self._crosses(taker.book_side, taker.index):
            occupied = side.occupied
            index = (occupied.bit_length() if other == BID else (occupied & -occupied).bit_length()) - 1
            price = index * self.tick if taker.outcome is Outcome.YES else GRID - index * self.tick
            change: LevelChange | None = None
            while budget and (maker := side.oldest[index]) is not None:
                taker.left = min(budget * GRID // price, maker.left)
                change = self._consume(taker, side, index, fills)
                budget -= taker_cash(fills[-1], taker.side, maker_cash(fills[-1]))
            assert change is not None, "an occupied price has an order"
            levels.append(change)
        taker.left = budget
        return fills, levels

    def _consume(self, taker: Order, side: _Queues, index: int, fills: list[Fill]) -> LevelChange:
        """Trade with the queue of one price, oldest first, until the taker or the queue is exhausted."""
        price = index * self.tick
        maker = side.oldest[index]
        before = taker.left
        while maker is not None and taker.left:
            size = min(maker.left, taker.left)
            taker.left -= size
            maker.left -= size
            fills.append(Fill(maker.order_id, maker.owner, maker.outcome, maker.side, price, size, maker.left))
            if maker.left:
                break
            del self._orders[maker.order_id]
            maker = maker.newer
        side.oldest[index] = maker
        side.total[index] = total = side.total[index] - (before - taker.left)
        if maker is None:
            side.newest[index] = None
            side.occupied ^= 1 << index
        else:
            maker.older = None
        return LevelChange(1 - taker.book_side, price, total)


def _refused(order_id: OrderId, outcome: Outcome, side: Side, left: Size, reason: Reason) -> Report:
    return Report(order_id, outcome, side, Status.REJECTED, reason, left, (), ())

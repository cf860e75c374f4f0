"""A sharp move of a market, as the orders that make it: each takes everything up to the next tick and rests there."""

from __future__ import annotations

from pmm._fast import ASK, BID
from pmm.exchange.answers import Refused
from pmm.exchange.prices import Found
from pmm.model import GRID, Price, Side, Size, price_text, size_text

NOWHERE = "the book of this market is empty: there is nothing to move"
TOO_SMALL = "size is lower than the minimum of the market"
NO_WAY = "ticks must be at least 1, and end inside of the grid"


def moves(found: Found, side: Side, ticks: int, size: Size) -> list[dict[str, object]]:
    """The bodies of `/orders`, one for each tick that `side` pushes its own best price: BUY up, SELL down.

    `size` rests at every tick.  Raises Refused for a market without orders, a size below its minimum, and a move beyond
    the last tick.
    """
    wire, outcome = found
    book, tick = wire.books[outcome], wire.market.tick
    own, other = (book.best_bid, book.best_ask) if side is Side.BUY else (book.best_ask, book.best_bid)
    start = own if own is not None else other
    if start is None:
        raise Refused(409, NOWHERE)
    if size < wire.market.min_size:
        raise Refused(400, TOO_SMALL)
    step = tick if side is Side.BUY else -tick
    if ticks < 1 or not 0 < start + step * ticks < GRID:
        raise Refused(400, NO_WAY)
    prices = [start + step * number for number in range(1, ticks + 1)]
    return [
        {"side": side.value, "price": price_text(price), "size": size_text(size), "sweep": True} for price in prices
    ]


def in_the_way(found: Found, side: Side, price: Price) -> Size:
    """What rests on the other side at `price` or better."""
    wire, outcome = found
    levels = wire.books[outcome].levels(ASK if side is Side.BUY else BID)
    return sum(size for at, size in levels if (at <= price if side is Side.BUY else at >= price))

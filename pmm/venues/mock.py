"""A market data feed that does what it is told: for the tests of whoever builds on pmm.

    feed = MockFeed(market)
    engine.step(feed.listed())
    for event in feed.connect():
        engine.step(event)
    engine.step(feed.set_price("0.50", spread="0.02"))

Every method returns the events that the engine would have received from a real socket, and hands them to the driver
too when the feed was given to one (`run`).  Time moves only by `pass_time`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import orjson

from pmm._fast import ASK, BID, Book
from pmm.events import Event, FeedNews, FeedSignal, Frame, MarketListed, Timer
from pmm.model import (
    GRID,
    MILLISECOND,
    SECOND,
    SHARE,
    Market,
    Nanos,
    Price,
    Side,
    Size,
    parse_price,
    parse_size,
    price_text,
    size_text,
)
from pmm.ports import Emit

Levels: TypeAlias = Sequence[tuple[str, str]]
Told = TypeVar("Told", FeedSignal, Frame, Timer)
DEFAULT_SIZE: Size = 100 * SHARE


class MockFeed:
    """One market's feed by hand.  Prices and sizes are decimal text, in terms of the market's first token."""

    def __init__(self, market: Market, at: Nanos = 1_790_000_000 * SECOND, connection: int = 0) -> None:
        self.market = market
        self.at = at
        self.connection = connection
        self.reconnects: list[str] = []
        self._book = Book(market.tick)
        self._pending: list[Event] = []
        self._arrived = asyncio.Event()

    # --- the Feed port --------------------------------------------------------------------------------------------

    async def run(self, emit: Emit) -> None:
        """Hand over what happened so far and whatever happens next, until cancelled."""
        while True:
            while self._pending:
                emit(self._pending.pop(0))
            self._arrived.clear()
            await self._arrived.wait()

    def reconnect(self, cause: str) -> None:
        """What the engine asked for is kept in `reconnects`; nothing happens by itself."""
        self.reconnects.append(cause)

    # --- state and health -----------------------------------------------------------------------------------------

    def listed(self) -> MarketListed:
        return MarketListed(self.at, self.market)

    def connect(self) -> tuple[FeedSignal, ...]:
        """The socket opens; data is still to come."""
        return tuple(
            self._tell(FeedSignal(self.at, self.connection, n)) for n in (FeedNews.CONNECTING, FeedNews.OPENED)
        )

    def lose(self, cause: str = "socket closed") -> FeedSignal:
        """The socket closes; the next attempt is `connect`."""
        return self._tell(FeedSignal(self.at, self.connection, FeedNews.CLOSED, cause))

    def give_up(self, cause: str = "no attempt is left") -> FeedSignal:
        return self._tell(FeedSignal(self.at, self.connection, FeedNews.GAVE_UP, cause))

    def pass_time(self, seconds: float) -> Timer:
        self.at += round(seconds * SECOND)
        return self._tell(Timer(self.at))

    # --- data -----------------------------------------------------------------------------------------------------

    def set_book(self, bids: Levels, asks: Levels) -> Frame:
        """Replace the book and send it as a snapshot.  Raises ValueError for prices off the tick."""
        self._book.load(_levels(bids), _levels(asks))
        return self.snapshot()

    def set_price(self, mid: str, spread: str = "0.02", size: Size = DEFAULT_SIZE) -> Frame:
        """A book of one level a side around `mid`."""
        half = parse_price(spread) // 2
        self._book.load([(parse_price(mid) - half, size)], [(parse_price(mid) + half, size)])
        return self.snapshot()

    def snapshot(self) -> Frame:
        """Both tokens' books, as the venue answers a subscription."""
        return self._frame([self._token_book(n) for n in range(len(self.market.tokens))])

    def change(self, side: Side, price: str, size: str) -> Frame:
        """A level of the first token shows another size; "0" removes it."""
        level = parse_price(price)
        self._book.set(BID if side is Side.BUY else ASK, level, parse_size(size))
        mirrored = self._book.mirrored()
        entries = [
            self._change(0, self._book, side, level, size),
            self._change(1, mirrored, side.opposite, GRID - level, size),
        ]
        return self._frame(
            {
                "market": self.market.condition_id,
                "price_changes": entries,
                "timestamp": self._timestamp(),
                "event_type": "price_change",
            }
        )

    def trade(self, taker: Side, price: str, size: str) -> Frame:
        """A print on the tape; the book does not change by itself."""
        return self._frame(
            {
                "market": self.market.condition_id,
                "asset_id": self.market.yes,
                "price": price,
                "size": size,
                "fee_rate_bps": "0",
                "side": taker,
                "timestamp": self._timestamp(),
                "event_type": "last_trade_price",
                "transaction_hash": "0x" + "0" * 64,
            }
        )

    def raw(self, data: bytes) -> Frame:
        """Exactly these bytes, whatever they are."""
        return self._tell(Frame(self.at, self.connection, data))

    # --- forms ----------------------------------------------------------------------------------------------------

    def _frame(self, body: object) -> Frame:
        return self.raw(orjson.dumps(body))

    def _token_book(self, number: int) -> dict[str, object]:
        book = self._book.mirrored() if number else self._book
        token, stamp = self.market.tokens[number].token_id, self._timestamp()
        return {
            "market": self.market.condition_id,
            "asset_id": token,
            "timestamp": stamp,
            "hash": self._hash(number, book),
            "bids": _texts(book.levels(BID)),
            "asks": _texts(book.levels(ASK)),
            "tick_size": price_text(self.market.tick),
            "event_type": "book",
            "last_trade_price": "",
        }

    def _change(self, number: int, book: Book, side: Side, price: Price, size: str) -> dict[str, object]:
        return {
            "asset_id": self.market.tokens[number].token_id,
            "price": price_text(price),
            "size": size,
            "side": side,
            "hash": self._hash(number, book),
            "best_bid": price_text(book.best_bid or 0),
            "best_ask": price_text(GRID if book.best_ask is None else book.best_ask),
        }

    def _hash(self, number: int, book: Book) -> str:
        market = self.market
        min_size, stamp = size_text(market.min_size), self._timestamp()
        return book.hash(market.condition_id, market.tokens[number].token_id, stamp, min_size, market.neg_risk, "")

    def _timestamp(self) -> str:
        return str(self.at // MILLISECOND)

    def _tell(self, event: Told) -> Told:
        self._pending.append(event)
        self._arrived.set()
        return event


def _levels(levels: Levels) -> list[tuple[Price, Size]]:
    return [(parse_price(price), parse_size(size)) for price, size in levels]


def _texts(levels: list[tuple[Price, Size]]) -> list[dict[str, str]]:
    """Worst level first, as on the wire."""
    return [{"price": price_text(price), "size": size_text(size)} for price, size in reversed(levels)]

"""A market data feed that does what it is told: for the tests of whoever builds on pmm.

    feed = MockFeed(market)
    engine.step(feed.listed())
    for event in feed.connect():
        engine.step(event)
    engine.step(feed.set_price("0.50", spread="0.02"))

Every method returns the events that the engine would have received from a real socket, and hands them to the driver
too when the feed was given to one (`run`).  Time moves only by `pass_time` and `freeze`.  The feed knows the true book
as a venue does, so every hash is true, and a book that went wrong is told apart from it: `corrupt` sends a change that
never happened, `miss` lets one happen that is never sent, `freeze` lets time pass without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import orjson

from pmm._fast import ASK, BID, Book
from pmm.events import BookRead, Event, FeedNews, FeedSignal, Frame, MarketListed, Timer
from pmm.model import (
    GRID,
    MILLISECOND,
    SECOND,
    SHARE,
    BookPage,
    Level,
    Market,
    Nanos,
    Price,
    Side,
    Size,
    TokenId,
    last_trade_text,
    parse_price,
    parse_size,
    price_text,
    size_text,
)
from pmm.ports import Emit

Levels: TypeAlias = Sequence[tuple[str, str]]
Told = TypeVar("Told", FeedSignal, Frame, Timer)
DEFAULT_SIZE: Size = 100 * SHARE
_SIDES = {Side.BUY: BID, Side.SELL: ASK}


class MockFeed:
    """One market's feed by hand, and its REST reads: prices and sizes are decimal text, of the market's first token."""

    def __init__(self, market: Market, at: Nanos = 1_790_000_000 * SECOND, connection: int = 0) -> None:
        self.market = market
        self.at = at
        self.connection = connection
        self.reconnects: list[str] = []
        self.asked: list[tuple[str, tuple[TokenId, ...]]] = []
        self.rest_failure = ""
        self._last_trade: Price | None = None
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

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        """Kept in `asked`, as `("subscribe", tokens)`; the answer is what the test sends next."""
        self.asked.append(("subscribe", tuple(tokens)))

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Kept in `asked`."""
        self.asked.append(("unsubscribe", tuple(tokens)))

    def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Kept in `asked`; `snapshot` is how the venue would answer."""
        self.asked.append(("resubscribe", tuple(tokens)))

    # --- the BookReader port --------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Answers are given at once, so there is nothing to keep going."""

    def read(self, tokens: Sequence[TokenId], emit: Emit) -> None:
        """Answer from the true book at once, or with `rest_failure` where a test has set one."""
        for token in tokens:
            emit(self.read_book(token))

    def read_book(self, token: TokenId) -> BookRead:
        """What REST says of a token's book now."""
        numbers = {each.token_id: number for number, each in enumerate(self.market.tokens)}
        if self.rest_failure or token not in numbers:
            return BookRead(self.at, self.at, token, None, self.rest_failure or "no such token")
        return BookRead(self.at, self.at, token, self._page(numbers[token]))

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

    def freeze(self, seconds: int) -> tuple[Timer, ...]:
        """Time passes second by second, the socket stays open, and not a byte comes."""
        return tuple(self.pass_time(1) for _ in range(seconds))

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
        self.miss(side, price, size)
        return self._say_change(side, price, size)

    def miss(self, side: Side, price: str, size: str) -> None:
        """The venue's book changes and the message about it is lost: the next hash gives it away."""
        self._book.set(_SIDES[side], parse_price(price), parse_size(size))

    def corrupt(self, side: Side, price: str, size: str) -> Frame:
        """A change that never happened, with the hash and the best prices of the true book."""
        return self._say_change(side, price, size)

    def _say_change(self, side: Side, price: str, size: str) -> Frame:
        level, mirrored = parse_price(price), self._book.mirrored()
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
        """A print on the tape; the book does not change by itself, but its hash holds the price from now on."""
        self._last_trade = parse_price(price)
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
            "last_trade_price": last_trade_text(self._last_trade),
        }

    def _page(self, number: int) -> BookPage:
        book = self._book.mirrored() if number else self._book
        return BookPage(
            token=self.market.tokens[number].token_id,
            condition_id=self.market.condition_id,
            timestamp_ms=self.at // MILLISECOND,
            bids=tuple(Level(*level) for level in book.levels(BID)),
            asks=tuple(Level(*level) for level in book.levels(ASK)),
            tick=self.market.tick,
            min_size=self.market.min_size,
            neg_risk=self.market.neg_risk,
            last_trade=self._last_trade,
            hash=self._hash(number, book),
        )

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
        market, token = self.market, self.market.tokens[number].token_id
        min_size, stamp, trade = size_text(market.min_size), self._timestamp(), last_trade_text(self._last_trade)
        return book.hash(market.condition_id, token, stamp, min_size, market.neg_risk, trade)

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

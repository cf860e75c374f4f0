"""Other ways from a frame to a book and a quote decision, each as fast as its library lets us write it.

A stack has `books(frame)`, `quote(frame)` (how many tokens requoted) and `best()`, every book's best prices.  All make
the same decision: two cents to each side of the mid, moved when the mid went half a cent and a price changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
import simdjson
from sortedcontainers import SortedDict

from benchmarks.stream import Stream, decimal

HALF2 = 400  # twice two cents, in grid units
THRESHOLD2 = 100  # twice half a cent
PRICES = {decimal(price, 4): price for price in range(10_001)}


class Token:
    """A peer's state of one token, in attributes of a slotted object."""

    __slots__ = ("ask", "asks", "bid", "bids", "placed2", "tick", "working")

    def __init__(self, tick: int, side: Callable[[], Any]) -> None:
        self.tick = tick
        self.bids, self.asks = side(), side()
        self.bid, self.ask = 0, 10_000
        self.placed2, self.working = -(10**9), (0, 0)


class Stack:
    """What all peers share: the tokens and the decision."""

    side: Callable[[], Any] = dict

    def __init__(self, stream: Stream) -> None:
        self.tokens = {token: Token(tick, type(self).side) for token, tick in stream.ticks.items()}
        self.books = self.reader()
        self.quote = self.decider(self.books)

    def reader(self) -> Callable[[bytes], Any]:
        """A function that applies a frame and returns the tokens it touched."""
        raise NotImplementedError

    def decider(self, books: Callable[[bytes], Any]) -> Callable[[bytes], int]:
        def quote(frame: bytes) -> int:
            requotes = 0
            for token in books(frame):
                mid2 = token.bid + token.ask
                moved = mid2 - token.placed2
                if -THRESHOLD2 < moved < THRESHOLD2:
                    continue
                step = 2 * token.tick
                bid = (mid2 - HALF2) // step * token.tick
                ask = -(-(mid2 + HALF2) // step) * token.tick
                if (bid, ask) != token.working:
                    token.placed2, token.working = mid2, (bid, ask)
                    requotes += 1
            return requotes

        return quote

    def best(self) -> dict[str, tuple[int, int]]:
        return {name: (token.bid, token.ask) for name, token in self.tokens.items()}


class Change(msgspec.Struct, gc=False):
    asset_id: str
    price: str
    size: float
    side: str


class Level(msgspec.Struct, gc=False):
    price: str
    size: float


class Message(msgspec.Struct, gc=False):
    event_type: str = ""
    asset_id: str = ""
    price_changes: list[Change] = []
    bids: list[Level] = []
    asks: list[Level] = []


decode_typed = msgspec.json.Decoder(Message, strict=False).decode


def load(token: Token, bids: list[tuple[int, float]], asks: list[tuple[int, float]]) -> None:
    token.bids.clear()
    token.asks.clear()
    token.bids.update(bids)
    token.asks.update(asks)
    token.bid, token.ask = max(token.bids, default=0), min(token.asks, default=10_000)


class MsgspecClosure(Stack):
    """The best hand-tuned Python: msgspec into minimal structs, dicts, cached best prices, one closure."""

    def reader(self) -> Callable[[bytes], Any]:
        tokens, prices, decode = self.tokens, PRICES, decode_typed

        def books(frame: bytes) -> Any:
            message = decode(frame)
            if message.event_type == "book":
                token = tokens[message.asset_id]
                levels = (
                    [(prices[level.price], level.size) for level in side] for side in (message.bids, message.asks)
                )
                load(token, *levels)
                return (token,)
            touched = set()
            for change in message.price_changes:
                token = tokens[change.asset_id]
                touched.add(token)
                price, size = prices[change.price], change.size
                if change.side == "BUY":
                    if size:
                        token.bids[price] = size
                        if price > token.bid:
                            token.bid = price
                    elif token.bids.pop(price, None) is not None and price == token.bid:
                        token.bid = max(token.bids, default=0)
                elif size:
                    token.asks[price] = size
                    if price < token.ask:
                        token.ask = price
                elif token.asks.pop(price, None) is not None and price == token.ask:
                    token.ask = min(token.asks, default=10_000)
            return touched

        return books

    def decider(self, books: Callable[[bytes], Any]) -> Callable[[bytes], int]:
        # The same again with the decision inside, so that a frame costs one Python call.
        tokens, prices, decode = self.tokens, PRICES, decode_typed

        def quote(frame: bytes) -> int:
            message = decode(frame)
            touched = set(books(frame)) if message.event_type == "book" else set()
            for change in message.price_changes:
                token = tokens[change.asset_id]
                touched.add(token)
                price, size = prices[change.price], change.size
                if change.side == "BUY":
                    if size:
                        token.bids[price] = size
                        if price > token.bid:
                            token.bid = price
                    elif token.bids.pop(price, None) is not None and price == token.bid:
                        token.bid = max(token.bids, default=0)
                elif size:
                    token.asks[price] = size
                    if price < token.ask:
                        token.ask = price
                elif token.asks.pop(price, None) is not None and price == token.ask:
                    token.ask = min(token.asks, default=10_000)
            requotes = 0
            for token in touched:
                mid2 = token.bid + token.ask
                if -THRESHOLD2 < mid2 - token.placed2 < THRESHOLD2:
                    continue
                step = 2 * token.tick
                wanted = (mid2 - HALF2) // step * token.tick, -(-(mid2 + HALF2) // step) * token.tick
                if wanted != token.working:
                    token.placed2, token.working = mid2, wanted
                    requotes += 1
            return requotes

        return quote


class OrjsonDict(Stack):
    """orjson, dicts, cached best prices."""

    @staticmethod
    def decoder() -> Callable[[bytes], Any]:
        return orjson.loads

    def reader(self) -> Callable[[bytes], Any]:
        tokens, prices, loads = self.tokens, PRICES, self.decoder()

        def books(frame: bytes) -> Any:
            message = loads(frame)
            if message["event_type"] == "book":
                token = tokens[message["asset_id"]]
                levels = (
                    [(prices[row["price"]], float(row["size"])) for row in message[key]] for key in ("bids", "asks")
                )
                load(token, *levels)
                return (token,)
            touched = set()
            for change in message["price_changes"]:
                token = tokens[change["asset_id"]]
                touched.add(token)
                put(token, change["side"] == "BUY", prices[change["price"]], float(change["size"]))
            return touched

        return books


def put(
    token: Token,
    buys: bool,  # noqa: FBT001
    price: int,
    size: float,
) -> None:
    side = token.bids if buys else token.asks
    if size:
        side[price] = size
        if buys:
            token.bid = max(token.bid, price)
        else:
            token.ask = min(token.ask, price)
    elif side.pop(price, None) is not None:
        if buys and price == token.bid:
            token.bid = max(side, default=0)
        elif not buys and price == token.ask:
            token.ask = min(side, default=10_000)


class SimdjsonDict(OrjsonDict):
    """The same on pysimdjson, whose objects read a key when they are asked."""

    @staticmethod
    def decoder() -> Callable[[bytes], Any]:
        parse: Callable[[bytes], Any] = simdjson.Parser().parse
        return parse


class JsonSorted(Stack):
    """The standard json module and SortedDict with float prices, as many public bots do it."""

    side = SortedDict

    def reader(self) -> Callable[[bytes], Any]:
        tokens, loads = self.tokens, json.loads

        def books(frame: bytes) -> Any:
            message = loads(frame)
            touched = set()
            if message["event_type"] == "book":
                token = tokens[message["asset_id"]]
                for side, rows in ((token.bids, message["bids"]), (token.asks, message["asks"])):
                    side.clear()
                    side.update((float(row["price"]), float(row["size"])) for row in rows)
                touched.add(token)
            for change in message.get("price_changes", ()):
                token = tokens[change["asset_id"]]
                side = token.bids if change["side"] == "BUY" else token.asks
                price, size = float(change["price"]), float(change["size"])
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
                touched.add(token)
            for token in touched:
                token.bid = round(token.bids.peekitem(-1)[0] * 10_000) if token.bids else 0
                token.ask = round(token.asks.peekitem(0)[0] * 10_000) if token.asks else 10_000
            return touched

        return books


class MsgspecOrderBook(Stack):
    """msgspec and the order-book package (C)."""

    def __init__(self, stream: Stream) -> None:
        from order_book import OrderBook

        self.ladders = {token: OrderBook() for token in stream.ticks}
        super().__init__(stream)

    def reader(self) -> Callable[[bytes], Any]:
        tokens, ladders, prices, decode = self.tokens, self.ladders, PRICES, decode_typed

        def books(frame: bytes) -> Any:
            message = decode(frame)
            touched = set()
            if message.event_type == "book":
                ladder = ladders[message.asset_id]
                ladder.bids = {prices[level.price]: level.size for level in message.bids}
                ladder.asks = {prices[level.price]: level.size for level in message.asks}
                touched.add(message.asset_id)
            for change in message.price_changes:
                ladder = ladders[change.asset_id]
                side = ladder.bids if change.side == "BUY" else ladder.asks
                price = prices[change.price]
                if change.size:
                    side[price] = change.size
                elif price in side:
                    del side[price]
                touched.add(change.asset_id)
            found = []
            for name in touched:
                token, ladder = tokens[name], ladders[name]
                token.bid = ladder.bids.index(0)[0] if len(ladder.bids) else 0
                token.ask = ladder.asks.index(0)[0] if len(ladder.asks) else 10_000
                found.append(token)
            return found

        return books


class Ours:
    """The kernel: one call a frame, decisions included."""

    def __init__(self, stream: Stream) -> None:
        from pmm._fast import Books, Quoter

        self.kernel, other = Books(), Books()
        self.quoter = Quoter(other, settle=True)
        self.names = list(stream.ticks)
        for token, tick in stream.ticks.items():
            self.kernel.add(token, tick)
            self.quoter.plan(other.add(token, tick), 20_000, 10_000_000, post_only=0, threshold=5_000)
        self.books, self.quote = self.kernel.feed, self.quoter.feed

    def best(self) -> dict[str, tuple[int | None, int | None]]:
        books = [self.quoter.books.book(index) for index in range(len(self.names))]
        return {name: (book.best_bid, book.best_ask) for name, book in zip(self.names, books, strict=True)}


PEERS: dict[str, Callable[[Stream], Any]] = {
    "msgspec, hand-tuned closure": MsgspecClosure,
    "orjson + dict": OrjsonDict,
    "pysimdjson + dict": SimdjsonDict,
    "json + SortedDict": JsonSorted,
}
try:
    import order_book  # noqa: F401  # a peer only where it is installed
except ImportError:
    pass
else:
    PEERS["msgspec + order-book"] = MsgspecOrderBook

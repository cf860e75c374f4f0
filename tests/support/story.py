"""The words in which tests tell their stories: one market, its frames, and an engine that lives through them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from pmm._fast import Book
from pmm.commands import Cancel, Command, Place
from pmm.core.engine import Engine, EngineConfig
from pmm.core.guard import Rules
from pmm.core.step import Step
from pmm.events import Accepted, Canceled, Event, FeedNews, FeedSignal, Filled, Frame, MarketListed, Timer
from pmm.model import (
    GRID,
    MILLISECOND,
    SECOND,
    SHARE,
    BookPage,
    ConditionId,
    Market,
    Nanos,
    Price,
    Side,
    Token,
    TokenId,
    parse_price,
    price_text,
)
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from pmm.venues.polymarket import codec

START: Nanos = 1_790_000_000 * SECOND
CONDITION = "0x" + "ab" * 32
YES = "1" + "7" * 76
NO = "2" + "7" * 76


def shares(count: float) -> int:
    return round(count * SHARE)


def market(tick: str = "0.01", condition: str = CONDITION, yes: str = YES, no: str = NO) -> Market:
    tokens = (Token(yes, "Yes"), Token(no, "No"))
    return Market(condition, "rain", "Will it rain?", tokens, parse_price(tick), 5 * SHARE)


def _levels(levels: Iterable[tuple[str, float]]) -> list[dict[str, str]]:
    return [{"price": price, "size": f"{size:g}"} for price, size in levels]


def true_hash(book: Book, at: Nanos, token: str = YES, last_trade: str = "", condition: ConditionId = CONDITION) -> str:
    """The hash that the venue would send for a book of the market of these stories."""
    return book.hash(condition, token, str(at // MILLISECOND), "5", False, last_trade)


def book_of(bids: Sequence[tuple[str, float]], asks: Sequence[tuple[str, float]], tick: str = "0.01") -> Book:
    book = Book(parse_price(tick))
    book.load(*([(parse_price(price), shares(size)) for price, size in side] for side in (bids, asks)))
    return book


def book_frame(
    bids: Sequence[tuple[str, float]],
    asks: Sequence[tuple[str, float]],
    *,
    at: Nanos = START,
    token: str = YES,
    connection: int = 0,
    tick: str = "0.01",
    condition: ConditionId = CONDITION,
) -> Frame:
    """A snapshot of one token with its true hash; levels best first."""
    body = {
        "market": condition,
        "asset_id": token,
        "timestamp": str(at // MILLISECOND),
        "hash": true_hash(book_of(bids, asks, tick), at, token, condition=condition),
        "bids": _levels(reversed(bids)),
        "asks": _levels(reversed(asks)),
        "tick_size": tick,
        "event_type": "book",
        "last_trade_price": "",
    }
    return Frame(at, connection, json.dumps([body], separators=(",", ":")).encode())


def touch_frame(bid: str, ask: str, *, at: Nanos = START, size: float = 100, tick: str = "0.01") -> Frame:
    """A snapshot with one level a side."""
    return book_frame([(bid, size)], [(ask, size)], at=at, tick=tick)


def change_frame(
    side: Side,
    price: str,
    size: float,
    best_bid: str,
    best_ask: str,
    *,
    at: Nanos = START,
    token: str = YES,
    book_hash: str = "",
) -> Frame:
    """One change as the venue tells it; without a hash it is no evidence about the rest of the book."""
    change = {
        "asset_id": token,
        "price": price,
        "size": f"{size:g}",
        "side": str(side),
        "hash": book_hash,
        "best_bid": best_bid,
        "best_ask": best_ask,
    }
    body = {
        "market": CONDITION,
        "price_changes": [change],
        "timestamp": str(at // MILLISECOND),
        "event_type": "price_change",
    }
    return Frame(at, 0, json.dumps(body, separators=(", ", ":")).encode())


def trade_frame(taker: Side, price: str, size: float, *, at: Nanos = START, token: str = YES) -> Frame:
    body = {
        "market": CONDITION,
        "asset_id": token,
        "price": price,
        "size": f"{size:g}",
        "fee_rate_bps": "0",
        "side": str(taker),
        "timestamp": str(at // MILLISECOND),
        "event_type": "last_trade_price",
        "transaction_hash": "0x" + "0" * 64,
    }
    return Frame(at, 0, json.dumps(body, separators=(", ", ":")).encode())


def page_of(world: DemoWorld) -> Callable[[TokenId], BookPage]:
    """The REST reads of a simulated venue."""
    return lambda token: codec.book(json.loads(world.rest_book(token) or ""))


class Story:
    """An engine with one market whose commands a test answers by hand."""

    def __init__(
        self, params: FixedSpreadParams | None = None, config: EngineConfig | None = None, rules: Rules = ()
    ) -> None:
        self.engine = Engine(FixedSpread(params), config, rules)
        self.at = START
        self.step: Step | None = None
        self.history: list[Step] = []

    def tell(self, event: Event) -> Step:
        self.step = self.engine.step(event)
        self.history.append(self.step)
        return self.step

    def open_market(self, bid: str = "0.49", ask: str = "0.51", tick: str = "0.01") -> Step:
        """List the market, connect, and send the first book."""
        self.tell(MarketListed(self.at, market(tick)))
        self.tell(FeedSignal(self.at, 0, FeedNews.CONNECTING))
        self.tell(FeedSignal(self.at, 0, FeedNews.OPENED))
        return self.touch(bid, ask, tick=tick)

    def touch(self, bid: str, ask: str, tick: str = "0.01") -> Step:
        self.at += MILLISECOND
        return self.tell(touch_frame(bid, ask, at=self.at, tick=tick))

    def wait(self, seconds: float) -> Step:
        """Let time pass, a timer at its end."""
        self.at += round(seconds * SECOND)
        return self.tell(Timer(self.at))

    def accept(self) -> None:
        """The venue accepts and cancels everything that the last step asked for."""
        assert self.step is not None
        for command in self.step.commands:
            if isinstance(command, Place):
                self.tell(Accepted(self.at, command.order_id))
            elif isinstance(command, Cancel):
                self.tell(Canceled(self.at, command.order_id))
                self.accept()

    def fill(self, quote: str, size: float, trade_id: str = "t1") -> Step:
        """The working order of a side trades."""
        order = next(order for order in self.engine.orders.open() if order.quote == quote)
        return self.tell(Filled(self.at, order.order_id, trade_id, order.price, shares(size)))

    def working(self) -> dict[str, str]:
        """Side to price, in YES terms, of every open order."""
        return {str(order.quote): price_text(order.price_yes) for order in self.engine.orders.open()}

    def machine(self, name: str) -> list[str]:
        """The states that a machine announced, in order."""
        return [change.new for step in self.history for change in step.changes if change.machine == name]


def placed(commands: Iterable[Command]) -> list[Place]:
    return [command for command in commands if isinstance(command, Place)]


def canceled(commands: Iterable[Command]) -> list[Cancel]:
    return [command for command in commands if isinstance(command, Cancel)]


def yes_price(place: Place) -> Price:
    return place.price if place.token == YES else GRID - place.price

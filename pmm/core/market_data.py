"""What the engine knows of the market: its connections, its books, and whether they may be believed.

Silence, a refused frame and a book that makes no sense have one remedy: open the connection anew and wait for the
snapshots.  Until then nothing is quoted.
"""

from __future__ import annotations

from pmm._fast import Books
from pmm.commands import Reconnect
from pmm.core.feed import FEED, Connection, FeedLimits
from pmm.core.markets import QuotedMarket
from pmm.core.step import StepBuilder
from pmm.events import FeedSignal, Frame
from pmm.model import SECOND, ConditionId, Market, Nanos

# A connection that was opened anew gets this long before it is asked to do so again.
RESYNC_INTERVAL: Nanos = 5 * SECOND


class MarketData:
    """Takes in frames and signals; `failure` says why no data will come any more, empty while it may."""

    def __init__(self, limits: FeedLimits) -> None:
        self.books = Books()
        self.markets: dict[ConditionId, QuotedMarket] = {}
        self.connections: dict[int, Connection] = {}
        self.failure = ""
        self._limits = limits
        self._by_index: dict[int, QuotedMarket] = {}
        self._asked_at: dict[int, Nanos] = {}
        self._wanted: dict[int, str] = {}  # connection to cause, until it may be asked for

    def problem(self, at: Nanos) -> str | None:
        """Why no market at all may be quoted, or None."""
        if not self.connections:
            return "feed is STOPPED"
        problems = (connection.problem(at) for connection in self.connections.values())
        return next(filter(None, problems), None)

    def list_market(self, market: Market) -> None:
        """A new market, or new facts about a known one."""
        known = self.markets.get(market.condition_id)
        if known is not None:
            known.market = market
            return
        yes, no = (self.books.add(token.token_id, market.tick) for token in market.tokens)
        quoted = QuotedMarket(market, yes, no, self.books.book(yes))
        self.markets[market.condition_id] = self._by_index[yes] = self._by_index[no] = quoted

    def on_frame(self, event: Frame, out: StepBuilder) -> list[QuotedMarket]:
        """Apply a frame; returns the markets that may have to be decided on again."""
        connection = self._connection(event.connection)
        touched = self.books.feed(event.data)
        if touched < 0:
            self._resync(event.connection, f"frame refused (code {touched})", out)
            return list(self.markets.values())
        if touched == 0 and not self.books.trades:
            return []
        out.move(FEED, connection, connection.on_data(event.at), f"feed {event.connection}", "data")
        for index, tick in self.books.ticks:
            self._by_index[index].on_tick(tick)
        markets = {id(self._by_index[index]): self._by_index[index] for index in self.books.touched}
        return [quoted for quoted in markets.values() if quoted.moved(self.books)]

    def on_signal(self, event: FeedSignal, out: StepBuilder) -> None:
        connection = self._connection(event.connection)
        connection.cause = event.cause
        trigger = connection.on_news(event.news, event.at)
        out.move(FEED, connection, trigger, f"feed {event.connection}", event.cause)
        if trigger == "lost":
            self._wanted.pop(event.connection, None)
            self._forget()
        if trigger == "fail":
            self.failure = event.cause

    def on_time(self, at: Nanos, out: StepBuilder) -> None:
        """Judge silence and doubt."""
        for number, connection in self.connections.items():
            trigger = connection.overdue(at)
            out.move(FEED, connection, trigger, f"feed {number}", "silence")
            if trigger == "stale":
                self._forget()
                out.commands.append(Reconnect(number, "no market data within the limit"))
            elif trigger == "fail":
                self.failure = "the venue accepted the subscription and sent no market data"
        self._miss_books(at, out)
        for quoted in self.markets.values():
            self._check(quoted, out)
        self._fetch(out)

    def stop(self, out: StepBuilder) -> None:
        """The end of a run; a feed that failed stays in ERROR, where everybody can see it."""
        for number, connection in self.connections.items():
            if connection.state != "ERROR":
                out.move(FEED, connection, "stop", f"feed {number}", "the run is over")

    def _connection(self, number: int) -> Connection:
        if number not in self.connections:
            self.connections[number] = Connection(self._limits)
        return self.connections[number]

    def _miss_books(self, at: Nanos, out: StepBuilder) -> None:
        """A venue that sends data and never the book of a market that was asked for does not know that market."""
        missing = [quoted for quoted in self.markets.values() if not self.books.snapshots(quoted.yes_index)]
        late = [number for number, connection in self.connections.items() if connection.bookless(at)]
        if missing and late:
            self.failure = f"no book of {missing[0].market.slug} came with the market data"
            out.move(FEED, self.connections[late[0]], "fail", f"feed {late[0]}", self.failure)

    def _check(self, quoted: QuotedMarket, out: StepBuilder) -> None:
        """A book that makes no sense from one timer to the next is fetched anew."""
        doubt = quoted.doubt(self.books)
        if doubt and quoted.doubtful:
            for number in self.connections:
                self._resync(number, f"{quoted.market.slug}: {doubt}", out)
        quoted.doubtful = bool(doubt)

    def _resync(self, connection: int, cause: str, out: StepBuilder) -> None:
        self._forget()
        self._wanted[connection] = cause
        self._fetch(out)

    def _fetch(self, out: StepBuilder) -> None:
        """Ask for the snapshots that are wanted; a connection that was asked lately is asked at a later timer."""
        at = out.event.at
        for number, cause in tuple(self._wanted.items()):
            if at - self._asked_at.get(number, -RESYNC_INTERVAL) >= RESYNC_INTERVAL:
                del self._wanted[number]
                self._asked_at[number] = at
                out.commands.append(Reconnect(number, cause))

    def _forget(self) -> None:
        """Every book is believed again only after one more snapshot."""
        for quoted in self.markets.values():
            quoted.forget(self.books)

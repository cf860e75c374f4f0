"""What `pmm stream` prints: changes and trades as they happen, and what becomes of the data that brings them.

The engine's side never waits for stdout: lines are written in a thread of their own, and a reader that does not keep
up gets one line that says how much it missed, with the books as they are, before anything newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pmm._fast import ASK, BID
from pmm.cli import logs
from pmm.cli.context import Cli
from pmm.cli.outlet import Outlet
from pmm.core.engine import Engine
from pmm.core.step import Change, Step
from pmm.drivers.subscribers import Resync, Subscriber
from pmm.events import FeedSignal, Frame
from pmm.model import MILLISECOND, Market, Nanos, Side, TokenId, price_text, size_text

SCHEMA = "pmm.stream/1"
SIDES = (Side.BUY, Side.SELL)
# How long the rest may take to be written at the end, in seconds.
PATIENCE_S = 5.0
# The states that a healthy start passes through are not told: only what departs from them, and the way back.
HEALTHY = {"feed": "RUNNING", "trust": "TRUSTED", "source": "WEBSOCKET"}

Record: TypeAlias = dict[str, object]
Over: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Followed:
    """One token whose changes are told."""

    token: TokenId
    outcome: str
    market: Market


class Tape:
    """A sink.  `over` is called once the last of `limit` lines has been printed, or when nobody reads any more."""

    def __init__(
        self, cli: Cli, engine: Engine, followed: Sequence[Followed], *, limit: int | None, buffer: int, over: Over
    ) -> None:
        self.failure: Exception | None = None
        self._cli = cli
        self._engine = engine
        self._followed = {one.token: one for one in followed}
        self._several = len(self._followed) > 1
        self._left = limit
        self._over = over
        self._healthy: set[tuple[str, str]] = set()
        self._log = logs.get("stream")
        self._outlet = Outlet()
        self._subscriber: Subscriber[Record, list[Record]] = Subscriber(
            self._print, picture=self._books, limit=buffer, on_overflow=self._on_overflow, on_failure=self._on_failure
        )

    def on_step(self, step: Step, _took: Nanos) -> None:
        event = step.event
        if isinstance(event, FeedSignal):
            self._log.info("feed", connection=event.connection, news=event.news, cause=event.cause)
        lines = [record for change in step.changes if (record := self._state(change)) is not None]
        if isinstance(event, Frame):
            lines += self._cut(list(self._ticks(event.connection)))
        if lines:
            self._subscriber.put(lines)
        if self._left == 0:
            self._left = -1
            self._over("the last line was printed")

    def close(self) -> None:
        """Write what waits.  A reader that has stopped to read gets the rest of its time and no more."""
        if not self._subscriber.close(PATIENCE_S):
            self._outlet.give_up()
            self._subscriber.close(PATIENCE_S)
            self._cli.note(f"stdout is not read: {self._subscriber.waiting} lines were not written")
        self.failure = self._subscriber.failure

    # --- what happened --------------------------------------------------------------------------------------------

    def _ticks(self, connection: int) -> Iterator[Record]:
        """The changes and trades of a frame, where its connection is the one that the market is read from."""
        line = self._engine.data.lines.get(connection)
        if line is None:
            return
        books = line.books
        for index, side, price, size in books.changes:
            if (one := self._leading(connection, index)) is not None:
                yield _tick("change", one, side, price, size, books.timestamp_ms(index))
        for index, side, price, size, at_ms in books.trades:
            if (one := self._leading(connection, index)) is not None:
                yield _tick("trade", one, side, price, size, at_ms)

    def _leading(self, connection: int, index: int) -> Followed | None:
        copy = self._engine.data.lines[connection].copies.get(index)
        if copy is None:
            return None
        one = self._followed.get(copy.tokens[index != copy.yes])
        quoted = None if one is None else self._engine.markets.get(one.market.condition_id)
        return one if quoted is not None and quoted.lead.connection == connection else None

    def _cut(self, ticks: list[Record]) -> list[Record]:
        """As many of them as may still be printed."""
        if self._left is None or not ticks:
            return ticks
        ticks = ticks[: max(0, self._left)]
        self._left -= len(ticks)
        return ticks

    def _state(self, change: Change) -> Record | None:
        """A line about the data itself, from the first time on that it was healthy."""
        key, healthy = (change.machine, change.subject), HEALTHY.get(change.machine)
        if change.new == healthy:
            if change.machine == "feed":
                self._log.debug("first data")
            if key not in self._healthy:
                self._healthy.add(key)
                return None
        elif key not in self._healthy or change.new == "STOPPED":
            return None
        return {
            "kind": change.machine,
            "subject": change.subject,
            "old": change.old,
            "new": change.new,
            "cause": change.cause,
            "at_ms": change.at // MILLISECOND,
        }

    # --- stdout, in the subscriber's thread -----------------------------------------------------------------------

    def _print(self, item: Record | Resync[list[Record]]) -> None:
        if isinstance(item, Resync):
            item = {"kind": "resync", "lost": item.lost, "books": item.picture}
        if self._outlet.ready():
            self._cli.emit(SCHEMA, item, human=lambda: _human(item, several=self._several))

    def _books(self) -> list[Record]:
        """The whole books of what is followed, on the engine's side."""
        return [dict(record) for record in map(self._book, self._followed.values()) if record is not None]

    def _book(self, one: Followed) -> Record | None:
        quoted = self._engine.markets.get(one.market.condition_id)
        line = None if quoted is None else self._engine.data.lines.get(quoted.lead.connection)
        index = None if line is None else line.books.index(one.token)
        if line is None or index is None:
            return None
        book = line.books.book(index)
        return {
            "token_id": one.token,
            "market": one.market.slug,
            "at_ms": line.books.timestamp_ms(index),
            **{
                name: [[price_text(price), size_text(size)] for price, size in book.levels(side)]
                for name, side in (("bids", BID), ("asks", ASK))
            },
        }

    def _on_overflow(self, lost: int) -> None:
        self._log.warning("the reader of stdout does not keep up", lost=lost)

    def _on_failure(self, _error: Exception) -> None:
        self._over("the output is gone")


def _tick(kind: str, one: Followed, side: int, price: int, size: int, at_ms: int) -> Record:
    return {
        "kind": kind,
        "side": SIDES[side],
        "price": price_text(price),
        "size": size_text(size),
        "at_ms": at_ms,
        "token_id": one.token,
        "market": one.market.slug,
        "outcome": one.outcome,
    }


def _human(item: Mapping[str, object], *, several: bool) -> str:
    if item["kind"] == "resync":
        return f"-- {item['lost']} lines were lost: nobody read them in time --"
    if "side" not in item:
        return "{at_ms}  {subject}: {old} -> {new} ({cause})".format_map(item)
    line = "{at_ms}  {kind:6}  {side:4}  {price:>6}  {size}".format_map(item)
    return f"{line}  {item['outcome']}  {item['market']}" if several else line

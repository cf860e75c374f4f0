"""`pmm stream`: one line per change of a book and per trade, as they happen."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ask
from pmm.model import Side, price_text, size_text

if TYPE_CHECKING:
    from pmm.events import Event

SCHEMA = "pmm.stream/1"
SIDES = (Side.BUY, Side.SELL)


def stream(
    market: Annotated[str, typer.Argument(help="Slug, web address, condition id, token id or free text.")],
    duration: Annotated[float | None, typer.Option(min=0, help="Seconds; until interrupted without.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Lines; no end without.")] = None,
) -> None:
    """Changes (the level's new size) and trades (the taker's side) of a market's first token, or of a token given."""
    cli = Cli.current()
    token = ask(cli, lambda discovery: discovery.token(market))
    asyncio.run(_follow(cli, token, duration, limit))


class Tape:
    """Prints what each frame changed.  `over` is set when there is no more to print, `started` before."""

    def __init__(self, cli: Cli, token: str, limit: int | None) -> None:
        from pmm._fast import Books
        from pmm.cli import logs

        self.started = asyncio.Event()
        self.over = asyncio.Event()
        self.gave_up = ""
        self._cli = cli
        self._token = token
        self._left = limit
        self._log = logs.get("stream")
        self._books = Books()
        self._index = self._books.add(token)

    def take(self, event: Event) -> None:
        """The `emit` of the feed."""
        from pmm.events import FeedNews, FeedSignal, Frame

        if isinstance(event, Frame):
            self._frame(event.data)
        elif isinstance(event, FeedSignal):
            self._log.info("feed", news=event.news, cause=event.cause)
            if event.news is FeedNews.GAVE_UP:
                self.gave_up = event.cause
                self.started.set()
                self.over.set()

    def _frame(self, data: bytes) -> None:
        touched = self._books.feed(data)
        if touched < 0:
            self._log.warning("frame refused", code=touched, size=len(data))
            return
        if touched and not self.started.is_set():
            self._log.debug("first data", size=len(data))
            self.started.set()
        for _, side, price, size in self._books.changes:
            self._line("change", side, price, size, self._books.timestamp_ms(self._index))
        for _, side, price, size, at_ms in self._books.trades:
            self._line("trade", side, price, size, at_ms)

    def _line(self, kind: str, side: int, price: int, size: int, at_ms: int) -> None:
        if self._left == 0:
            return
        record = {
            "kind": kind,
            "side": SIDES[side],
            "price": price_text(price),
            "size": size_text(size),
            "at_ms": at_ms,
            "token_id": self._token,
        }
        self._cli.emit(
            SCHEMA, record, human=lambda: f"{at_ms}  {kind:6}  {SIDES[side]:4}  {record['price']:>6}  {record['size']}"
        )
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.over.set()


async def _follow(cli: Cli, token: str, duration: float | None, limit: int | None) -> None:
    from pmm.errors import Unreachable
    from pmm.venues.polymarket.stream import Backoff, MarketStream

    settings = cli.load().settings
    ws = settings.ws
    tape = Tape(cli, token, limit)
    feed = MarketStream(
        settings.venue.ws_market_url,
        [token],
        dice=random.Random(),  # noqa: S311  jitter of reconnects, no secret
        backoff=Backoff(float(ws.reconnect_base_delay), float(ws.reconnect_max_delay), ws.reconnect_attempts),
        heartbeat=float(ws.heartbeat_interval),
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(feed.run(tape.take))
        await _until_over(tape, float(ws.starting_limit), duration)
        running.cancel()
    if tape.gave_up:
        raise Unreachable(tape.gave_up)


async def _until_over(tape: Tape, starting: float, duration: float | None) -> None:
    """Wait for the limit, the duration or a feed that gave up.  Raises NoMarketData when nothing comes in time."""
    try:
        async with asyncio.timeout(duration) as whole:
            await _until_started(tape, starting)
            await tape.over.wait()
    except TimeoutError:
        assert whole.expired()


async def _until_started(tape: Tape, starting: float) -> None:
    from pmm.errors import NoMarketData

    try:
        async with asyncio.timeout(starting):
            await tape.started.wait()
    except TimeoutError as error:
        raise NoMarketData(f"no data within {starting:g} s") from error

"""`pmm record`: every message of the market socket, exactly as it came, into files that survive a kill."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.cli.lookup import ask

if TYPE_CHECKING:
    from pmm.errors import PmmError
    from pmm.events import Event
    from pmm.model import Market
    from pmm.recordings.recorder import Recorder
    from pmm.recordings.writer import Rotation
    from pmm.settings import Settings
    from pmm.venues.polymarket.discovery import Discovery
    from pmm.venues.polymarket.stream import MarketStream

SCHEMA = "pmm.record/1"
# How often the counters are told.
COUNTERS_S = 5.0
UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def record(
    market: Annotated[
        list[str], typer.Option("-m", "--market", help="Slug, URL, condition id or token id; repeat for several.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", file_okay=False, help="Where the files go; made when absent.")],
    rotate: Annotated[
        list[str] | None,
        typer.Option(help="Begin a new file behind a size or an age, such as 64MB or 1h; may be both.  [64MB]"),
    ] = None,
    duration: Annotated[float | None, typer.Option(min=0.1, help="Seconds; until interrupted without.")] = None,
) -> None:
    """Record the market socket: exact messages with their receive times.  Exit 8 when the disk could not keep up."""
    cli = Cli.current()
    rotation = _rotation(rotate or ["64MB"])
    markets = ask(cli, lambda discovery: _markets(discovery, market))
    failure = asyncio.run(_record(cli, markets, out, rotation, duration))
    if failure is not None:
        raise failure


async def _markets(discovery: Discovery, names: Sequence[str]) -> list[Market]:
    found = [await discovery.resolve(name) for name in names]
    return list({market.condition_id: market for market in found}.values())


class _Watch:
    """Sees what the recorder sees; `over` is set when there is nothing more to record, `failure` says why."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.over = asyncio.Event()
        self.failure: PmmError | None = None

    def take(self, event: Event) -> None:
        from pmm.errors import Unreachable
        from pmm.events import FeedNews, FeedSignal, Frame

        if isinstance(event, Frame) and event.data[:1] in (b"{", b"["):
            self.started.set()
        elif isinstance(event, FeedSignal) and event.news is FeedNews.GAVE_UP:
            self._end(Unreachable(event.cause))

    async def starting(self, limit: float) -> None:
        """End the run when no data has come in so many seconds."""
        from pmm.errors import NoMarketData

        try:
            async with asyncio.timeout(limit):
                await self.started.wait()
        except TimeoutError:
            self._end(NoMarketData(f"no data within {limit:g} s"))

    def _end(self, failure: PmmError) -> None:
        self.failure = self.failure or failure
        self.over.set()


async def _record(
    cli: Cli, markets: Sequence[Market], out: Path, rotation: Rotation, duration: float | None
) -> PmmError | None:
    """Record until something ends it, and tell what there is.  The failure to raise, if there was one."""
    from pmm.drivers.signals import stop_signals
    from pmm.recordings.recorder import Recorder
    from pmm.recordings.writer import RecordingWriter

    settings = cli.load().settings
    loop, watch = asyncio.get_running_loop(), _Watch()
    feeds = _feeds(settings, markets)
    fresh_books = partial(loop.call_soon_threadsafe, partial(_fresh_books, feeds))
    writer = RecordingWriter(out, time.time_ns(), tuple(markets), rotation, rotated=fresh_books)
    if writer.recovered is not None:
        cli.warn(str(writer.recovered))
    cli.note(f"recording {len(markets)} markets to {out}")
    began = time.monotonic()
    with (
        Recorder(writer, failed=lambda: loop.call_soon_threadsafe(watch.over.set)) as recorder,
        stop_signals(lambda _: watch.over.set()),
    ):
        await _follow(cli, feeds, recorder, watch, float(settings.ws.starting_limit), duration)
    _summarise(cli, recorder, markets, time.monotonic() - began)
    return recorder.failure or watch.failure or recorder.verdict


async def _follow(
    cli: Cli, feeds: Sequence[MarketStream], recorder: Recorder, watch: _Watch, starting: float, duration: float | None
) -> None:
    """Run the feeds until it is over."""
    tap = recorder.tap(watch.take)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(feed.run(tap)) for feed in feeds]
        tasks += [group.create_task(_count(cli, recorder)), group.create_task(watch.starting(starting))]
        with suppress(TimeoutError):
            async with asyncio.timeout(duration):
                await watch.over.wait()
        for task in tasks:
            task.cancel()


async def _count(cli: Cli, recorder: Recorder) -> None:
    """Tell the counters now and then."""
    began, before = time.monotonic(), 0
    while True:
        await asyncio.sleep(COUNTERS_S)
        total = recorder.writer.total
        rate = (total.messages - before) / COUNTERS_S
        before = total.messages
        cli.note(
            f"{time.monotonic() - began:.0f} s  {total.messages} messages ({rate:.0f}/s)  {recorder.writer.bytes} bytes"
            f" in {len(recorder.writer.files)} files  {recorder.lost} lost"
        )


def _feeds(settings: Settings, markets: Sequence[Market]) -> list[MarketStream]:
    """As few sockets as bear all the markets."""
    from pmm.venues.polymarket.shards import Shards
    from pmm.venues.polymarket.stream import Backoff, MarketStream

    ws = settings.ws
    shards = Shards()
    for market in markets:
        shards.add(market)
    dice = random.Random()  # noqa: S311  jitter of reconnects, no secret
    return [
        MarketStream(
            settings.venue.ws_market_url,
            shards.tokens(connection),
            dice=dice,
            connection=connection,
            backoff=Backoff(float(ws.reconnect_base_delay), float(ws.reconnect_max_delay), ws.reconnect_attempts),
            heartbeat=float(ws.heartbeat_interval),
        )
        for connection in shards.connections
    ]


def _fresh_books(feeds: Sequence[MarketStream]) -> None:
    """Every file begins with the books, so that it can be read alone."""
    for feed in feeds:
        feed.resubscribe(feed.tokens)


def _summarise(cli: Cli, recorder: Recorder, markets: Sequence[Market], seconds: float) -> None:
    writer = recorder.writer
    total = writer.total
    data: dict[str, object] = {
        "out": str(writer.folder),
        "files": [path.name for path in writer.files],
        "markets": [market.slug for market in markets],
        "seconds": f"{seconds:.3f}",
        "messages": total.messages,
        "signals": total.signals,
        "gaps": total.gaps,
        "lost": recorder.lost,
        "text_bytes": total.text_bytes,
        "bytes": writer.bytes,
    }
    cli.emit(SCHEMA, data, human=lambda: cli.table(("", ""), _lines(data)).lstrip("\n"))


def _lines(data: dict[str, object]) -> list[tuple[str, object]]:
    """The summary for people: how many of what programs get a list of."""
    return [(name, len(value) if isinstance(value, list) else value) for name, value in data.items()]


def _rotation(texts: Sequence[str]) -> Rotation:
    """`64MB` is a size, `1h` an age.  Raises UsageError."""
    from pmm.errors import UsageError
    from pmm.model import SECOND
    from pmm.recordings.writer import Rotation

    size: int | None = None
    age: int | None = None
    for text in texts:
        found = re.fullmatch(r"([1-9][0-9]{0,8})([a-zA-Z]+)", text)
        number, unit = (int(found[1]), found[2].lower()) if found else (0, "")
        if unit in UNITS:
            size = number * UNITS[unit]
        elif unit in SECONDS:
            age = number * SECONDS[unit] * SECOND
        else:
            raise UsageError(f"--rotate {text!r} is neither a size nor an age", hint="Say 64MB, 500kB, 30m or 1h.")
    return Rotation(size, age)

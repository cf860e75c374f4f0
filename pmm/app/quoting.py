"""Quote markets, or only watch them: real market data, an engine, a gateway and sinks in one driver."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pmm.app.engine import engine_for
from pmm.app.running import Finished, failure_of, record_of, run_until_stopped, sockets_of
from pmm.app.venue import dice, streams, venue_for
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.drivers.facts import Facts
from pmm.drivers.live import Live
from pmm.errors import MarketNotFound, PmmError
from pmm.metrics.summary import Summary
from pmm.model import Market, Nanos
from pmm.ports import Sink
from pmm.recordings.recorder import Recorder
from pmm.recordings.writer import RecordingWriter
from pmm.settings import Loaded, Settings
from pmm.strategies.nothing import Nothing
from pmm.venues.polymarket.discovery import Discovery
from pmm.venues.polymarket.reader import RestBooks
from pmm.venues.polymarket.rest import VenueHttp
from pmm.venues.polymarket.shards import MarketFeeds
from pmm.venues.shadow import ShadowGateway


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What `pmm quote` was asked for; `duration` None is until a signal, `once` is one decision with quotes.

    `record` is the folder for a recording of what enters the inbox.
    """

    markets: tuple[str, ...]
    duration: float | None = None
    once: bool = False
    seed: int | None = None
    record: Path | None = None


async def quote(loaded: Loaded, request: QuoteRequest, show: Callable[[Sequence[Market]], Sink]) -> Finished:
    """Quote until stopped, as a dry run: real market data, simulated fills, nothing sent to the venue.

    `show` gets the markets once they are known and returns the sink that tells the user.  Raises what discovery
    raises; a run that began always comes back as Finished.
    """
    settings = loaded.settings
    engine = engine_for(settings)
    async with venue_for(loaded, request.markets, request.seed) as venue, VenueHttp() as http:
        discovery = Discovery(http, venue)
        markets = await discovery.resolve_all(request.markets)
        for market in markets:
            if not market.tradable:
                raise MarketNotFound(f"{market.slug} is not open for trading", hint="Choose another market.")
        summary = Summary()
        canary = await discovery.canary(settings.feed.canary, markets)
        ws, sockets = settings.ws, streams(venue, settings, dice(request.seed))
        feeds = MarketFeeds(sockets, canary, copies=ws.copies, copied=ws.copied_slugs)
        driver = dry_driver(settings, engine, feeds, http, discovery)
        with _recording(request.record, markets if canary is None else [*markets, canary]) as recorders:
            driver.sinks += [summary, show(markets), *recorders]
            if request.once:
                driver.add_sink(_Once(driver))
            failure = await run_until_stopped(driver, markets, request.duration)
        incomplete = next((recorder.verdict for recorder in recorders), None)
        record = record_of(summary, engine) | sockets_of(driver, feeds) | {"recording": _recorded(recorders)}
        return Finished(record, failure or failure_of(engine) or incomplete)


async def watch(
    loaded: Loaded, names: Sequence[str], duration: float | None, show: Callable[[Live, Sequence[Market]], Sink]
) -> PmmError | None:
    """Follow markets and judge their data without wanting anything; returns what ended it, if it was a failure.

    `show` gets the driver, to stop it, and the markets once they are known; it returns the sink that tells the user.
    """
    settings = loaded.settings
    async with VenueHttp() as http:
        discovery = Discovery(http, settings.venue)
        markets = await discovery.resolve_all(names)
        canary = await discovery.canary(settings.feed.canary, markets)
        feeds = MarketFeeds(streams(settings.venue, settings, dice(None)), canary)
        driver = dry_driver(settings, engine_for(settings, Nothing()), feeds, http, discovery)
        driver.add_sink(show(driver, markets))
        return await run_until_stopped(driver, markets, duration) or failure_of(driver.engine)


async def offer_markets(loaded: Loaded, limit: int = 20) -> list[Market]:
    """The busiest markets, for a person to choose from."""
    async with VenueHttp() as http:
        return await Discovery(http, loaded.settings.venue).markets(limit)


def dry_driver(settings: Settings, engine: Engine, feeds: MarketFeeds, http: VenueHttp, discovery: Discovery) -> Live:
    return Live(
        engine,
        feeds,
        ShadowGateway(settings.shadow.latency_ns),
        reader=RestBooks(http, discovery.clob_url),
        roster=feeds,
        facts=Facts(discovery.facts, interval=settings.feed.facts_interval_ns),
        timer=settings.mm.loop_interval_ns,
    )


@contextmanager
def _recording(folder: Path | None, markets: Sequence[Market]) -> Iterator[list[Recorder]]:
    """The sink that records what enters the inbox, where a folder was named; its files are whole afterwards."""
    if folder is None:
        yield []
        return
    with Recorder(RecordingWriter(folder, time.time_ns(), tuple(markets))) as recorder:
        yield [recorder]


def _recorded(recorders: Sequence[Recorder]) -> dict[str, object] | None:
    for recorder in recorders:
        writer = recorder.writer
        files = [path.name for path in writer.files]
        return {"dir": str(writer.folder), "files": files, "messages": writer.total.messages, "lost": recorder.lost}
    return None


class _Once:
    """A sink that stops the run after the first decision with quotes."""

    def __init__(self, driver: Live) -> None:
        self._driver = driver

    def on_step(self, step: Step, _took: Nanos) -> None:
        if any(decision.targets.bid or decision.targets.ask for decision in step.decisions):
            self._driver.stop("one decision was asked for")

"""Quote markets, or only watch them: real market data, an engine, a gateway and sinks in one driver."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pmm.app.account import state_folder
from pmm.app.engine import engine_for
from pmm.app.instance import Warn, held
from pmm.app.running import Finished, failure_of, record_of, run_until_stopped, sockets_of
from pmm.app.trading import Trading, at_venue, simulated
from pmm.app.venue import dice, streams, venue_for
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.drivers.control import ControlServer
from pmm.drivers.facts import Facts
from pmm.drivers.live import Live
from pmm.drivers.standing import Standing
from pmm.errors import DiskError, MarketNotFound, PmmError
from pmm.metrics.status import Status
from pmm.metrics.summary import Summary
from pmm.model import Market, Nanos
from pmm.ports import Sink
from pmm.recordings.recorder import Recorder
from pmm.recordings.writer import RecordingWriter
from pmm.settings import Loaded, Settings, Venue
from pmm.strategies.nothing import Nothing
from pmm.venues.polymarket.discovery import Discovery
from pmm.venues.polymarket.reader import RestBooks
from pmm.venues.polymarket.rest import VenueHttp
from pmm.venues.polymarket.shards import MarketFeeds
from pmm.wallets import Wallet


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What `pmm quote` was asked for; `duration` None is until a signal, `once` is one decision with quotes.

    `record` is the folder for a recording of what enters the inbox, `instance` which of several bots this is.
    """

    markets: tuple[str, ...]
    duration: float | None = None
    once: bool = False
    seed: int | None = None
    record: Path | None = None
    instance: str = "default"


Show: TypeAlias = Callable[[Sequence[Market], Summary], Sink]


async def quote(
    loaded: Loaded, request: QuoteRequest, show: Show, *, wallet: Wallet | None = None, warn: Warn = print
) -> Finished:
    """Quote until stopped; a dry run unless the settings say live, and then with the orders of `wallet`.

    `show` gets the markets once they are known, and the summary as it grows, and returns the sink that tells the user.
    Raises what discovery and the way to the venue raise; a run that began always comes back as Finished.
    """
    async with AsyncExitStack() as stack:
        store = stack.enter_context(held(loaded.settings, request.instance, warn))
        venue = await stack.enter_async_context(venue_for(loaded, request.markets, request.seed))
        http = await stack.enter_async_context(VenueHttp())
        discovery = Discovery(http, venue)
        markets = await discovery.with_sizes(await discovery.resolve_all(request.markets))
        for market in markets:
            if not market.tradable:
                raise MarketNotFound(f"{market.slug} is not open for trading", hint="Choose another market.")
        if loaded.settings.dry_run:
            trading = simulated(loaded, store)
        else:
            assert wallet is not None, "live trading has a wallet"
            assert store is not None, "live trading has a state file"
            live = at_venue(loaded, venue, wallet, store, request.instance, markets)
            trading = await stack.enter_async_context(live)
        run = _Run(loaded, request, venue, discovery, http, trading, store is not None)
        return await run.to_the_end(markets, show)


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything of one run that is open while it lasts."""

    loaded: Loaded
    request: QuoteRequest
    venue: Venue
    discovery: Discovery
    http: VenueHttp
    trading: Trading
    has_door: bool

    async def to_the_end(self, markets: Sequence[Market], show: Show) -> Finished:
        settings, request, summary = self.loaded.settings, self.request, Summary()
        history = self.trading.history
        kept = history is not None
        there = settings.model_copy(update={"venue": self.venue})
        engine = engine_for(there, None, self.trading.order_prefix, self.trading.day, explain=kept)
        self.trading.empty = lambda: engine.desk.empty
        canary = await self.discovery.canary(settings.feed.canary, markets)
        ws, sockets = settings.ws, streams(self.venue, settings, dice(request.seed))
        feeds = MarketFeeds(sockets, canary, copies=ws.copies, copied=ws.copied_slugs)
        driver = driver_for(settings, engine, feeds, self.http, self.discovery, self.trading)
        with _recording(request.record, markets if canary is None else [*markets, canary]) as recorders:
            driver.sinks += [summary, show(markets, summary), *recorders]
            if history is not None:
                samples = history.samples(engine)
                driver.sinks += [history, samples]
            if request.once:
                driver.add_sink(_Once(driver))
            async with self._door(driver):
                failure = await run_until_stopped(driver, markets, request.duration)
            if history is not None:
                try:
                    history.flush()
                    samples.flush()
                except DiskError as error:
                    failure = failure or error
        incomplete = next((recorder.verdict for recorder in recorders), None)
        record = record_of(summary, engine) | sockets_of(driver, feeds) | {"recording": _recorded(recorders)}
        return Finished(record, failure or failure_of(engine) or incomplete)

    @asynccontextmanager
    async def _door(self, driver: Live) -> AsyncIterator[None]:
        """Let `pmm status`, `pause`, `resume`, `stop` and `kill` reach this run."""
        if not self.has_door:
            yield
            return
        settings, instance = self.loaded.settings, self.request.instance
        status = Status()
        driver.add_sink(status)
        mode = "dry-run" if settings.dry_run else "live"
        view = Standing(driver.engine, status, mode, instance, settings.risk_enforced, time.time_ns())
        async with ControlServer(state_folder(settings, instance), view, driver.operate):
            yield


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
        engine = engine_for(settings, Nothing())
        driver = driver_for(settings, engine, feeds, http, discovery, simulated(loaded, None))
        driver.add_sink(show(driver, markets))
        return await run_until_stopped(driver, markets, duration) or failure_of(driver.engine)


async def offer_markets(loaded: Loaded, limit: int = 20) -> list[Market]:
    """The busiest markets, for a person to choose from."""
    async with VenueHttp() as http:
        return await Discovery(http, loaded.settings.venue).markets(limit)


def driver_for(
    settings: Settings, engine: Engine, feeds: MarketFeeds, http: VenueHttp, discovery: Discovery, trading: Trading
) -> Live:
    return Live(
        engine,
        feeds,
        trading.gateway,
        services=trading.services,
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

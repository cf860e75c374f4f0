"""The composition root: from settings and a mode to feed, gateway, engine, driver and sinks.

This is the only wiring, and the only place where dice and clocks are made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

import orjson

from pmm._fast import ASK, BID, Books
from pmm.core.engine import Engine, EngineConfig, Outcome
from pmm.core.feed import FeedLimits
from pmm.core.risk import RiskLimits
from pmm.core.step import Step
from pmm.core.trust import FallbackLimits, TrustLimits, Verify
from pmm.core.view import Strategy
from pmm.drivers.event_time import EventTime
from pmm.drivers.facts import Facts
from pmm.drivers.inbox import INBOX_LIMIT
from pmm.drivers.live import Live
from pmm.drivers.signals import stop_signals
from pmm.drivers.wire import Wire
from pmm.errors import ConfigError, Halted, MarketNotFound, NoMarketData, PmmError, Unreachable
from pmm.events import MarketListed, Operator, OperatorAction
from pmm.exchange.server import LocalExchange
from pmm.metrics.summary import Summary
from pmm.model import SECOND, BookPage, Market, Nanos, TokenId, price_text, size_text
from pmm.ports import Sink
from pmm.recordings.recorder import Recorder
from pmm.recordings.writer import RecordingWriter
from pmm.settings import Loaded, Settings, Venue
from pmm.sim.catalog import default_listings, demo_listing, quiet_listings
from pmm.sim.floor import WorldParams
from pmm.sim.venue import Venue as PretendVenue
from pmm.sim.venue import VenueParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from pmm.strategies.nothing import Nothing
from pmm.venues.polymarket import codec
from pmm.venues.polymarket.discovery import Discovery
from pmm.venues.polymarket.reader import RestBooks
from pmm.venues.polymarket.rest import VenueHttp
from pmm.venues.polymarket.shards import MarketFeeds
from pmm.venues.polymarket.stream import Backoff, MarketStream
from pmm.venues.shadow import ShadowGateway

DEMO = "demo"
DEMO_SEED = 7
# Event time begins at a fixed moment, so that one seed is one run on every machine and day.
DEMO_START: Nanos = 1_767_225_600 * SECOND

STRATEGIES: dict[str, Callable[[Settings], Strategy]] = {
    "fixed_spread": lambda settings: FixedSpread(
        FixedSpreadParams(settings.mm.spread_price, settings.mm.size_micro, settings.mm.position_limit_micro)
    ),
}


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


@dataclass(slots=True)
class Finished:
    """How a run ended: the record of its summary, and the failure that ended it, if one did."""

    record: dict[str, object]
    failure: PmmError | None


def strategy_for(settings: Settings) -> Strategy:
    """The quoting model by its name.  Raises ConfigError that lists the names there are."""
    make = STRATEGIES.get(settings.mm.strategy)
    if make is None:
        raise ConfigError([f"mm.strategy: {settings.mm.strategy!r} is not one of {', '.join(sorted(STRATEGIES))}"])
    return make(settings)


def engine_for(settings: Settings, strategy: Strategy | None = None) -> Engine:
    """The engine of these settings, with another strategy than theirs where one is given."""
    ws, feed, mm, risk = settings.ws, settings.feed, settings.mm, settings.risk
    config = EngineConfig(
        requote_threshold=mm.requote_threshold_price,
        max_position=risk.max_position_micro,
        feed=FeedLimits(ws.starting_limit_ns, ws.stale_data_threshold_ns),
        trust=TrustLimits(Verify(feed.verify_hashes), compare_interval=feed.compare_interval_ns),
        fallback=FallbackLimits(
            feed.fallback_after_ns, recovery=feed.recovery_delay_ns, quote_on_rest=feed.quote_on_rest
        ),
        risk=RiskLimits(risk.max_errors_per_minute, risk.error_cooldown_ns),
    )
    return Engine(strategy or strategy_for(settings), config)


async def quote(loaded: Loaded, request: QuoteRequest, show: Callable[[Sequence[Market]], Sink]) -> Finished:
    """Quote until stopped, as a dry run: real market data, simulated fills, nothing sent to the venue.

    `show` gets the markets once they are known and returns the sink that tells the user.  Raises what discovery
    raises; a run that began always comes back as Finished.
    """
    settings = loaded.settings
    engine = engine_for(settings)
    async with _venue(loaded, request) as venue, VenueHttp() as http:
        discovery = Discovery(http, venue)
        markets = await discovery.resolve_all(request.markets)
        for market in markets:
            if not market.tradable:
                raise MarketNotFound(f"{market.slug} is not open for trading", hint="Choose another market.")
        summary = Summary()
        canary = await discovery.canary(settings.feed.canary, markets)
        streams, ws = _streams(venue, settings, _dice(request.seed)), settings.ws
        feeds = MarketFeeds(streams, canary, copies=ws.copies, copied=ws.copied_slugs)
        driver = _driver(settings, engine, feeds, http, discovery)
        with _recording(request.record, markets if canary is None else [*markets, canary]) as recorders:
            driver.sinks += [summary, show(markets), *recorders]
            if request.once:
                driver.add_sink(_Once(driver))
            failure = await _live(driver, markets, request.duration)
        incomplete = next((recorder.verdict for recorder in recorders), None)
        record = _record(summary, engine) | _sockets(driver, feeds) | {"recording": _recorded(recorders)}
        return Finished(record, failure or _failure(engine) or incomplete)


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
        feeds = MarketFeeds(_streams(settings.venue, settings, _dice(None)), canary)
        driver = _driver(settings, engine_for(settings, Nothing()), feeds, http, discovery)
        driver.add_sink(show(driver, markets))
        return await _live(driver, markets, duration) or _failure(driver.engine)


def _driver(settings: Settings, engine: Engine, feeds: MarketFeeds, http: VenueHttp, discovery: Discovery) -> Live:
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


async def offer_markets(loaded: Loaded, limit: int = 20) -> list[Market]:
    """The busiest markets, for a person to choose from."""
    async with VenueHttp() as http:
        return await Discovery(http, loaded.settings.venue).markets(limit)


async def _live(driver: Live, markets: Sequence[Market], duration: float | None) -> PmmError | None:
    """Run with signals and duration attached; a failure that the run ended with is returned, not raised."""
    if duration is not None:
        asyncio.get_running_loop().call_later(duration, driver.stop, "duration is over")
    failures: list[PmmError] = []
    with stop_signals(driver.stop):
        for market in markets:
            driver.add_market(market)
        try:
            await driver.run()
        except* PmmError as group:
            failures += _leaves(group)
    return failures[0] if failures else None


def demo(
    loaded: Loaded, duration: float, speed: float | None, seed: int, show: Callable[[Sequence[Market]], Sink]
) -> Finished:
    """The embedded exchange and the bot in one simulated time, `speed` times as fast as life (None: unpaced).

    One seed makes the same decisions every time.
    """
    engine = engine_for(loaded.settings)
    world = demo_world(seed)
    market = world.listings[0].market
    tokens = [token.token_id for token in market.tokens]
    world.subscribe(tokens)
    summary = Summary()
    gateway = ShadowGateway(loaded.settings.shadow.latency_ns)
    driver = EventTime(engine, world, gateway, [summary, show([market])], timer=loaded.settings.mm.loop_interval_ns)
    with _paced(driver, speed):
        driver.run(
            DEMO_START,
            round(duration * SECOND),
            [MarketListed(DEMO_START, market)],
            Wire(tokens, world.dump, lambda token: _page(world, token)),
        )
    return Finished(_record(summary, engine), _failure(engine))


def _page(world: DemoWorld, token: TokenId) -> BookPage | None:
    """A book of the pretend venue as its REST endpoint shows it."""
    text = world.rest_book(token)
    return None if text is None else codec.book(orjson.loads(text))


@contextmanager
def _paced(driver: EventTime, speed: float | None) -> Iterator[None]:
    """Let event time follow the wall clock, and turn the first signal into a stop."""
    asked: list[str] = []
    began = time.monotonic()

    def pace(at: Nanos) -> None:
        if asked and asked[-1]:
            driver.emit(Operator(at, OperatorAction.STOP, asked[-1]))
            asked.append("")  # said once
        while speed is not None and not asked:
            ahead = (at - DEMO_START) / SECOND / speed - (time.monotonic() - began)
            if ahead <= 0:
                return
            time.sleep(min(ahead, 0.05))

    driver.pace = pace
    with stop_signals(asked.append):
        yield


@asynccontextmanager
async def _venue(loaded: Loaded, request: QuoteRequest) -> AsyncIterator[Venue]:
    """The venue of the settings, or the embedded exchange for the market `demo` where no venue was chosen."""
    venue = loaded.settings.venue
    chosen = any(loaded.origins[f"venue.{key}"].kind != "default" for key in ("clob_api_url", "gamma_api_url"))
    if DEMO not in request.markets or chosen:
        yield venue
        return
    world = pretend_venue(DEMO_SEED if request.seed is None else request.seed)
    async with LocalExchange(world) as exchange:
        yield embedded(venue, exchange.urls)


def demo_world(seed: int) -> DemoWorld:
    """The market `demo` alone, in simulated time."""
    return DemoWorld([demo_listing()], WorldParams(), _dice(seed), DEMO_START)


def pretend_venue(
    seed: int, quiet_markets: int = 0, start_at: Nanos | None = None, *, record: bool = False
) -> PretendVenue:
    """The local exchange's markets, traders and accounts, beginning now; `quiet_markets` more where nobody trades.

    `record` keeps every posting of its ledger until it is drained.
    """
    listings = [*default_listings(), *quiet_listings(quiet_markets)]
    begin = time.time_ns() if start_at is None else start_at
    return PretendVenue(listings, VenueParams(record=record), _dice(seed), begin)


def embedded(venue: Venue, urls: dict[str, str]) -> Venue:
    """The venue settings with the addresses of a local exchange."""
    return venue.model_copy(
        update={
            "clob_api_url": urls["clob_url"],
            "gamma_api_url": urls["gamma_url"],
            "data_api_url": urls["data_url"],
            "ws_market_url": urls["ws_market_url"],
            "ws_user_url": urls["ws_user_url"],
        }
    )


def _dice(seed: int | None) -> Random:
    """Dice for a pretend market or for jitter, never for keys; None is a different run every time."""
    return SystemRandom() if seed is None else Random(seed)  # noqa: S311


def _streams(venue: Venue, settings: Settings, dice: Random) -> Callable[[int], MarketStream]:
    """What opens the socket of a connection."""
    ws = settings.ws
    return lambda connection: MarketStream(
        venue.ws_market_url,
        dice=dice,
        connection=connection,
        backoff=Backoff(float(ws.reconnect_base_delay), float(ws.reconnect_max_delay), ws.reconnect_attempts),
        heartbeat=float(ws.heartbeat_interval),
    )


class _Once:
    """A sink that stops the run after the first decision with quotes."""

    def __init__(self, driver: Live) -> None:
        self._driver = driver

    def on_step(self, step: Step, _took: Nanos) -> None:
        if any(decision.targets.bid or decision.targets.ask for decision in step.decisions):
            self._driver.stop("one decision was asked for")


def _leaves(group: BaseExceptionGroup[PmmError]) -> Iterator[PmmError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _failure(engine: Engine) -> PmmError | None:
    match engine.outcome:
        case Outcome.FEED_FAILED if any(quoted.lead.known for quoted in engine.markets.values()):
            return Unreachable(engine.cause)
        case Outcome.FEED_FAILED:
            return NoMarketData(engine.cause)
        case Outcome.HALTED:
            return Halted(engine.cause)
    return None


def _record(summary: Summary, engine: Engine) -> dict[str, object]:
    """The summary's record, with what only the engine knows at the end: its books and how they fared."""
    books = [line.books for line in engine.data.lines.values()]
    return summary.record() | {
        "outcome": str(engine.outcome),
        "cause": engine.cause,
        "open_orders": sum(1 for _ in engine.orders.open()),
        "books": {
            "frames": sum(each.frames for each in books),
            "refused": sum(each.refused for each in books),
            "mismatches": sum(each.mismatches for each in books),
            "unknown_tokens": sum(each.unknown for each in books),
            "trust": summary.trust.record() | engine.data.tally(),
            "final": {
                token.token_id: _ladder(engine.data.lines[quoted.lead.connection].books, token.token_id)
                for quoted in engine.markets.values()
                for token in quoted.market.tokens
            },
        },
    }


def _sockets(driver: Live, feeds: MarketFeeds) -> dict[str, object]:
    """What only the driver knows at the end: how many tokens each connection carried, and what did not keep up."""
    facts = driver.facts
    return {
        "connections": {str(number): len(feeds.shards.tokens(number)) for number in feeds},
        "canary": None if feeds.canary is None else feeds.canary.slug,
        "inbox": {"limit": INBOX_LIMIT, "overflows": driver.overflows},
        "facts": None if facts is None else {"readings": facts.readings, "failures": facts.failures},
    }


def _ladder(books: Books, token: TokenId) -> dict[str, list[list[str]]]:
    """The whole book of a token as text, best levels first."""
    index = books.index(token)
    assert index is not None, "the tokens of a listed market have books"
    book = books.book(index)
    sides = {"bids": BID, "asks": ASK}
    return {
        name: [[price_text(price), size_text(size)] for price, size in book.levels(side)]
        for name, side in sides.items()
    }

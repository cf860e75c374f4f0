"""From a market frame to the signed POST on its socket, ours beside the same decision through py-clob-client-v2.

A price change gives a book its other side, and a bid and an ask follow, which travel in one `POST /orders`, over a
connection that is there already, TLS included, to a server in a process of its own that answers without reading.

    ours     the engine with all its checks, `PolymarketGateway`, intents on the disk before they are sent, aiohttp
    theirs   `by_hand.Bot` (orjson, sorted maps), `create_order` twice and `post_orders` over the client's own
             `httpx.Client(http2=True)`, which speaks HTTP/2 with the venue and so here; the facts of a market that it
             asks for before its first order are in its caches.  One batch is its cheapest way: two `post_order`
             would be a request more.  eth-account finds coincurve.  It writes nothing down and checks no limits.
    unnoted  ours with intents in memory: what it costs us to survive a crash

What counts is the processor time of the whole process, its threads included, from the frame in hand until the last
byte of the request was given to the socket; waiting (for the disk, for the server) is not in it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from asyncio import selector_events
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest import mock

import httpcore
import httpx

from benchmarks import official, timing
from benchmarks.by_hand import Bot
from benchmarks.order_server import Address, server
from pmm._fast import ASK, BID
from pmm.commands import Place
from pmm.core.engine import Engine, EngineConfig
from pmm.eip712 import SignatureType
from pmm.events import Event, FeedNews, FeedSignal, Frame, MarketListed
from pmm.model import SECOND, SHARE, USD, Market, OrderId, Side, Token
from pmm.ports import Intent
from pmm.rate_tiers import TIERS
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import LevelChange, Outcome
from pmm.sinks.store import Intents, Store
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import Budget
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.gateway import PolymarketGateway
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer

MARKETS = 100
# Orders have 760 bytes and what HTTP adds may be less than a hundred.
TWO_ORDERS = 1_500
ORDER_BYTES = 700
BURST = 600
BATCH_MAX = 15


# --- the frames -----------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A market whose books have one side, and the frame that gives them the other."""

    market: Market
    opening: bytes
    frame: bytes


def cases(seed: int) -> list[Case]:
    dice, made = Random(seed), []
    for number in range(MARKETS):
        tokens = tuple(Token(str(dice.getrandbits(255) | 1 << 60), outcome) for outcome in ("Yes", "No"))
        market = Market(f"0x{dice.getrandbits(256):064x}", f"m{number}", "?", tokens, (100, 10)[number % 2], 5 * SHARE)
        at_ms = time.time_ns() // 1_000_000
        wire, mid = MarketWire(market, at_ms), dice.randrange(20, 80) * 100
        for step in range(31):
            price = mid - (step + 1) * market.tick
            if price > 0:
                wire.apply(LevelChange(BID, price, dice.randrange(5, 5_000) * SHARE), at_ms)
        opening = array(wire.dump(outcome) for outcome in Outcome)
        change = wire.price_change(LevelChange(ASK, mid + market.tick, 100 * SHARE), at_ms + 1, Outcome.YES)
        made.append(Case(market, opening, change[-1].data))
    return made


def engine_for(chosen: list[Case]) -> Engine:
    """An engine that follows all of them and cannot quote any yet."""
    engine, at = Engine(FixedSpread(), EngineConfig(order_prefix="live-1-")), time.time_ns()
    for case in chosen:
        engine.step(MarketListed(at, case.market))
    for news in (FeedNews.CONNECTING, FeedNews.OPENED):
        engine.step(FeedSignal(at, 0, news))
    for case in chosen:
        step = engine.step(Frame(time.time_ns(), 0, case.opening))
        assert not any(isinstance(command, Place) for command in step.commands), "one side is not quoted"
    return engine


def places(engine: Engine, case: Case) -> list[Place]:
    """What the engine wants when the frame comes."""
    wanted = [one for one in engine.step(Frame(time.time_ns(), 0, case.frame)).commands if isinstance(one, Place)]
    assert len(wanted) == 2, "a bid and an ask"
    return wanted


# --- the clock ------------------------------------------------------------------------------------------------------


class Handed:
    """When the last bytes were given to a socket, in ns of processor time, and how many in this round.

    A round ends when an answer is waited for: HTTP/2 has more to say after it.
    """

    def __init__(self) -> None:
        self.at = 0
        self.size = 0
        self.over = False

    def begin(self) -> int:
        """A new round; the processor time now."""
        self.size, self.over = 0, False
        return time.process_time_ns()

    def watch(self, write: Callable[..., object], size: Callable[..., int]) -> Callable[..., object]:
        def watched(*args: object, **named: object) -> object:
            told = write(*args, **named)
            if not self.over:
                self.at = time.process_time_ns()
                self.size += size(*args)
            return told

        return watched

    def end_with(self, read: Callable[..., object]) -> Callable[..., object]:
        def watched(*args: object, **named: object) -> object:
            self.over = self.over or self.size > 0
            return read(*args, **named)

        return watched


def _length(_: object, data: bytes, *__: object) -> int:
    return len(data)


def _lengths(_: object, parts: list[bytes]) -> int:
    return sum(map(len, parts))


# --- ours -----------------------------------------------------------------------------------------------------------


class Memory:
    """An `IntentLog` that forgets with the process."""

    def make_room(self) -> None:
        pass

    def intend(self, _: Sequence[Intent]) -> None:
        pass

    def close(self, _: Iterable[OrderId]) -> None:
        pass

    def open_intents(self) -> list[Intent]:
        return []


async def ours(where: Address, chosen: list[Case], handed: Handed, *, noted: bool = True) -> list[float]:
    """Microseconds of every case."""
    async with AsyncExitStack() as stack:
        gateway = await _gateway(where, stack, noted=noted)
        _watch_transport(stack, handed)
        answered = asyncio.Event()
        seen: list[Event] = []

        def emit(event: Event) -> None:
            seen.append(event)
            answered.set()

        work = asyncio.create_task(gateway.serve(emit))
        engine, times = engine_for(chosen), []
        for case in chosen:
            gateway.observe(MarketListed(time.time_ns(), case.market), emit)
        await asyncio.sleep(0)
        with timing.quiet():
            for case in chosen:
                answered.clear()
                began = handed.begin()
                gateway.submit(places(engine, case), time.time_ns(), emit)
                await answered.wait()
                assert handed.size > TWO_ORDERS, "two orders were sent"
                times.append((handed.at - began) / 1_000)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert len(seen) == 2 * len(chosen), seen[-2:]
    return times


def _watch_transport(stack: AsyncExitStack, handed: Handed) -> None:
    transport = selector_events._SelectorSocketTransport  # noqa: SLF001  # where bytes leave
    for name, size in (("write", _length), ("writelines", _lengths)):
        stack.enter_context(mock.patch.object(transport, name, handed.watch(getattr(transport, name), size)))


async def _gateway(where: Address, stack: AsyncExitStack, *, noted: bool) -> PolymarketGateway:
    signer = Signer(official.KEY, funder=None, signature_type=SignatureType.EOA, caps=Caps(100 * USD, 3_600 * SECOND))
    credentials = Credentials(*official.CREDENTIALS)
    stack.enter_context(mock.patch("aiohttp.connector._SSL_CONTEXT_VERIFIED", where.trust()))
    http = await stack.enter_async_context(PrivateHttp(where.url, signer.address, credentials, deadline=5 * SECOND))
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    store = Store.open(Path(folder))
    stack.callback(store.close)
    access, orders = Access(http), OwnOrders()
    for _ in range(2):  # a connection is there before the first order
        await http.send("POST", "/")
    return PolymarketGateway(
        access,
        signer,
        AccountReads(access, signer.maker, signer.signature_type, mine=orders.mine),
        Intents(store, store.account(signer.maker, where.url)) if noted else Memory(),
        orders=orders,
        budget=Budget(TIERS["elite"], time.time_ns()),
        dice=Random(1),
        latency_gate=5 * SECOND,
        deadline=5 * SECOND,
    )


# --- theirs ---------------------------------------------------------------------------------------------------------


def theirs(where: Address, chosen: list[Case], handed: Handed) -> list[float]:
    """Microseconds of every case."""
    client = official.client(where.url)
    post = official.batch_poster(client)
    for case in chosen:
        official.learn_tick(client, case.market)
    bot, engine, times = Bot([case.market for case in chosen]), engine_for(chosen), []
    for case in chosen:
        bot.open(case.opening)
    with _watched_httpx(where, handed):
        for case in chosen:
            began = handed.begin()
            wanted = bot.take(case.frame)
            post(wanted)
            assert handed.size > TWO_ORDERS, "two orders were sent"
            times.append((handed.at - began) / 1_000)
            assert [_what(place) for place, _ in wanted] == [_what(place) for place in places(engine, case)]
    return times


def _what(place: Place) -> tuple[str, str, Side, int, int]:
    return place.market, place.token, place.side, place.price, place.size


@contextmanager
def _watched_httpx(where: Address, handed: Handed) -> Iterator[None]:
    """The client's HTTP library with a connection that is there already."""
    stream = httpcore._backends.sync.SyncStream  # noqa: SLF001  # where bytes leave
    with (
        httpx.Client(http2=True, verify=where.trust()) as http,
        mock.patch.object(stream, "write", handed.watch(stream.write, _length)),
        mock.patch.object(stream, "read", handed.end_with(stream.read)),
        timing.quiet(),
    ):
        official.send_through(http)
        answer = http.post(where.url, json={})
        assert answer.http_version == "HTTP/2", "as with the venue"
        yield


# --- a burst ----------------------------------------------------------------------------------------------------------


def burst(chosen: list[Case]) -> list[tuple[Place, Market]]:
    """`BURST` orders over all markets, as after a jolt: three on each side of every one."""
    made = []
    for number in range(BURST):
        case, step = chosen[number % len(chosen)], number // len(chosen)
        token = case.market.tokens[step % 2].token_id
        price = case.market.tick * (10 + step)
        place = Place(f"live-2-{number}", case.market.condition_id, token, Side.BUY, price, 10 * SHARE)
        made.append((place, case.market))
    return made


async def our_burst(where: Address, chosen: list[Case], handed: Handed) -> float:
    """Microseconds an order until the last one was handed over; every one goes."""
    async with AsyncExitStack() as stack:
        gateway = await _gateway(where, stack, noted=True)
        _watch_transport(stack, handed)
        orders, over, seen = burst(chosen), asyncio.Event(), 0

        def emit(_: Event) -> None:
            nonlocal seen
            seen += 1
            if seen == BURST:
                over.set()

        work = asyncio.create_task(gateway.serve(emit))
        for case in chosen:
            gateway.observe(MarketListed(time.time_ns(), case.market), emit)
        await asyncio.sleep(0)
        with timing.quiet():
            began = handed.begin()
            gateway.submit([place for place, _ in orders], time.time_ns(), emit)
            await over.wait()
        assert handed.size > BURST * ORDER_BYTES, "all of them were sent"
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return (handed.at - began) / 1_000 / BURST


def their_burst(where: Address, chosen: list[Case], handed: Handed) -> float:
    """The same through the official client, in batches of as many as go."""
    client = official.client(where.url)
    post = official.batch_poster(client)
    for case in chosen:
        official.learn_tick(client, case.market)
    orders = burst(chosen)
    with _watched_httpx(where, handed):
        began = handed.begin()
        for start in range(0, BURST, BATCH_MAX):
            handed.over = False
            post(orders[start : start + BATCH_MAX])
        assert handed.size > BURST * ORDER_BYTES, "all of them were sent"
        return (handed.at - began) / 1_000 / BURST


# --- the run ----------------------------------------------------------------------------------------------------------


class Times(NamedTuple):
    """Microseconds, ours and theirs, in pairs: from a frame to a POST with two orders, and an order of a burst."""

    path: tuple[list[float], list[float]]
    unnoted: tuple[list[float], list[float]]
    burst: tuple[list[float], list[float]]


def measure(rounds: int) -> Times:
    """They take turns; the first round of each is not counted."""
    handed, times = Handed(), Times(([], []), ([], []), ([], []))
    with server() as where:
        for number in range(rounds + 1):
            chosen = cases(number)
            mine, peers = asyncio.run(ours(where, chosen, handed)), theirs(where, chosen, handed)
            unnoted = asyncio.run(ours(where, chosen, handed, noted=False))
            my_burst, peers_burst = asyncio.run(our_burst(where, chosen, handed)), their_burst(where, chosen, handed)
            if number:
                for told, pair in ((times.path, (mine, peers)), (times.unnoted, (unnoted, peers))):
                    for kept, found in zip(told, pair, strict=True):
                        kept.extend(found)
                times.burst[0].append(my_burst)
                times.burst[1].append(peers_burst)
    return times

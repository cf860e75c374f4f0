"""From a market frame to the signed POST on its socket, ours beside the same decision through py-clob-client-v2.

Both get the same frames in the same engine: a price change gives a book its other side, and the engine wants a bid and
an ask, which travel in one `POST /orders`.  Ours go through `PolymarketGateway` with its intents on the disk, theirs
through `create_order` and `post_orders` of the official client over httpx.  What counts is the processor time of the
whole process, its threads included, from the frame in hand until the last byte of the request was given to the socket;
waiting (for the disk, for the server) is not in it.  The server is a process of its own that answers without reading.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from asyncio import selector_events
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest import mock

import httpcore
import httpx

from benchmarks import official, timing
from pmm._fast import ASK, BID
from pmm.commands import Place
from pmm.core.engine import Engine, EngineConfig
from pmm.eip712 import SignatureType
from pmm.events import Event, FeedNews, FeedSignal, Frame, MarketListed
from pmm.model import SECOND, SHARE, USD, Market, Side, Token
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import LevelChange, Outcome
from pmm.sinks.store import Intents, Store
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import TIERS, Budget
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.gateway import PolymarketGateway
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer

MARKETS = 100
HOST = "127.0.0.1"
LIMIT_S = 30.0
# A request with one order has 1,200 bytes.
TWO_ORDERS = 1_800
ORDER_BYTES = 700
BURST = 600
BATCH_MAX = 15
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


# --- the server ---------------------------------------------------------------------------------------------------


def answer_all(pipe: Connection) -> None:
    asyncio.run(_answer_all(pipe))


async def _answer_all(pipe: Connection) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            writer.write(ANSWER)
        writer.close()

    async with await asyncio.start_server(converse, HOST, 0) as server:
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


@contextmanager
def server() -> Iterator[str]:
    """The address of a server that says yes to everything."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=answer_all, args=(theirs,), daemon=True)
    process.start()
    assert ours.poll(LIMIT_S), "the server does not open"
    try:
        yield f"http://{HOST}:{ours.recv()}"
    finally:
        ours.send("end")
        process.join(LIMIT_S)


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
    """When the last bytes were given to a socket, in ns of processor time, and how many in this round."""

    def __init__(self) -> None:
        self.at = 0
        self.size = 0

    def watch(self, write: Callable[..., object], size: Callable[..., int]) -> Callable[..., object]:
        def watched(*args: object, **named: object) -> object:
            told = write(*args, **named)
            self.at = time.process_time_ns()
            self.size += size(*args)
            return told

        return watched


def _length(_: object, data: bytes, *__: object) -> int:
    return len(data)


def _lengths(_: object, parts: list[bytes]) -> int:
    return sum(map(len, parts))


# --- ours -----------------------------------------------------------------------------------------------------------


async def ours(url: str, chosen: list[Case], handed: Handed) -> list[float]:
    """Microseconds of every case."""
    async with AsyncExitStack() as stack:
        gateway = await _gateway(url, stack)
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
                handed.size = 0
                answered.clear()
                began = time.process_time_ns()
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


async def _gateway(url: str, stack: AsyncExitStack) -> PolymarketGateway:
    signer = Signer(official.KEY, funder=None, signature_type=SignatureType.EOA, caps=Caps(100 * USD, 3_600 * SECOND))
    credentials = Credentials(*official.CREDENTIALS)
    http = await stack.enter_async_context(PrivateHttp(url, signer.address, credentials, deadline=5 * SECOND))
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
        Intents(store, store.account(signer.maker, url)),
        orders=orders,
        budget=Budget(TIERS["elite"], time.time_ns()),
        dice=Random(1),
        latency_gate=5 * SECOND,
        deadline=5 * SECOND,
    )


# --- theirs ---------------------------------------------------------------------------------------------------------


def theirs(url: str, chosen: list[Case], handed: Handed) -> list[float]:
    """Microseconds of every case."""
    client = official.client(url)
    post = official.batch_poster(client)
    for case in chosen:
        official.learn_tick(client, case.market)
    engine, times = engine_for(chosen), []
    with _watched_httpx(url, handed):
        for case in chosen:
            handed.size = 0
            began = time.process_time_ns()
            post([(place, case.market) for place in places(engine, case)])
            assert handed.size > TWO_ORDERS, "two orders were sent"
            times.append((handed.at - began) / 1_000)
    return times


@contextmanager
def _watched_httpx(url: str, handed: Handed) -> Iterator[None]:
    """The client's HTTP library with a connection that is there already."""
    stream = httpcore._backends.sync.SyncStream  # noqa: SLF001  # where bytes leave
    with (
        httpx.Client(http2=True) as http,
        mock.patch.object(stream, "write", handed.watch(stream.write, _length)),
        timing.quiet(),
    ):
        official.send_through(http)
        http.post(url, json={})
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


async def our_burst(url: str, chosen: list[Case], handed: Handed) -> float:
    """Microseconds an order until the last one was handed over; every one goes."""
    async with AsyncExitStack() as stack:
        gateway = await _gateway(url, stack)
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
        handed.size = 0
        with timing.quiet():
            began = time.process_time_ns()
            gateway.submit([place for place, _ in orders], time.time_ns(), emit)
            await over.wait()
        assert handed.size > BURST * ORDER_BYTES, "all of them were sent"
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return (handed.at - began) / 1_000 / BURST


def their_burst(url: str, chosen: list[Case], handed: Handed) -> float:
    """The same through the official client, in batches of as many as go."""
    client = official.client(url)
    post = official.batch_poster(client)
    for case in chosen:
        official.learn_tick(client, case.market)
    orders = burst(chosen)
    with _watched_httpx(url, handed):
        handed.size = 0
        began = time.process_time_ns()
        for start in range(0, BURST, BATCH_MAX):
            post(orders[start : start + BATCH_MAX])
        assert handed.size > BURST * ORDER_BYTES, "all of them were sent"
        return (handed.at - began) / 1_000 / BURST


# --- the run ----------------------------------------------------------------------------------------------------------


class Times(NamedTuple):
    """Microseconds, ours and theirs, in pairs: from a frame to a POST with two orders, and an order of a burst."""

    path: tuple[list[float], list[float]]
    burst: tuple[list[float], list[float]]


def measure(rounds: int) -> Times:
    """They take turns; the first round of each is not counted."""
    handed, times = Handed(), Times(([], []), ([], []))
    with server() as url:
        for number in range(rounds + 1):
            chosen = cases(number)
            mine, peers = asyncio.run(ours(url, chosen, handed)), theirs(url, chosen, handed)
            my_burst, peers_burst = asyncio.run(our_burst(url, chosen, handed)), their_burst(url, chosen, handed)
            if number:
                for kept, found in zip(times.path, (mine, peers), strict=True):
                    kept.extend(found)
                for kept, found in zip(times.burst, (my_burst, peers_burst), strict=True):
                    kept.append(found)
    return times

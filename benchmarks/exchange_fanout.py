"""Market sockets of the local exchange: python -m benchmarks.exchange_fanout [--seconds N] [--sockets N] [--rate N].

So many sockets follow the same 100 tokens while orders change the books at a fixed rate.  The readers are a process of
their own that does nothing but count frames, so that the exchange is what is measured.  Beside it, in the same run and
with the same readers, an aiohttp handler that sends the same messages with `send_frame` to one socket after another.

Lag is from the moment at which a change was due, not from when the server came to it, until a reader has its frame.
A queue that grows shows in the quarters: the goal holds when the last one is no longer than the first two, no client
was dropped, and the rate was kept.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import selectors
import socket
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import orjson
from aiohttp import WSMsgType, web

from pmm.exchange import LocalExchange
from pmm.model import Side, Size
from pmm.sim.catalog import binary
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld

HOST = "127.0.0.1"
MARKETS = 50
SIZE: Size = 5_000_000
READ_BYTES = 1 << 18
# How often the outboxes are looked at: every so many changes.
SAMPLE = 10
# A queue no longer than this is none: a flush that comes a little late leaves as much behind.
QUEUE_FLAT = 50
LIMIT_S = 60.0
HANDSHAKE = (
    b"GET /ws/market HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


# --- the readers --------------------------------------------------------------------------------------------------


class Reader:
    """One socket that counts whole frames and throws them away."""

    def __init__(self, port: int, subscription: bytes) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.sendall(HANDSHAKE)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        mask = bytes(4)
        self.socket.sendall(b"\x81" + bytes([0x80 | 126]) + len(subscription).to_bytes(2) + mask + subscription)
        self.socket.settimeout(0)
        self._rest = answer.partition(b"\r\n\r\n")[2]

    def read(self) -> int:
        """How many frames have become whole; -1 at the end."""
        try:
            got = self.socket.recv(READ_BYTES)
        except BlockingIOError:
            return 0
        except ConnectionError:
            return -1
        if not got:
            return -1
        data, at, frames = self._rest + got, 0, 0
        while (end := _frame_end(data, at)) <= len(data):
            at, frames = end, frames + 1
        self._rest = data[at:]
        return frames


def _frame_end(data: bytes, at: int) -> int:
    """Where the frame at `at` ends, or a place behind `data` when not even its header is there."""
    if len(data) < at + 2:
        return len(data) + 1
    size, header = data[at + 1], 2
    if size == 126:
        size, header = int.from_bytes(data[at + 2 : at + 4]), 4
    elif size == 127:
        size, header = int.from_bytes(data[at + 2 : at + 10]), 10
    return at + header + size if len(data) >= at + header else len(data) + 1


def read_all(port: int, sockets: int, subscription: bytes, pipe: Connection) -> None:
    """The process of the readers: says when all have their snapshot, and at the end what came when."""
    readers = [Reader(port, subscription) for _ in range(sockets)]
    arrivals = [array("q") for _ in readers]
    frames = [0] * sockets
    waiting = set(range(sockets))
    began = time.process_time()
    with selectors.DefaultSelector() as selector:
        for number, reader in enumerate(readers):
            selector.register(reader.socket, selectors.EVENT_READ, number)
        selector.register(pipe.fileno(), selectors.EVENT_READ, -1)
        while True:
            for key, _ in selector.select():
                number = key.data
                if number < 0:
                    pipe.recv()
                    pipe.send((time.process_time() - began, [one.tobytes() for one in arrivals]))
                    return
                count = readers[number].read()
                if count < 0:
                    selector.unregister(key.fileobj)
                elif count and number in waiting:
                    waiting.discard(number)
                    if not waiting:
                        began = time.process_time()
                        pipe.send("ready")
                elif count:
                    frames[number] += count
                    arrivals[number].extend((frames[number], time.monotonic_ns()))


# --- the servers --------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """`change` makes one more change and sends it; `queued` is the longest queue, `dropped` the clients thrown out."""

    port: int
    subscription: bytes
    change: Callable[[], Awaitable[None]]
    queued: Callable[[], int]
    dropped: Callable[[], int]


def _markets() -> DemoWorld:
    listings = [
        binary(f"m{number}", f"q{number}", event="e", title="t", category="c", probability=0.5, pace=0.0)
        for number in range(MARKETS)
    ]
    return DemoWorld(listings, WorldParams(), random.Random(1), time.time_ns())


def _subscription(world: DemoWorld) -> bytes:
    tokens = [token.token_id for listing in world.listings for token in listing.market.tokens]
    return orjson.dumps({"assets_ids": tokens, "type": "market"})


class Orders:
    """Bids far below the touch, so that each changes one level of one market."""

    def __init__(self, world: DemoWorld) -> None:
        self._world = world
        self._dice = random.Random(2)
        self._yes = [listing.market.yes for listing in world.listings]
        self.count = 0

    def place(self, at: int) -> None:
        self.count += 1
        price = 100 * self._dice.randrange(1, 20)
        self._world.submit(f"o{self.count}", self._dice.choice(self._yes), Side.BUY, price, SIZE, at=at)


@asynccontextmanager
async def exchange() -> AsyncIterator[Server]:
    world = _markets()
    orders = Orders(world)
    async with LocalExchange(world) as one:
        channel = one.hub.channel

        async def change() -> None:
            orders.place(one.clock.now())
            one.settle()

        yield Server(
            int(one.urls["clob_url"].rpartition(":")[2]),
            _subscription(world),
            change,
            lambda: max(len(client.outbox) for client in channel.clients),
            lambda: channel.stats.dropped_clients,
        )


@asynccontextmanager
async def bare() -> AsyncIterator[Server]:
    """The same messages from a handler as one would write it; what waits is in the transports of aiohttp."""
    world = _markets()
    orders = Orders(world)
    sockets: list[web.WebSocketResponse] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        one = web.WebSocketResponse(compress=False)
        await one.prepare(request)
        async for message in one:
            await one.send_frame(world.dump(orjson.loads(message.data)["assets_ids"]), WSMsgType.TEXT)
            sockets.append(one)
        return one

    async def change() -> None:
        orders.place(time.time_ns())
        for frame in world.step():
            if not frame.custom:
                for one in sockets:
                    await one.send_frame(frame.data, WSMsgType.TEXT)

    app = web.Application()
    app.add_routes([web.get("/ws/market", serve)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0)
    await site.start()
    try:
        yield Server(runner.addresses[0][1], _subscription(world), change, lambda: 0, lambda: 0)
    finally:
        await runner.cleanup()


# --- the run ------------------------------------------------------------------------------------------------------


@dataclass
class Result:
    changes: int
    sockets: int
    elapsed_s: float
    server_cpu_s: float
    reader_cpu_s: float
    queues: list[int]
    dropped: int
    lags_ms: list[list[float]]
    incomplete: int

    @property
    def changes_per_s(self) -> float:
        return self.changes / self.elapsed_s


async def drive(server: Server, seconds: float, rate: float, sockets: int) -> Result:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=read_all, args=(server.port, sockets, server.subscription, theirs), daemon=True)
    child.start()
    await _hear(ours)
    due = array("q")
    queues = [0, 0, 0, 0]
    total = round(seconds * rate)
    began, cpu = time.monotonic_ns(), time.process_time()
    for number in range(total):
        at = began + round(number * 1e9 / rate)
        due.append(at)
        await asyncio.sleep(max(0.0, (at - time.monotonic_ns()) / 1e9))
        await server.change()
        if number % SAMPLE == 0:
            quarter = number * 4 // total
            queues[quarter] = max(queues[quarter], server.queued())
    elapsed, used = (time.monotonic_ns() - began) / 1e9, time.process_time() - cpu
    await asyncio.sleep(1.0)  # what is on its way arrives, or counts as missing
    ours.send("end")
    reader_cpu, raw = await _hear(ours)
    child.join(LIMIT_S)
    lags, incomplete = _lags(due, raw)
    return Result(total, sockets, elapsed, used, reader_cpu, queues, server.dropped(), lags, incomplete)


async def _hear(pipe: Connection) -> tuple[float, list[bytes]]:
    """What the readers say next, without holding up the server.  Raises TimeoutError when they say nothing."""
    said = await asyncio.to_thread(pipe.poll, LIMIT_S)
    if not said:
        raise TimeoutError("the readers do not answer")
    heard = pipe.recv()
    return heard if isinstance(heard, tuple) else (0.0, [])


def _lags(due: Sequence[int], raw: list[bytes]) -> tuple[list[list[float]], int]:
    """Milliseconds from when a change was due to each of its frames, by quarter of the run; and unfinished sockets."""
    quarters: list[list[float]] = [[], [], [], []]
    incomplete = 0
    for data in raw:
        arrivals = array("q")
        arrivals.frombytes(data)
        done = 0
        for count, at in zip(arrivals[::2], arrivals[1::2], strict=True):
            for number in range(done, min(count, len(due))):
                quarters[number * 4 // len(due)].append((at - due[number]) / 1e6)
            done = count
        incomplete += done != len(due)
    return quarters, incomplete


def show(name: str, result: Result) -> None:
    lags = sorted(lag for quarter in result.lags_ms for lag in quarter)
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    rate = result.changes_per_s
    print(f"{name}: {rate:,.0f} changes/s, {rate * result.sockets:,.0f} frames/s to {result.sockets} sockets")
    print(f"  processor: server {result.server_cpu_s / result.elapsed_s:.0%}", end="")
    print(f", readers {result.reader_cpu_s / result.elapsed_s:.0%} of one each")
    print(f"  lag p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {lags[-1]:.1f} ms; by quarter p50 ", end="")
    print(" ".join(f"{median(quarter):.1f}" for quarter in result.lags_ms), end=", max ")
    print(" ".join(f"{max(quarter):.1f}" for quarter in result.lags_ms))
    print(f"  longest queue by quarter {result.queues}, dropped {result.dropped}, incomplete {result.incomplete}")


def holds(result: Result, rate: float) -> bool:
    """Whether the rate was kept, everybody got everything and no queue grew."""
    grown = result.queues[3] > max(*result.queues[:2], QUEUE_FLAT)
    late = result.changes_per_s < 0.99 * rate
    return not (grown or late or result.dropped or result.incomplete)


async def run(seconds: float, rate: float, sockets: int) -> None:
    async with exchange() as server:
        ours = await drive(server, seconds, rate, sockets)
    show("exchange", ours)
    async with bare() as server:
        show("bare aiohttp, send_frame", await drive(server, seconds / 4, rate, sockets))
    verdict = "holds" if holds(ours, rate) else "MISSED"
    print(
        f"goal: {sockets} sockets, {2 * MARKETS} tokens each, {rate:,.0f} changes/s without a growing queue: {verdict}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange_fanout")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=500.0)
    chosen = parser.parse_args()
    asyncio.run(run(chosen.seconds, chosen.rate, chosen.sockets))


if __name__ == "__main__":
    main()

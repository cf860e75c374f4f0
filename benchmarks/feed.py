"""Market data end to end: python -m benchmarks.feed [--speed 50] [--data FOLDER] [--rounds 3].

The busiest recording there is (`tape.py`: six markets of one game, 122 changes a second and 1,014 in the worst one) is
sent over a loopback socket by a process of its own, `speed` times as fast as it happened.  Candidates receive it in
turn, each in a fresh process: ours (websockets, inbox, engine, View decided on) with hashes verified never, sampled
and always; and the same pipeline as one would write it by hand, websockets + asyncio.Queue + orjson + SortedDict,
without and with the hash of every message.

A lag is from the moment a message was due at the sender until the books, and for ours the decision, hold it: it counts
the sender's lateness, the socket, the queue and the work.  `arrival` counts from the receive call's return instead:
what still waits in the socket then is part of the lag alone.  CPU is the receiver's alone.  A queue that grows shows in
the quarters of the run.  Sender and receiver want a processor each: with less, the lag is that of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median

import orjson
from sortedcontainers import SortedDict
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.tape import Tape, read
from pmm.core.engine import Engine, EngineConfig
from pmm.core.step import Step
from pmm.core.trust import TrustLimits, Verify
from pmm.drivers.live import Live
from pmm.events import Frame, MarketListed
from pmm.model import MILLISECOND, SECOND, Nanos, size_text
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket.stream import MarketStream
from pmm.venues.shadow import ShadowGateway

GOAL: Nanos = MILLISECOND
START_DELAY: Nanos = SECOND // 2
QUARTERS = 4
SUBSCRIPTION = '{"assets_ids":[],"type":"market"}'


@dataclass(slots=True)
class Seen:
    """What a receiver reports: when every message was in its books, when it had arrived, and its CPU seconds."""

    began: Nanos
    done: list[Nanos]
    arrived: list[Nanos]
    cpu: float
    wrong: int


# --- the sender ---------------------------------------------------------------------------------------------------


def send(tape: Tape, speed: float, pipe: Connection) -> None:
    asyncio.run(_send(tape, speed, pipe))


async def _send(tape: Tape, speed: float, pipe: Connection) -> None:
    over = asyncio.Event()

    async def play(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(tape.opening.decode())
        begin = time.time_ns() + START_DELAY
        pipe.send(begin)
        for offset, data in tape.frames:
            ahead = begin + round(offset / speed) - time.time_ns()
            if ahead > 0:
                await asyncio.sleep(ahead / SECOND)
            await socket.send(data, text=True)
        await socket.wait_closed()
        over.set()

    async with serve(play, "127.0.0.1", 0, compression=None) as server:
        pipe.send(next(iter(server.sockets)).getsockname()[1])
        await over.wait()


# --- ours ---------------------------------------------------------------------------------------------------------


class Stopwatch:
    """A sink that notes when each message was decided on; every doubt about this tape is a false alarm."""

    def __init__(self, count: int) -> None:
        self.done: list[Nanos] = []
        self.arrived: list[Nanos] = []
        self.count = count
        self.doubts = 0
        self.driver: Live | None = None

    def on_step(self, step: Step, _took: Nanos) -> None:
        self.doubts += sum(change.new == "SUSPECT" for change in step.changes)
        if isinstance(step.event, Frame) and step.event.data[:1] in b"{[":
            self.done.append(time.time_ns())
            self.arrived.append(step.event.at)
            if len(self.done) == self.count and self.driver is not None:
                self.driver.stop("the tape is over")


def ours(mode: Verify) -> Callable[[Tape, str], Awaitable[Seen]]:
    async def run(tape: Tape, url: str) -> Seen:
        watch = Stopwatch(len(tape.frames) + 1)
        engine = Engine(FixedSpread(), EngineConfig(trust=TrustLimits(mode)))
        tokens = [token.token_id for market in tape.markets for token in market.tokens]
        stream = MarketStream(url, tokens, dice=Random(1))
        driver = watch.driver = Live(engine, {0: stream}, ShadowGateway(50 * MILLISECOND), [watch])
        began = time.process_time()
        await driver.run([MarketListed(time.time_ns(), market) for market in tape.markets])
        return Seen(0, watch.done, watch.arrived, time.process_time() - began, watch.doubts)

    return run


# --- the same by hand ---------------------------------------------------------------------------------------------


class HandBook:
    """Text to float prices in two sorted maps, as peers keep them."""

    def __init__(self) -> None:
        self.sides: dict[str, SortedDict[float, str]] = {"BUY": SortedDict(), "SELL": SortedDict()}
        self.best: tuple[float | None, float | None] = (None, None)

    def set(self, side: str, price: str, size: str) -> None:
        levels = self.sides[side]
        if size == "0":
            levels.pop(float(price), None)
        else:
            levels[float(price)] = size
        bids, asks = self.sides["BUY"], self.sides["SELL"]
        self.best = (bids.peekitem(-1)[0] if bids else None, asks.peekitem(0)[0] if asks else None)

    def hash(self, market: str, token: str, stamp: str, min_size: str, last: str) -> str:
        bids = [{"price": f"{price:g}", "size": size} for price, size in self.sides["BUY"].items()]
        asks = [{"price": f"{price:g}", "size": size} for price, size in reversed(self.sides["SELL"].items())]
        summary = {
            "market": market,
            "asset_id": token,
            "timestamp": stamp,
            "hash": "",
            "bids": bids,
            "asks": asks,
            "min_order_size": min_size,
            "tick_size": "0.001",
            "neg_risk": False,
            "last_trade_price": last,
        }
        return hashlib.sha1(orjson.dumps(summary), usedforsecurity=False).hexdigest()


def by_hand(*, verify: bool) -> Callable[[Tape, str], Awaitable[Seen]]:
    async def run(tape: Tape, url: str) -> Seen:
        books = {token.token_id: HandBook() for market in tape.markets for token in market.tokens}
        last = {market.condition_id: "" for market in tape.markets}
        min_size = size_text(tape.markets[0].min_size)
        seen = Seen(0, [], [], 0.0, 0)
        queue: asyncio.Queue[tuple[Nanos, bytes]] = asyncio.Queue()

        async def receive() -> None:
            async with connect(url, compression=None, max_size=None) as socket:
                await socket.send(SUBSCRIPTION)
                for _ in range(len(tape.frames) + 1):
                    data = await socket.recv(decode=False)
                    queue.put_nowait((time.time_ns(), data))

        def apply(event: dict[str, object]) -> None:
            kind, market = event["event_type"], str(event["market"])
            if kind == "last_trade_price":
                last[market] = f"{float(str(event['price'])):.3f}"
            for change in event.get("price_changes", ()):  # type: ignore[attr-defined]  # a list of a JSON document
                book = books[change["asset_id"]]
                book.set(change["side"], change["price"], change["size"])
                if verify:
                    now = book.hash(market, change["asset_id"], str(event["timestamp"]), min_size, last[market])
                    seen.wrong += now != change["hash"]

        async def work() -> None:
            for _ in range(len(tape.frames) + 1):
                arrived, data = await queue.get()
                decoded = orjson.loads(data)
                for event in decoded if isinstance(decoded, list) else (decoded,):
                    apply(event)
                seen.done.append(time.time_ns())
                seen.arrived.append(arrived)

        began = time.process_time()
        await asyncio.gather(receive(), work())
        seen.cpu = time.process_time() - began
        return seen

    return run


CANDIDATES: dict[str, Callable[[Tape, str], Awaitable[Seen]]] = {
    "pmm, hashes off": ours(Verify.OFF),
    "pmm, hashes sampled": ours(Verify.SAMPLED),
    "pmm, every hash": ours(Verify.FULL),
    "by hand, no hashes": by_hand(verify=False),
    "by hand, every hash": by_hand(verify=True),
}


# --- rounds -------------------------------------------------------------------------------------------------------


def receive(name: str, tape: Tape, url: str, pipe: Connection) -> None:
    pipe.send(asyncio.run(_run(name, tape, url)))


async def _run(name: str, tape: Tape, url: str) -> Seen:
    return await CANDIDATES[name](tape, url)


def one_round(name: str, tape: Tape, speed: float) -> Seen:
    """The tape once, from a sender in one fresh process to a candidate in another."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    sender = context.Process(target=send, args=(tape, speed, there), daemon=True)
    sender.start()
    mine, theirs = context.Pipe()
    url = f"ws://127.0.0.1:{here.recv()}"
    receiver = context.Process(target=receive, args=(name, tape, url, theirs), daemon=True)
    receiver.start()
    began = here.recv()
    seen: Seen = mine.recv()
    sender.join(10)
    receiver.join(10)
    return replace(seen, began=began)


@dataclass(frozen=True, slots=True)
class Figures:
    p50: float
    p99: float
    p999: float
    arrival_p99: float
    cpu: float
    quarters: tuple[float, ...]
    wrong: int


def figures(seen: Seen, tape: Tape, speed: float) -> Figures:
    """In microseconds; the opening is left out, since only its own size makes it slow."""
    lags = [
        (done - seen.began - offset / speed) / 1000
        for done, (offset, _) in zip(seen.done[1:], tape.frames, strict=True)
    ]
    arrival = [(done - came) / 1000 for done, came in zip(seen.done[1:], seen.arrived[1:], strict=True)]
    length = len(lags) // QUARTERS
    quarters = tuple(_at(lags[number * length : (number + 1) * length], 0.5) for number in range(QUARTERS))
    span = tape.frames[-1][0] / speed / SECOND
    return Figures(
        _at(lags, 0.5), _at(lags, 0.99), _at(lags, 0.999), _at(arrival, 0.99), seen.cpu / span, quarters, seen.wrong
    )


def _at(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", type=float, default=50.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=None, help="only so many rows of the recording")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("PMM_RECORDINGS", "../shared/data")))
    asked = parser.parse_args()
    tape = read(asked.data, asked.rows)
    rate = len(tape.frames) / (tape.frames[-1][0] / SECOND / asked.speed)
    print(f"{len(tape.frames):,} messages, {rate:,.0f} a second at {asked.speed:g} times their speed")
    names = list(CANDIDATES)
    found: dict[str, list[Figures]] = {name: [] for name in names}
    dice = Random(1)
    print(f"load of the machine before: {os.getloadavg()[0]:.2f}")
    for _ in range(asked.rounds):
        dice.shuffle(names)
        for name in names:
            found[name].append(figures(one_round(name, tape, asked.speed), tape, asked.speed))
    print(f"{'':22}{'lag p50':>9}{'p99':>9}{'p99.9':>9}{'arrival p99':>13}{'CPU':>7}  p50 by quarter, in us; wrong")
    for name in CANDIDATES:
        _print(name, found[name])
    print(f"load of the machine after: {os.getloadavg()[0]:.2f}")
    _verdict(found)


def _print(name: str, rounds: list[Figures]) -> None:
    def mid(of: Callable[[Figures], float]) -> float:
        return median(map(of, rounds))

    quarters = " ".join(f"{mid(lambda one, n=n: one.quarters[n]):.0f}" for n in range(QUARTERS))  # type: ignore[misc]  # n is bound
    print(
        f"{name:22}{mid(lambda one: one.p50):9.0f}{mid(lambda one: one.p99):9.0f}{mid(lambda one: one.p999):9.0f}"
        f"{mid(lambda one: one.arrival_p99):13.0f}{mid(lambda one: one.cpu):7.1%}  {quarters}; "
        f"{max(one.wrong for one in rounds)}"
    )


def _verdict(found: dict[str, list[Figures]]) -> None:
    full, hand = found["pmm, every hash"], found["by hand, every hash"]
    p99 = median(one.arrival_p99 for one in full) * 1000
    print(f"arrival to View, p99, every hash: {p99 / 1e6:.2f} ms, {'holds' if p99 < GOAL else 'MISSED'} (goal 1 ms)")
    measures: dict[str, Callable[[Figures], float]] = {"p99 lag": lambda one: one.p99, "CPU": lambda one: one.cpu}
    for label, of in measures.items():
        ratio = median(of(slow) / of(fast) for slow, fast in zip(hand, full, strict=True))
        print(f"{label}: by hand with every hash takes {ratio:.1f} times ours")


if __name__ == "__main__":
    main()

"""Accepted orders a second over HTTP: python -m benchmarks.exchange_http [--orders N] [--rounds N] [--sockets N].

The client sends the same signed post-only orders, as raw bytes over keep-alive connections, to servers of their own
processes that take turns in random order:

    bare        an aiohttp handler that reads the body and sends bytes that are there already
    json        the same, as one writes it: `request.json()` and `web.json_response()`
    exchange    `LocalExchange`, which checks key, request signature and order signature and lets the order rest
    unsigned    the same without the signature of the order: no hash, no recovery of the signer
    logging     the exchange with `log_file`

Nobody listens to the sockets.  What the hash of an order and the recovery of its signer cost is also measured by
itself in every round, where it is quicker than between other things.  The goal: once that is taken out, at least half
of what `bare` does, both by subtraction and for `unsigned`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import selectors
import socket
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple
from unittest import mock

import orjson
from aiohttp import web
from coincurve import PrivateKey

from benchmarks import timing
from pmm.eip712 import (
    Generation,
    SignedFields,
    address_of,
    checksummed,
    digest,
    exchange_domain,
    order_signer,
    order_struct_hash,
    sign,
)
from pmm.exchange import LocalExchange
from pmm.exchange.keys import Key
from pmm.exchange.tickets import Ticket
from pmm.model import SECOND, USD
from pmm.sim.catalog import default_listings
from pmm.sim.venue import Venue, VenueParams

GOAL = 2.0
HOST = "127.0.0.1"
FUNDS = 1_000_000_000 * USD
START = 1_790_000_000 * SECOND
READ_BYTES = 1 << 16
LIMIT_S = 60.0
ANSWER = {
    "success": True,
    "errorMsg": "",
    "orderID": "0x" + "ab" * 32,
    "status": "live",
    "makingAmount": "",
    "takingAmount": "",
}
ANSWER_BYTES = orjson.dumps(ANSWER)
SIGNER = PrivateKey(bytes([1]) * 32)
ADDRESS = address_of(SIGNER.public_key)
DEMO = default_listings()[0].market


# --- the servers --------------------------------------------------------------------------------------------------


class Opened(NamedTuple):
    """Where a server listens, and the key that it gave to the client."""

    port: int
    key: Key


async def _read(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=ANSWER_BYTES, content_type="application/json")


async def _read_json(request: web.Request) -> web.Response:
    return web.json_response({**ANSWER, "orderID": (await request.json())["order"]["signature"][:66]})


async def _handler(stack: AsyncExitStack, take: Callable[[web.Request], Awaitable[web.Response]]) -> Opened:
    app = web.Application()
    app.router.add_post("/order", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, 0).start()
    return Opened(runner.addresses[0][1], Key("k", "A" * 43 + "=", "p", ADDRESS, 0))


async def _exchange(stack: AsyncExitStack, log_file: Path | None = None) -> Opened:
    venue = Venue(default_listings(), VenueParams(), Random(7), START)
    venue.world.set_trading(on=False)
    exchange = await stack.enter_async_context(LocalExchange(venue, funds=FUNDS, log_file=log_file))
    assert exchange.house is not None, "a venue has accounts"
    key = exchange.house.auth.keys.create(ADDRESS, 0)
    assert key is not None, "nobody else asks for keys"
    return Opened(int(exchange.urls["clob_url"].rpartition(":")[2]), key)


def _believed(ticket: Ticket, *_: object, **__: object) -> str:
    """An id without a hash, for an order of which nothing is proven."""
    return f"0x{ticket.fields.salt:064x}"


async def _unsigned(stack: AsyncExitStack) -> Opened:
    stack.enter_context(mock.patch("pmm.exchange.trading.prove", _believed))
    return await _exchange(stack)


async def _logging(stack: AsyncExitStack) -> Opened:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    return await _exchange(stack, Path(folder) / "log.jsonl")


SERVERS: dict[str, Callable[[AsyncExitStack], Awaitable[Opened]]] = {
    "bare": partial(_handler, take=_read),
    "json": partial(_handler, take=_read_json),
    "exchange": _exchange,
    "unsigned": _unsigned,
    "logging": _logging,
}
SIGNED = {"exchange", "logging"}


def serve(name: str, pipe: Connection) -> None:
    """The process of a server: says where it is, then its processor time whenever it is asked, until it hears "end"."""
    asyncio.run(_serve(name, pipe))


async def _serve(name: str, pipe: Connection) -> None:
    ended = asyncio.Event()

    def hear() -> None:
        if pipe.recv() == "end":
            ended.set()
        else:
            pipe.send(time.process_time())

    async with AsyncExitStack() as stack:
        opened = await SERVERS[name](stack)
        # As `pmm exchange` does.
        gc.collect()
        gc.freeze()
        pipe.send(opened)
        asyncio.get_running_loop().add_reader(pipe.fileno(), hear)
        await ended.wait()


# --- the client ---------------------------------------------------------------------------------------------------


class Round(NamedTuple):
    """Microseconds an order: between the first and the last answer, and of the server's processor."""

    wall_us: float
    cpu_us: float


@dataclass
class Peer:
    """A server as the client sees it."""

    name: str
    opened: Opened
    pipe: Connection
    salt: int = 0

    def ask(self) -> float:
        """Its processor time so far, in seconds."""
        self.pipe.send("time")
        assert self.pipe.poll(LIMIT_S), f"{self.name} does not answer"
        return float(self.pipe.recv())

    def orders(self, count: int) -> list[bytes]:
        """Requests with orders that were never sent before."""
        self.salt += count
        return [_request(self.opened.key, self.salt + number) for number in range(count)]

    def round(self, sockets: int, requests: Sequence[bytes]) -> Round:
        """Send every request and read its answer; all of them must be accepted."""
        connections = [socket.create_connection((HOST, self.opened.port)) for _ in range(sockets)]
        for one in connections:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        cpu, began = self.ask(), time.perf_counter()
        accepted = _exchange_all(connections, requests)
        wall = time.perf_counter() - began
        cpu = self.ask() - cpu
        for one in connections:
            one.close()
        assert accepted == len(requests), f"{self.name} took {accepted} of {len(requests)} orders"
        return Round(wall * 1e6 / len(requests), cpu * 1e6 / len(requests))


def _exchange_all(connections: Sequence[socket.socket], requests: Sequence[bytes]) -> int:
    """One request after the other on every connection; how many were accepted."""
    accepted = sent = answered = 0
    with selectors.DefaultSelector() as selector:
        for one in connections:
            selector.register(one, selectors.EVENT_READ, one)
            one.sendall(requests[sent])
            sent += 1
        while answered < len(requests):
            # Never asleep: waking a client costs the server more than most of what it does for an order.
            for key, _ in selector.select(0):
                accepted += _accepted(key.data)
                answered += 1
                if sent < len(requests):
                    key.data.sendall(requests[sent])
                    sent += 1
    return accepted


def _accepted(connection: socket.socket) -> bool:
    """Read one answer; whether it is that of an order that rests."""
    data = connection.recv(READ_BYTES)
    while (end := _end(data)) is None or len(data) < end:
        got = connection.recv(READ_BYTES)
        assert got, "the server hung up"
        data += got
    return data.startswith(b"HTTP/1.1 200 ") and b'"live"' in data


def _end(data: bytes) -> int | None:
    head, found, _ = data.partition(b"\r\n\r\n")
    if not found:
        return None
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(head) + 4 + int(length)


def _fields(number: int) -> SignedFields:
    """Bids of 10 shares at 0.10 to 0.29, far below the touch."""
    shares = 10_000_000
    price = 1_000 + 100 * (number % 20)
    money = price * shares // 10_000
    return SignedFields(number, ADDRESS, ADDRESS, int(DEMO.yes), money, shares, 0, 0, START // 1_000_000)


def _request(key: Key, number: int) -> bytes:
    fields = _fields(number)
    domain = exchange_domain(Generation.V2, neg_risk=DEMO.neg_risk)
    signature = sign(digest(domain, order_struct_hash(fields, Generation.V2)), SIGNER)
    order = {
        "salt": fields.salt,
        "maker": checksummed(fields.maker),
        "signer": checksummed(fields.signer),
        "tokenId": str(fields.token_id),
        "makerAmount": str(fields.maker_amount),
        "takerAmount": str(fields.taker_amount),
        "side": "BUY",
        "expiration": "0",
        "signatureType": 0,
        "timestamp": str(fields.timestamp),
        "metadata": "0x" + fields.metadata.hex(),
        "builder": "0x" + fields.builder.hex(),
        "signature": "0x" + signature.hex(),
    }
    body = orjson.dumps({"order": order, "owner": key.api_key, "orderType": "GTC", "postOnly": True})
    stamp = str(START // SECOND)
    headers = {
        "Host": HOST,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "POLY_ADDRESS": checksummed(ADDRESS),
        "POLY_API_KEY": key.api_key,
        "POLY_PASSPHRASE": key.passphrase,
        "POLY_TIMESTAMP": stamp,
        "POLY_SIGNATURE": key.signature(stamp, "POST", "/order", body),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /order HTTP/1.1\r\n{lines}\r\n".encode() + body


# --- the cost of signatures -----------------------------------------------------------------------------------------


def signature_us(numbers: Sequence[int]) -> float:
    """What the hash of an order and the recovery of its signer take."""
    domain = exchange_domain(Generation.V2, neg_risk=DEMO.neg_risk)
    signed = []
    for number in numbers:
        fields = _fields(number)
        signed.append((fields, sign(digest(domain, order_struct_hash(fields, Generation.V2)), SIGNER)))
    began = time.perf_counter()
    for fields, signature in signed:
        contents = order_struct_hash(fields, Generation.V2)
        order_id = digest(domain, contents)
        assert order_signer(fields, signature, domain, contents, order_id) == ADDRESS
    return (time.perf_counter() - began) * 1e6 / len(signed)


# --- the run --------------------------------------------------------------------------------------------------------


def measure(orders: int, rounds: int, sockets: int) -> tuple[dict[str, list[Round]], list[float]]:
    """The rounds of every server, the first of which nobody counts, and the cost of signatures beside each."""
    context = multiprocessing.get_context("spawn")
    peers: list[Peer] = []
    processes = []
    for name in SERVERS:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(name, theirs), daemon=True)
        process.start()
        processes.append(process)
        assert ours.poll(LIMIT_S), f"{name} does not open"
        peers.append(Peer(name, ours.recv(), ours))
    dice = Random(1)
    results: dict[str, list[Round]] = {name: [] for name in SERVERS}
    signatures: list[float] = []
    for _ in range(rounds + 1):
        dice.shuffle(peers)
        for peer in peers:
            with timing.quiet():
                results[peer.name].append(peer.round(sockets, peer.orders(orders)))
        signatures.append(signature_us(range(orders)))
    for peer in peers:
        peer.pipe.send("end")
    for process in processes:
        process.join(LIMIT_S)
    return {name: told[1:] for name, told in results.items()}, signatures[1:]


def show(results: dict[str, list[Round]], signatures: Sequence[float]) -> None:
    bare = results["bare"]
    over: dict[str, float] = {}
    print(f"{'server':9} {'orders/s':>9} {'us an order':>12} {'server CPU us':>14}   less signature, over bare")
    for name, rounds in results.items():
        costs = signatures if name in SIGNED else [0.0] * len(rounds)
        wall, cpu = median(one.wall_us for one in rounds), median(one.cpu_us for one in rounds)
        over[name] = median(
            (one.wall_us - cost) / other.wall_us for one, other, cost in zip(rounds, bare, costs, strict=True)
        )
        print(f"{name:9} {1e6 / wall:>9,.0f} {wall:>12,.0f} {cpu:>14,.0f}   {over[name]:.2f}")
    print(f"signature: hash and recovery of the signer {median(signatures):.0f} us by itself")
    for name, how in (("unsigned", "unsigned"), ("exchange", "by subtraction")):
        verdict = "holds" if over[name] <= GOAL else "MISSED"
        print(f"goal: at most {GOAL:g} times as long as bare, {how}: {over[name]:.2f} {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exchange_http")
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sockets", type=int, default=8)
    chosen = parser.parse_args()
    show(*measure(chosen.orders, chosen.rounds, chosen.sockets))


if __name__ == "__main__":
    main()

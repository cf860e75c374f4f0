from __future__ import annotations

import asyncio
import socket as sockets
from contextlib import suppress

import pytest

from pmm.errors import PortTaken
from pmm.exchange import LocalExchange
from tests.exchange.conftest import DEMO, LIMIT_S, Visitor, empty_world, event, text, visit


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def free_pair() -> int:
    """A port that is free together with the next one."""
    for _ in range(100):
        with sockets.socket() as first, sockets.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise AssertionError("no two neighbouring ports are free")


async def test_all_addresses_are_on_loopback_and_named() -> None:
    async with visit(empty_world()) as visitor:
        urls = visitor.exchange.urls
        assert list(urls) == ["clob_url", "gamma_url", "data_url", "ws_market_url", "ws_user_url", "control_url"]
        assert all("://127.0.0.1:" in url for url in urls.values())
        assert urls["control_url"] != urls["clob_url"]


async def test_a_chosen_port_brings_the_control_endpoint_to_the_next() -> None:
    port = free_pair()
    async with visit(empty_world(), port=port) as visitor:
        assert port_of(visitor.exchange.urls["clob_url"]) == port
        assert port_of(visitor.exchange.urls["control_url"]) == port + 1


async def test_a_port_that_is_taken_is_said_and_nothing_stays_open() -> None:
    with sockets.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        before = len(asyncio.all_tasks())
        with pytest.raises(PortTaken, match="already in use"):
            async with LocalExchange(empty_world(), port=taken.getsockname()[1]):
                pass
        assert len(asyncio.all_tasks()) == before


async def test_leaving_ends_every_connection_and_every_task() -> None:
    before = asyncio.all_tasks()
    async with visit(empty_world()) as visitor, visitor.socket() as socket:
        await text(socket)
        url = visitor.exchange.urls["clob_url"]
        await visitor.exchange.__aexit__(None, None, None)
        await socket.receive(timeout=LIMIT_S)
        assert socket.closed
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port_of(url))
    assert asyncio.all_tasks() == before


async def test_the_traders_of_the_world_are_heard_as_time_passes() -> None:
    world = empty_world()
    world.set_trading(on=True)
    async with visit(world, speed=100) as visitor, visitor.socket(DEMO.yes) as socket:
        await text(socket)
        kinds = {(await event(socket))["event_type"] for _ in range(300)}
    assert kinds == {"price_change", "book", "last_trade_price"}


async def test_the_tape_follows_the_book_without_anybody_asking() -> None:
    async with visit(empty_world()) as visitor, visitor.socket(DEMO.yes) as socket:
        await text(socket)
        await visitor.place("SELL", "0.5")
        await visitor.place("BUY", "0.5")
        kinds = [(await event(socket))["event_type"] for _ in range(4)]
    assert kinds == ["price_change", "price_change", "book", "last_trade_price"]


async def test_many_readers_get_the_same_bytes() -> None:
    async with visit(empty_world()) as visitor, visitor.socket() as one, visitor.socket() as two:
        assert await text(one) == await text(two)
        await visitor.place("BUY", "0.48")
        assert await text(one) == await text(two)


async def test_half_a_request_holds_up_nobody(visitor: Visitor) -> None:
    port = int(visitor.exchange.urls["clob_url"].rsplit(":", 1)[1])
    writers = []
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
        writers.append(writer)
    assert await visitor.get("/ok") == "OK"
    for writer in writers:
        writer.close()
        await writer.wait_closed()

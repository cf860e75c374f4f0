from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp

from pmm.exchange.channel import CROWD_MIN
from tests.exchange.conftest import LIMIT_S, Visitor, text

HANDSHAKE = (
    b"GET /ws/market HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# More than the buffers of a loopback connection take.
LARGE = 200_000


async def open_raw(visitor: Visitor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket whose owner decides when to read."""
    port = int(visitor.exchange.urls["clob_url"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_crowd_gets_every_message_in_order(visitor: Visitor) -> None:
    channel = visitor.exchange.hub.channel
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(visitor.socket(subscribe=False)) for _ in range(CROWD_MIN)]
        for number in range(5):
            channel.inject(b"%d" % number)
            await asyncio.sleep(0)
        assert {len(client.outbox) for client in channel.clients} == {5}, "a crowd is not written to at once"
        for socket in sockets:
            assert [await text(socket) for _ in range(5)] == ["0", "1", "2", "3", "4"]


async def test_a_few_are_written_to_in_the_next_turn(visitor: Visitor) -> None:
    channel = visitor.exchange.hub.channel
    async with visitor.socket(subscribe=False) as socket:
        channel.inject(b"1")
        channel.inject(b"2")
        await asyncio.sleep(0)
        assert not any(client.outbox for client in channel.clients)
        assert [await text(socket) for _ in range(2)] == ["1", "2"]


async def test_whoever_reads_late_still_gets_everything(visitor: Visitor) -> None:
    channel = visitor.exchange.hub.channel
    reader, writer = await open_raw(visitor)
    (client,) = channel.clients
    sent = 0
    while not client.late.is_set():
        channel.inject(b"%06d" % sent + b"x" * LARGE)
        sent += 1
        await asyncio.sleep(0)
    assert channel.stats.dropped_clients == 0
    for number in range(sent):
        frame = await asyncio.wait_for(reader.readexactly(10 + 6 + LARGE), LIMIT_S)
        assert frame[10:16] == b"%06d" % number
    await asyncio.wait_for(channel.drained(), LIMIT_S)
    channel.inject(b"and then")
    assert await asyncio.wait_for(reader.readexactly(10), LIMIT_S) == b"\x81\x08and then"
    writer.close()


async def test_a_closing_frame_comes_after_what_was_sent_before(visitor: Visitor) -> None:
    channel = visitor.exchange.hub.channel
    async with visitor.socket(subscribe=False) as socket:
        channel.inject(b"last words")
        dropping = asyncio.create_task(channel.drop(4001))
        assert await text(socket) == "last words"
        message = await socket.receive(timeout=LIMIT_S)
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, 4001)
        assert await dropping == 1
        channel.inject(b"too late")


async def test_a_slow_socket_gets_its_messages_one_by_one(visitor: Visitor) -> None:
    channel = visitor.exchange.hub.channel
    told: list[tuple[str, bytes]] = []
    channel.witness = lambda direction, data: told.append((direction, data))
    channel.faults.slow_s = 0.001
    async with visitor.socket(subscribe=False) as socket:
        channel.inject(b"1")
        channel.inject(b"2")
        await asyncio.sleep(0)
        assert told == []
        assert await text(socket) == "1"
        assert told[0] == ("sent", b"1")
        assert await text(socket) == "2"
        channel.faults.slow_s = 0.0
        channel.inject(b"3")
        assert await text(socket) == "3"
    assert told == [("sent", b"1"), ("sent", b"2"), ("sent", b"3")]

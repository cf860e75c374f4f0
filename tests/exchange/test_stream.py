from __future__ import annotations

import asyncio

import aiohttp
import orjson
import pytest

from pmm._fast import Books
from pmm.exchange import outbox
from pmm.exchange.stream import without
from pmm.sim.frames import WireFrame
from tests.exchange.conftest import DEMO, LIMIT_S, Visitor, event, silence, text


async def test_a_subscription_is_answered_with_the_books_in_one_array(visitor: Visitor) -> None:
    await visitor.place("BUY", "0.48")
    async with visitor.socket() as socket:
        raw = await text(socket)
        books = orjson.loads(raw)
        assert [book["asset_id"] for book in books] == [DEMO.yes, DEMO.no]
        assert ", " not in raw
        assert books[0]["bids"] == [{"price": "0.48", "size": "10"}]


async def test_changes_reach_those_who_subscribed_to_a_token_they_name(visitor: Visitor) -> None:
    async with visitor.socket(DEMO.no) as reader, visitor.socket("123") as stranger:
        assert len(await event(reader)) == 1
        assert await event(stranger) == []
        await visitor.place("BUY", "0.48")
        change = await event(reader)
        assert [entry["price"] for entry in change["price_changes"]] == ["0.48", "0.52"]
        assert await silence(stranger)


async def test_text_ping_is_answered_with_text_pong(visitor: Visitor) -> None:
    async with visitor.socket(subscribe=False) as socket:
        await socket.send_str("PING")
        assert await text(socket) == "PONG"


async def test_tokens_can_be_added_and_taken_away(visitor: Visitor) -> None:
    async with visitor.socket("123") as socket:
        await text(socket)
        await socket.send_json({"operation": "subscribe", "assets_ids": [DEMO.yes]})
        assert [book["asset_id"] for book in await event(socket)] == [DEMO.yes]
        await visitor.place("BUY", "0.48")
        assert (await event(socket))["event_type"] == "price_change"
        await socket.send_json({"operation": "unsubscribe", "assets_ids": [DEMO.yes]})
        assert await silence(socket)
        await visitor.place("BUY", "0.47")
        assert await silence(socket)


async def test_best_prices_are_for_those_who_asked_for_custom_features(visitor: Visitor) -> None:
    async with visitor.socket(custom_feature_enabled=True) as curious, visitor.socket() as plain:
        await text(curious)
        await text(plain)
        await visitor.place("BUY", "0.48")
        kinds = [(await event(curious))["event_type"] for _ in range(3)]
        assert kinds == ["best_bid_ask", "best_bid_ask", "price_change"]
        assert (await event(plain))["event_type"] == "price_change"


async def test_the_dump_can_be_declined(visitor: Visitor) -> None:
    async with visitor.socket(initial_dump=False) as socket:
        assert await silence(socket)


@pytest.mark.parametrize(
    "message", ["hello", "[]", "{}", '{"assets_ids":"x"}', '{"assets_ids":[1]}', '{"operation":"jump","assets_ids":[]}']
)
async def test_a_frame_that_makes_no_sense_is_answered_and_survived(visitor: Visitor, message: str) -> None:
    async with visitor.socket(subscribe=False) as socket:
        await socket.send_str(message)
        assert await text(socket) == "INVALID OPERATION"
        assert await silence(socket)


async def test_a_book_built_from_a_thousand_changes_equals_the_book_of_the_exchange(visitor: Visitor) -> None:
    books = Books()
    index = books.add(DEMO.yes, DEMO.tick)
    async with visitor.socket(DEMO.yes) as socket:
        books.feed(await text(socket))
        world = visitor.exchange.source
        await visitor.control("/traders", {"on": True})
        while books.frames < 1_000 and (due := world.next_at()) is not None:
            visitor.exchange.clock.set(due)
            visitor.exchange.settle()
            while not await silence_or_feed(socket, books):
                pass
        await visitor.control("/traders", {"on": False})
        while not await silence_or_feed(socket, books):
            pass
        found = world.wire(DEMO.yes)
        assert found is not None
        assert books.book(index) == found[0].books[0]
        assert (books.refused, books.mismatches) == (0, 0)


async def silence_or_feed(socket: aiohttp.ClientWebSocketResponse, books: Books) -> bool:
    """Feed what has arrived before the answer to a PING."""
    await socket.send_str("PING")
    while (message := await text(socket)) != "PONG":
        books.feed(message)
    return True


@pytest.mark.parametrize("code", [1000, 1001, 4001])
async def test_all_sockets_can_be_closed_with_a_code(visitor: Visitor, code: int) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        dropping = asyncio.create_task(visitor.control("/stream/drop", {"code": code}))
        message = await socket.receive(timeout=LIMIT_S)
        assert (message.type, socket.close_code) == (aiohttp.WSMsgType.CLOSE, code)
        assert await dropping == {"dropped": 1}


async def test_a_connection_can_be_lost_without_a_word(visitor: Visitor) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        assert await visitor.control("/stream/drop", {"code": 1006}) == {"dropped": 1}
        assert (await socket.receive(timeout=LIMIT_S)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert socket.close_code == 1006


async def test_a_frozen_token_goes_quiet_while_the_other_one_lives(visitor: Visitor) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        await visitor.control("/stream/freeze", {"tokens": [DEMO.yes], "on": True})
        await visitor.place("BUY", "0.48")
        assert [entry["asset_id"] for entry in (await event(socket))["price_changes"]] == [DEMO.no]
        await visitor.control("/stream/freeze", {"tokens": [DEMO.yes], "on": False})
        await visitor.place("BUY", "0.47")
        assert len((await event(socket))["price_changes"]) == 2


async def test_a_frozen_stream_still_answers_pings(visitor: Visitor) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        await visitor.control("/stream/freeze", {"tokens": None, "on": True})
        await visitor.place("BUY", "0.48")
        assert await silence(socket)


async def test_a_silent_stream_accepts_and_says_nothing(visitor: Visitor) -> None:
    await visitor.control("/stream/silent", {"on": True})
    async with visitor.socket() as socket:
        await visitor.place("BUY", "0.48")
        assert await silence(socket)


async def test_new_sockets_can_be_refused(visitor: Visitor) -> None:
    await visitor.control("/stream/accept", {"on": False})
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with visitor.socket():
            pass
    assert caught.value.status == 503
    await visitor.control("/stream/accept", {"on": True})
    async with visitor.socket() as socket:
        assert len(await event(socket)) == 2


async def test_raw_bytes_can_be_injected(visitor: Visitor) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        assert await visitor.control("/stream/inject", {"frame": '{"truncated'}) == {"clients": 1}
        assert await text(socket) == '{"truncated'


async def test_the_next_messages_can_be_lost(visitor: Visitor) -> None:
    async with visitor.socket() as socket:
        await text(socket)
        await visitor.control("/stream/drop-next", {"n": 2})
        for price in ("0.46", "0.47", "0.48"):
            await visitor.place("BUY", price)
        assert (await event(socket))["price_changes"][0]["price"] == "0.48"


async def test_whoever_does_not_read_is_disconnected_and_nobody_else(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "OUTBOX_BYTES_MAX", 300_000)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(visitor.exchange.urls["clob_url"].rpartition(":")[2])
    )
    writer.write(
        b"GET /ws/market HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    async with visitor.socket() as other:
        await text(other)
        hub = visitor.exchange.hub
        assert len(hub.channel.clients) == 2
        sent = 0
        while not hub.channel.stats.dropped_clients and sent < 1_000:
            sent += 1
            hub.channel.inject(b'{"padding":"%s"}' % (b"x" * 100_000))
            await text(other)
        assert hub.channel.stats.dropped_clients == 1
        assert sent > 2
        assert len(hub.channel.clients) == 1
        assert await silence(other)
    writer.close()


async def test_the_user_channel_is_refused_with_a_reason(visitor: Visitor) -> None:
    assert "user channel" in (await visitor.get("/ws/user", 501))["error"]


def test_a_message_without_frozen_entries_stays_as_it_is() -> None:
    frame = WireFrame(b'{"event_type":"book"}', ("1",))
    assert without(frame, frozenset({"2"})) is frame.data
    assert without(frame, frozenset({"1"})) is None

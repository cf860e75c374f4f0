from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from pmm.model import Side
from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, LIMIT_S, Trading, event, silence, text

OTHER = default_listings()[1].market


async def test_an_order_is_told_from_placement_to_its_end(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        order = (await floor.ann.place(DEMO))["orderID"]
        placed = await event(socket)
        assert (placed["event_type"], placed["type"], placed["status"]) == ("order", "PLACEMENT", "LIVE")
        assert (placed["id"], placed["price"], placed["original_size"]) == (order, "0.4", "10")
        await floor.place("SELL", "0.40", "6")
        told = [await event(socket) for _ in range(2)]
        assert {(one["event_type"], one["type"]) for one in told} == {("order", "UPDATE"), ("trade", "TRADE")}
        await floor.ann.ask("DELETE", "/cancel-all")
        gone = await event(socket)
        assert (gone["type"], gone["status"], gone["size_matched"]) == ("CANCELLATION", "CANCELED", "6")


async def test_a_trade_is_told_once_for_every_state(floor: Trading) -> None:
    await floor.place("SELL", "0.40")
    async with floor.user_socket(floor.ann) as socket:
        trade_id = (await floor.ann.place(DEMO))["tradeIDs"][0]
        await floor.advance(10)
        assert await silence_after(socket, trade_id) == ["MATCHED", "MINED", "CONFIRMED"]


async def silence_after(socket: aiohttp.ClientWebSocketResponse, trade_id: str) -> list[str]:
    """The states of a trade among everything that was sent."""
    await socket.send_str("PING")
    states = []
    while (raw := await text(socket)) != "PONG":
        told = orjson.loads(raw)
        if told["event_type"] == "trade" and told["id"] == trade_id:
            states.append(told["status"])
            assert bool(told["transaction_hash"]) is (told["status"] != "MATCHED")
    return states


async def test_a_maker_finds_its_part_in_the_legs(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    async with floor.user_socket(floor.ann) as socket:
        await floor.place("BUY", "0.60", outcome="NO")
        trade = next(one for one in [await event(socket), await event(socket)] if one["event_type"] == "trade")
    (leg,) = [leg for leg in trade["maker_orders"] if leg["order_id"] == order]
    assert (trade["trader_side"], trade["asset_id"], trade["side"]) == ("MAKER", DEMO.no, Side.BUY)
    assert (leg["asset_id"], leg["side"], leg["price"], leg["matched_amount"]) == (DEMO.yes, Side.BUY, "0.4", "10")


async def test_nobody_hears_of_others(floor: Trading) -> None:
    async with floor.user_socket(floor.bob) as socket:
        await floor.ann.place(DEMO)
        assert await silence(socket)


async def test_markets_can_be_chosen_and_changed(floor: Trading) -> None:
    async with floor.user_socket(floor.ann, markets=[OTHER.condition_id]) as socket:
        await floor.ann.place(DEMO)
        assert await silence(socket)
        await socket.send_json({"operation": "subscribe", "markets": [DEMO.condition_id]})
        assert await silence(socket)
        await floor.ann.place(DEMO)
        assert (await event(socket))["market"] == DEMO.condition_id
        await socket.send_json({"operation": "unsubscribe", "markets": [DEMO.condition_id]})
        assert await silence(socket)
        await floor.ann.place(DEMO)
        assert await silence(socket)


async def test_a_socket_with_a_wrong_secret_is_cut(floor: Trading) -> None:
    assert floor.ann.creds is not None
    auth = {"apiKey": floor.ann.creds.api_key, "secret": "AAAA", "passphrase": floor.ann.creds.passphrase}
    async with floor.http.ws_connect(floor.exchange.urls["ws_user_url"]) as socket:
        await socket.send_json({"auth": auth, "type": "user"})
        assert (await socket.receive(LIMIT_S)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


@pytest.mark.parametrize(
    "frame",
    ["[]", "{", "5", '{"type":"user"}', '{"operation":"subscribe","markets":["x"]}', '{"auth":5,"type":"user"}'],
)
async def test_what_is_no_subscription_is_not_understood(floor: Trading, frame: str) -> None:
    async with floor.http.ws_connect(floor.exchange.urls["ws_user_url"]) as socket:
        await socket.send_str(frame)
        assert await text(socket) == "INVALID OPERATION"
        assert await silence(socket)


async def test_nothing_is_replayed_after_a_reconnection(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        assert await floor.control("/stream/drop", {"channel": "user", "code": 1012}) == {"dropped": 1}
        closed = await socket.receive(LIMIT_S)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1012)
    await floor.ann.place(DEMO)
    async with floor.user_socket(floor.ann) as socket:
        assert await silence(socket)


async def test_a_deleted_key_hears_nothing_more(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        order: dict[str, Any] = floor.ann.body(DEMO)
        await floor.ann.ask("POST", "/order", order)
        await event(socket)
        await floor.ann.ask("DELETE", "/auth/api-key")
        await floor.control("/accounts/wipe", {"account": floor.ann.address, "told": True})
        assert await silence(socket)


async def test_a_socket_that_shows_another_key_hears_of_that_one_only(floor: Trading) -> None:
    assert floor.bob.creds is not None
    creds = floor.bob.creds
    auth = {"apiKey": creds.api_key, "secret": creds.secret, "passphrase": creds.passphrase}
    async with floor.user_socket(floor.ann) as socket:
        await socket.send_json({"auth": auth, "type": "user"})
        assert await silence(socket)
        await floor.ann.place(DEMO)
        assert await silence(socket)
        order = (await floor.bob.place(DEMO))["orderID"]
        assert (await event(socket))["id"] == order


async def test_every_socket_of_an_account_is_told_and_those_that_left_are_forgotten(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as stays:
        async with floor.user_socket(floor.ann) as leaves:
            order = (await floor.ann.place(DEMO))["orderID"]
            assert [(await event(socket))["id"] for socket in (stays, leaves)] == [order, order]
        order = (await floor.ann.place(DEMO, price="0.41"))["orderID"]
        assert (await event(stays))["id"] == order
    assert await gone(floor)


async def gone(floor: Trading) -> bool:
    """Whether nothing is kept of user sockets, once the exchange has noticed that they closed."""
    assert floor.exchange.house is not None
    hub = floor.exchange.house.users
    async with asyncio.timeout(LIMIT_S):
        while hub.channel.clients:
            await floor.get("/ok")
    return hub.listening == 0

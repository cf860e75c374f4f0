"""Every scripted fault, seen on the wire (the fault table of the reliability reference, section 3.3)."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest

from pmm.exchange.scenario import Step
from pmm.model import SECOND
from tests.exchange.conftest import DEMO, Trading, event, silence, text, trading

POST = "POST /order"


async def harm(floor: Trading, on: str, kind: str, **more: object) -> None:
    await floor.control("/faults/requests", {"on": on, "harm": kind, **more})


async def open_orders(floor: Trading) -> list[str]:
    return [order["id"] for order in (await floor.ann.ask("GET", "/data/orders"))["data"]]


async def unanswered(floor: Trading, method: str, path: str, body: object) -> None:
    with pytest.raises(aiohttp.ClientError):
        await floor.ann.ask(method, path, body)


# --- F01 to F04, F06: requests whose answers mislead --------------------------------------------------------------


async def test_an_order_rests_before_its_answer_comes(floor: Trading) -> None:
    await harm(floor, POST, "answer_late", seconds=8)
    body = floor.ann.body(DEMO)
    async with floor.user_socket(floor.ann) as socket, asyncio.TaskGroup() as tasks:
        posting = tasks.create_task(floor.ann.ask("POST", "/order", body))
        assert (await event(socket))["type"] == "PLACEMENT"
        await floor.advance(7)
        assert not posting.done()
        await floor.advance(2)
        assert (await posting)["orderID"] == floor.ann.id_of(body, DEMO)


async def test_an_order_rests_and_its_answer_never_comes(floor: Trading) -> None:
    await harm(floor, POST, "cut")
    body = floor.ann.body(DEMO)
    await unanswered(floor, "POST", "/order", body)
    assert await open_orders(floor) == [floor.ann.id_of(body, DEMO)]


async def test_an_order_is_lost_on_its_way(floor: Trading) -> None:
    await harm(floor, POST, "lose")
    await unanswered(floor, "POST", "/order", floor.ann.body(DEMO))
    assert await open_orders(floor) == []


async def test_an_order_lands_long_after_it_was_given_up(floor: Trading) -> None:
    await harm(floor, POST, "park", seconds=30)
    body = floor.ann.body(DEMO)
    await unanswered(floor, "POST", "/order", body)
    await floor.advance(29)
    assert await open_orders(floor) == []
    await floor.advance(2)
    assert await open_orders(floor) == [floor.ann.id_of(body, DEMO)]


@pytest.mark.parametrize(("kind", "rests"), [("fail", 0), ("fail_done", 1)])
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_failure_says_nothing_about_the_order(floor: Trading, kind: str, rests: int, status: int) -> None:
    await harm(floor, POST, kind, status=status, text="could not insert order")
    told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO), status=status)
    assert told == {"error": "could not insert order"}
    assert len(await open_orders(floor)) == rests


async def test_a_refusal_for_a_while_says_when_to_come_back(floor: Trading) -> None:
    await harm(floor, POST, "fail", status=429, text="Too Many Requests", retry_after=3, times=2)
    for _ in range(2):
        status, told, headers = await floor.ann.ask_all("POST", "/order", floor.ann.body(DEMO))
        assert (status, told["retry_after_seconds"], headers["Retry-After"]) == (429, 3, "3")
    await floor.ann.place(DEMO)


async def test_cancels_can_lie_in_both_directions(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    await harm(floor, "DELETE /order", "lie_canceled")
    await harm(floor, "DELETE /order", "lie_not_found")
    await harm(floor, "DELETE /order", "deny_canceled")
    cancel = {"orderID": order}
    assert (await floor.ann.ask("DELETE", "/order", cancel))["canceled"] == [order]
    assert list((await floor.ann.ask("DELETE", "/order", cancel))["not_canceled"]) == [order]
    assert await open_orders(floor) == [order]
    assert list((await floor.ann.ask("DELETE", "/order", cancel))["not_canceled"]) == [order]
    assert await open_orders(floor) == []


async def test_harm_meets_only_what_it_names(floor: Trading) -> None:
    await harm(floor, "* /data/*", "fail", times=None)
    await floor.ann.place(DEMO)
    await floor.ann.ask("GET", "/data/orders", status=500)
    await floor.ann.ask("GET", "/data/trades", status=500)
    assert await floor.control("/faults/clear") == {"cleared": 1}
    await floor.ann.ask("GET", "/data/orders")


async def test_one_seed_strikes_the_same_requests() -> None:
    async def struck(seed: int) -> list[int]:
        async with trading(seed=seed) as floor:
            await harm(floor, "GET /time", "fail", times=None, chance=0.5)
            statuses = []
            for _ in range(20):
                async with floor.http.get(floor.exchange.urls["clob_url"] + "/time") as response:
                    statuses.append(response.status)
            return statuses

    first, again, other = [await struck(seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert set(first) == {200, 500}


async def test_401_comes_in_bursts(floor: Trading) -> None:
    await harm(floor, "* /*", "fail", status=401, text="Unauthorized/Invalid api key", times=3)
    for _ in range(3):
        await floor.ann.ask("GET", "/data/orders", status=401)
    await floor.ann.ask("GET", "/data/orders")


# --- F09, F10, F12, F13: frames -----------------------------------------------------------------------------------


async def test_messages_of_the_user_are_lost_doubled_and_cut(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        await floor.control("/faults/frames", {"channel": "user", "fault": "lose"})
        await floor.ann.place(DEMO)
        assert await silence(socket)
        await floor.control("/faults/frames", {"channel": "user", "fault": "double"})
        await floor.ann.place(DEMO)
        assert await text(socket) == await text(socket)
        await floor.control("/faults/frames", {"channel": "user", "fault": "truncate"})
        await floor.ann.place(DEMO)
        cut = await text(socket)
        assert cut.startswith('{"event_type":"order"')
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(cut)


async def test_a_message_is_overtaken_by_the_next(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        await floor.control("/faults/frames", {"channel": "user", "fault": "swap"})
        first = (await floor.ann.place(DEMO))["orderID"]
        assert await silence(socket)
        second = (await floor.ann.place(DEMO))["orderID"]
        assert [(await event(socket))["id"], (await event(socket))["id"]] == [second, first]


async def test_market_messages_are_cut_doubled_and_overtaken(floor: Trading) -> None:
    async with floor.socket() as socket:
        await text(socket)
        await floor.control("/faults/frames", {"fault": "double"})
        await floor.place("BUY", "0.30")
        assert await text(socket) == await text(socket)
        await floor.control("/faults/frames", {"fault": "swap"})
        await floor.place("BUY", "0.31")
        await floor.place("BUY", "0.32")
        prices = [(await event(socket))["price_changes"][0]["price"] for _ in range(2)]
        assert prices == ["0.32", "0.31"]


async def test_a_frozen_user_socket_still_answers_ping(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        await floor.control("/stream/freeze", {"channel": "user", "on": True})
        await floor.ann.place(DEMO)
        assert await silence(socket)
        await floor.control("/stream/freeze", {"channel": "user", "on": False})
        await floor.ann.place(DEMO)
        assert (await event(socket))["type"] == "PLACEMENT"


async def test_a_new_socket_gets_a_stale_snapshot(floor: Trading) -> None:
    async with floor.socket(DEMO.yes) as socket:
        assert (await event(socket))[0]["bids"] == []
        assert await floor.control("/stream/stale", {"on": True}) == {"tokens": 1}
        await floor.place("BUY", "0.30")
        async with floor.socket(DEMO.yes) as late:
            assert (await event(late))[0]["bids"] == []
        await floor.control("/stream/stale", {"on": False})
        async with floor.socket(DEMO.yes) as fresh:
            assert (await event(fresh))[0]["bids"] == [{"price": "0.3", "size": "10"}]


async def test_a_socket_is_slow(floor: Trading) -> None:
    async with floor.socket(DEMO.yes) as socket:
        await text(socket)
        await floor.control("/stream/slow", {"seconds": 0.2})
        began = asyncio.get_running_loop().time()
        await floor.place("BUY", "0.30")
        await text(socket)
        assert asyncio.get_running_loop().time() - began >= 0.2


@pytest.mark.parametrize("channel", ["market", "user"])
async def test_sockets_are_refused(floor: Trading, channel: str) -> None:
    await floor.control("/stream/accept", {"channel": channel, "on": False})
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await floor.http.ws_connect(floor.exchange.urls[f"ws_{channel}_url"])
    assert refused.value.status == 503


# --- F08, F15, F17, F18, F22, F25, F32, F33: the venue --------------------------------------------------------------


async def test_a_trade_fails_after_it_was_matched(floor: Trading) -> None:
    steps = [{"status": "RETRYING", "after_ms": 1000}, {"status": "FAILED", "after_ms": 3000}]
    await floor.control("/venue/settlement", {"steps": steps})
    await floor.place("SELL", "0.40")
    before = await money(floor)
    trade_id = (await floor.ann.place(DEMO))["tradeIDs"][0]
    states = [await state_of(floor, trade_id)]
    for seconds in (2, 2):
        await floor.advance(seconds)
        states.append(await state_of(floor, trade_id))
    assert states == ["MATCHED", "RETRYING", "FAILED"]
    await floor.advance(5)
    assert await money(floor) == before


async def money(floor: Trading) -> int:
    query = "?asset_type=COLLATERAL&signature_type=0"
    return int((await floor.ann.ask("GET", "/balance-allowance", query=query))["balance"])


async def state_of(floor: Trading, trade_id: str) -> Any:
    (trade,) = (await floor.ann.ask("GET", "/data/trades", query=f"?id={trade_id}"))["data"]
    return trade["status"]


async def test_shares_are_shown_long_after_they_were_bought(floor: Trading) -> None:
    query = f"?asset_type=CONDITIONAL&token_id={DEMO.yes}&signature_type=0"
    await floor.place("SELL", "0.40")
    await floor.ann.place(DEMO)
    shown = [(await floor.ann.ask("GET", "/balance-allowance", query=query))["balance"]]
    told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO, "SELL", "0.60"), status=400)
    assert "not enough balance / allowance" in told["error"]
    await floor.advance(10)
    shown.append((await floor.ann.ask("GET", "/balance-allowance", query=query))["balance"])
    assert shown == ["0", "10000000"]
    await floor.ann.place(DEMO, "SELL", "0.60")


async def test_orders_disappear_without_a_word(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    async with floor.user_socket(floor.ann) as socket:
        assert await floor.control("/accounts/wipe", {"account": floor.ann.address}) == {"wiped": [order]}
        assert await silence(socket)
    assert await open_orders(floor) == []


async def test_a_restart_may_lose_every_order(floor: Trading) -> None:
    await floor.ann.place(DEMO)
    await floor.control("/venue/restart", {"seconds": 5, "wipe": True})
    await floor.advance(6)
    assert await open_orders(floor) == []


async def test_somebody_trades_on_the_same_account(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as socket:
        body = {"account": floor.ann.address, "side": "BUY", "price": "0.20", "size": "10"}
        foreign = (await floor.control("/accounts/order", body))["order_id"]
        told = await event(socket)
    assert (told["id"], told["owner"]) == (foreign, "web-site")
    assert await open_orders(floor) == [foreign]


async def test_the_tick_changes_while_orders_are_on_their_way(floor: Trading) -> None:
    body = floor.ann.body(DEMO, price="0.405")
    async with floor.socket(DEMO.yes) as socket:
        await text(socket)
        await floor.control("/venue/tick", {"tick": "0.001"})
        told = await event(socket)
        assert (told["event_type"], told["old_tick_size"], told["new_tick_size"]) == (
            "tick_size_change",
            "0.01",
            "0.001",
        )
    assert (await floor.get(f"/tick-size?token_id={DEMO.yes}"))["minimum_tick_size"] == 0.001
    assert (await floor.ann.ask("POST", "/order", body))["status"] == "live"


async def test_a_market_is_paused_closed_and_resolved(floor: Trading) -> None:
    await floor.give(floor.ann, "10")
    resting = (await floor.ann.place(DEMO, "SELL", "0.90"))["orderID"]
    await floor.control("/venue/pause")
    told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO), status=400)
    assert told["error"] == "the market is not yet ready to process new orders"
    await floor.control("/venue/pause", {"on": False})
    await floor.ann.place(DEMO)
    await floor.control("/venue/resolve", {"winner": "YES"})
    assert (await floor.ann.ask("GET", f"/data/order/{resting}"))["status"] == "CANCELED_MARKET_RESOLVED"
    market = await floor.get(f"/markets/{DEMO.condition_id}")
    assert (market["closed"], [token["winner"] for token in market["tokens"]]) == (True, [True, False])
    assert await floor.control("/accounts/redeem", {"account": floor.ann.address}) == {"paid": "10"}
    kinds = [one["type"] for one in await floor.ann.ask("GET", "/notifications", query="?signature_type=0")]
    assert 4 in kinds


async def test_a_heartbeat_that_stops_takes_the_orders_along(floor: Trading) -> None:
    first = (await floor.ann.ask("POST", "/v1/heartbeats", {"heartbeat_id": None}))["heartbeat_id"]
    order = (await floor.ann.place(DEMO))["orderID"]
    await floor.advance(9)
    second = (await floor.ann.ask("POST", "/v1/heartbeats", {"heartbeat_id": first}))["heartbeat_id"]
    await floor.advance(9)
    assert await open_orders(floor) == [order]
    wrong = await floor.ann.ask("POST", "/v1/heartbeats", {"heartbeat_id": first}, status=400)
    assert wrong == {"error": "Invalid Heartbeat ID", "error_msg": "Invalid Heartbeat ID", "heartbeat_id": second}
    await floor.advance(7)
    assert await open_orders(floor) == []


async def test_a_right_heartbeat_is_called_wrong(floor: Trading) -> None:
    await floor.control("/heartbeats/refuse", {"n": 1})
    told = await floor.ann.ask("POST", "/v1/heartbeats", {"heartbeat_id": ""}, status=400)
    await floor.ann.ask("POST", "/v1/heartbeats", {"heartbeat_id": told["heartbeat_id"]})


async def test_the_clock_of_the_venue_is_off(floor: Trading) -> None:
    true = await floor.get("/time")
    await floor.control("/clock/shift", {"seconds": -3600})
    assert await floor.get("/time") == true - 3600


async def test_an_allowance_is_taken_back(floor: Trading) -> None:
    await floor.control("/accounts/allow", {"account": floor.ann.address, "amount": "1"})
    told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO), status=400)
    assert "allowance is not enough" in told["error"]


async def test_a_gtd_order_is_dropped_a_minute_before_its_end(floor: Trading) -> None:
    body = floor.ann.body(DEMO, orderType="GTD")
    body["order"]["expiration"] = str(await floor.get("/time") + 600)
    order = (await floor.ann.ask("POST", "/order", body))["orderID"]
    await floor.advance(539)
    assert await open_orders(floor) == [order]
    await floor.advance(2)
    assert await open_orders(floor) == []


async def test_a_rebate_is_paid_and_told(floor: Trading) -> None:
    await floor.ann.place(DEMO, price="0.50", size="1000")
    await floor.give(floor.bob, "1000")
    await floor.bob.place(DEMO, "SELL", "0.50", "1000")
    await floor.advance(10)
    everybody = (await floor.control("/venue/rebates"))["paid"]
    (paid,) = [one for one in everybody if one["account"] == floor.ann.address]
    (told,) = await floor.get(f"/rebates/current?maker_address={floor.ann.address}")
    assert (paid["account"], paid["usd"]) == (floor.ann.address, told["rebated_fees_usdc"])
    assert await floor.get(f"/rebates/current?maker_address={floor.bob.address}") == []


async def test_a_game_begins_and_the_book_is_empty(floor: Trading) -> None:
    await floor.ann.place(DEMO)
    await floor.control("/venue/clear")
    assert await open_orders(floor) == []
    await floor.ann.place(DEMO)


# --- scripts ------------------------------------------------------------------------------------------------------


async def test_a_script_acts_by_the_clock_of_the_venue() -> None:
    steps = [
        Step(5 * SECOND, "/faults/requests", {"on": POST, "harm": "fail"}),
        Step(7 * SECOND, "/venue/mode", {"mode": "nonsense"}),
    ]
    async with trading(scenario=steps) as floor:
        await floor.ann.place(DEMO)
        await floor.advance(6)
        await floor.ann.ask("POST", "/order", floor.ann.body(DEMO), status=500)
        await floor.advance(2)
        stats = await floor.control("/stats", method="GET")
        assert (stats["steps_left"], stats["steps_refused"], stats["harmed"]) == (0, 1, 1)


async def test_a_client_that_never_reads_costs_nobody_anything(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as deaf, floor.user_socket(floor.ann) as socket:
        channel = floor.exchange.house.users.channel if floor.exchange.house else None
        assert channel is not None
        sent = 0
        while not channel.stats.dropped_clients and sent < 2_000:
            for client in list(channel.clients)[:1]:
                channel.send(client, b"x" * 100_000)
            sent += 1
        assert channel.stats.dropped_clients == 1
        assert len(channel.clients) == 1
        del deaf, socket

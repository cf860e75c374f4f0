"""Answers that are true of another batch, another market or another moment (F06, F16, F24, F36)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pmm.eip712 import Generation
from tests.exchange.conftest import DEMO, Trading, event, silence

BATCH = "POST /orders"


async def harm(floor: Trading, on: str, kind: str, **more: object) -> None:
    await floor.control("/faults/requests", {"on": on, "harm": kind, **more})


async def open_orders(floor: Trading) -> set[str]:
    return {order["id"] for order in (await floor.ann.ask("GET", "/data/orders"))["data"]}


def batch(floor: Trading, *sizes: str) -> tuple[list[Any], list[str]]:
    bodies = [floor.ann.body(DEMO, size=size) for size in sizes]
    return bodies, [floor.ann.id_of(body, DEMO) for body in bodies]


async def test_a_batch_is_answered_in_another_order(floor: Trading) -> None:
    bodies, ids = batch(floor, "10", "11", "12")
    await harm(floor, BATCH, "shuffle")
    told = [row["orderID"] for row in await floor.ann.ask("POST", "/orders", bodies)]
    assert told != ids
    assert set(told) == set(ids) == await open_orders(floor)


async def test_a_batch_has_fewer_answers_than_orders(floor: Trading) -> None:
    bodies, ids = batch(floor, "10", "11", "12")
    await harm(floor, BATCH, "short")
    assert [row["orderID"] for row in await floor.ann.ask("POST", "/orders", bodies)] == ids[:2]
    assert await open_orders(floor) == set(ids)


async def test_a_batch_is_taken_in_part(floor: Trading) -> None:
    bodies, ids = batch(floor, "10", "1", "12")
    told = await floor.ann.ask("POST", "/orders", bodies)
    assert [row["success"] for row in told] == [True, False, True]
    assert await open_orders(floor) == {ids[0], ids[2]}


async def test_some_orders_of_a_batch_fail_and_the_others_are_placed(floor: Trading) -> None:
    bodies, ids = batch(floor, "10", "11", "12", "13", "14")
    await harm(floor, BATCH, "partial", entries=2, text="Rate limit exceeded")
    told = await floor.ann.ask("POST", "/orders", bodies)
    failed = [number for number, row in enumerate(told) if not row["success"]]
    assert len(failed) == 2
    assert {told[number]["errorMsg"] for number in failed} == {"Rate limit exceeded"}
    placed = [name for number, name in enumerate(ids) if number not in failed]
    assert [row["orderID"] for row in told if row["success"]] == placed
    assert await open_orders(floor) == set(placed)
    again = await floor.ann.ask("POST", "/orders", [bodies[number] for number in failed])
    assert all(row["success"] for row in again)


async def test_all_orders_of_a_batch_can_fail_and_what_is_no_batch_stays_as_it_is(floor: Trading) -> None:
    bodies, _ = batch(floor, "10", "11")
    await harm(floor, BATCH, "partial", entries=9)
    told = await floor.ann.ask("POST", "/orders", bodies)
    assert [row["errorMsg"] for row in told] == ["Internal server error"] * 2
    await harm(floor, BATCH, "partial", times=3)
    nothing: tuple[object, ...] = ([], {}, b"{")
    for body in nothing:
        assert "error" in await floor.ann.ask("POST", "/orders", body, status=400)
    assert await open_orders(floor) == set()


async def test_a_list_of_one_and_a_refusal_stay_as_they_are(floor: Trading) -> None:
    bodies, ids = batch(floor, "10")
    await harm(floor, BATCH, "short", times=2)
    assert [row["orderID"] for row in await floor.ann.ask("POST", "/orders", bodies)] == ids
    assert "error" in await floor.ann.ask("POST", "/orders", {}, status=400)


async def test_a_cancel_takes_its_time(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    await harm(floor, "DELETE /order", "delay", seconds=5)
    async with floor.user_socket(floor.ann) as socket, asyncio.TaskGroup() as tasks:
        canceling = tasks.create_task(floor.ann.ask("DELETE", "/order", {"orderID": order}))
        while not (await floor.control("/stats", method="GET"))["harmed"]:
            pass
        await floor.advance(4)
        assert await open_orders(floor) == {order}
        assert await silence(socket)
        await floor.advance(2)
        assert (await canceling)["canceled"] == [order]
        assert (await event(socket))["type"] == "CANCELLATION"


async def test_an_order_is_filled_while_its_cancel_is_on_the_way(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    await harm(floor, "DELETE /order", "delay", seconds=5)
    async with asyncio.TaskGroup() as tasks:
        canceling = tasks.create_task(floor.ann.ask("DELETE", "/order", {"orderID": order}))
        while not (await floor.control("/stats", method="GET"))["harmed"]:
            pass
        await floor.place("SELL", "0.40")
        await floor.advance(6)
        assert list((await canceling)["not_canceled"]) == [order]
    (trade,) = (await floor.ann.ask("GET", "/data/trades"))["data"]
    assert trade["size"] == "10"


async def test_a_balance_is_said_not_to_be_enough_although_it_is(floor: Trading) -> None:
    sentence = "not enough balance / allowance"
    await harm(floor, "POST /order", "fail", status=400, text=sentence)
    assert await floor.ann.ask("POST", "/order", floor.ann.body(DEMO), status=400) == {"error": sentence}
    assert await open_orders(floor) == set()
    await floor.ann.place(DEMO)


async def test_every_request_fails_while_the_sockets_live(floor: Trading) -> None:
    async with floor.user_socket(floor.ann) as user, floor.socket(subscribe=False) as market:
        await harm(floor, "* /*", "fail", times=None, status=503)
        await floor.ann.ask("GET", "/data/orders", status=503)
        await floor.get("/time", status=503)
        assert await silence(user)
        assert await silence(market)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/order"),
        ("POST", "/orders"),
        ("DELETE", "/order"),
        ("DELETE", "/orders"),
        ("DELETE", "/cancel-all"),
        ("DELETE", "/cancel-market-orders"),
    ],
)
async def test_every_order_endpoint_is_too_early_during_a_restart(floor: Trading, method: str, path: str) -> None:
    order = floor.ann.body(DEMO)
    order_id = floor.ann.id_of(order, DEMO)
    bodies = {
        "POST /order": order,
        "POST /orders": [order],
        "DELETE /order": {"orderID": order_id},
        "DELETE /orders": [order_id],
    }
    await floor.control("/venue/restart", {"seconds": 30})
    status, _, headers = await floor.ann.ask_all(method, path, bodies.get(f"{method} {path}"))
    assert (status, headers["Retry-After"]) == (425, "30")


async def test_metadata_names_the_wrong_exchange(floor: Trading) -> None:
    path, neg_risk = f"/clob-markets/{DEMO.condition_id}", f"/neg-risk?token_id={DEMO.yes}"
    true = await floor.get(path)
    await harm(floor, "GET /clob-markets/*", "alter", fields={"nr": True, "v": "v2"})
    await harm(floor, "GET /neg-risk", "alter", fields={"neg_risk": True})
    await harm(floor, "GET /version", "alter", fields={"version": 3})
    await harm(floor, "GET /gamma/*", "alter", fields={"negRisk": True})
    assert await floor.get(path) == {**true, "nr": True, "v": "v2"} != true
    assert await floor.get(neg_risk) == {"neg_risk": True}
    assert await floor.get("/version") == {"version": 3}
    assert (await floor.get(f"/gamma/markets/slug/{DEMO.slug}"))["negRisk"] is True
    assert await floor.get(neg_risk) == {"neg_risk": False}
    assert await floor.get(path) == true


async def test_who_believes_a_wrong_version_is_told_so_once(floor: Trading) -> None:
    await harm(floor, "GET /version", "alter", fields={"version": 1})
    generation = Generation((await floor.get("/version"))["version"])
    mismatch = {"error": "order_version_mismatch"}
    assert await floor.ann.ask("POST", "/order", floor.ann.body(DEMO, generation=generation), status=400) == mismatch
    generation = Generation((await floor.get("/version"))["version"])
    assert (await floor.ann.ask("POST", "/order", floor.ann.body(DEMO, generation=generation)))["status"] == "live"


async def test_a_mismatch_of_versions_can_come_as_an_answer(floor: Trading) -> None:
    await harm(floor, "POST /order", "fail", status=200, text="order_version_mismatch")
    assert await floor.ann.ask("POST", "/order", floor.ann.body(DEMO)) == {"error": "order_version_mismatch"}
    assert await open_orders(floor) == set()


async def test_a_fill_is_told_larger_than_it_was_over_http_too(floor: Trading) -> None:
    await floor.place("SELL", "0.40")
    trade = (await floor.ann.place(DEMO))["tradeIDs"][0]
    await harm(floor, "GET /data/trades", "alter", fields={"size": "10.01", "matched_amount": "10.01"})
    (told,) = (await floor.ann.ask("GET", "/data/trades", query=f"?id={trade}"))["data"]
    assert (told["size"], told["maker_orders"][0]["matched_amount"]) == ("10.01", "10.01")
    (true,) = (await floor.ann.ask("GET", "/data/trades", query=f"?id={trade}"))["data"]
    assert (true["size"], true["maker_orders"][0]["matched_amount"]) == ("10", "10")


async def test_an_order_signed_for_the_wrong_exchange_is_refused(floor: Trading) -> None:
    body = floor.ann.body(DEMO, neg_risk=True)
    assert await floor.ann.ask("POST", "/order", body, status=400) == {"error": "invalid signature"}


async def test_terms_of_a_market_change(floor: Trading) -> None:
    await floor.ann.place(DEMO, size="10")
    body = {"min_size": "25", "rewards_min_size": "200", "rewards_max_spread": "0.015", "rewards_usd_a_day": 7}
    await floor.control("/venue/terms", body)
    assert "minimum" in (await floor.ann.ask("POST", "/order", floor.ann.body(DEMO, size="20"), status=400))["error"]
    assert (await floor.get(f"/book?token_id={DEMO.yes}"))["min_order_size"] == "25"
    (row,) = (await floor.get(f"/rewards/markets/{DEMO.condition_id}"))["data"]
    assert (row["rewards_min_size"], row["rewards_max_spread"]) == (200, 1.5)
    assert len(await open_orders(floor)) == 1

"""The kill path against a venue that fails in every way: it ends only when the venue's own list is empty."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pmm.eip712 import SignatureType, checksummed
from pmm.model import SECOND, USD
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer
from pmm.venues.polymarket.sweep import Sweep, Swept
from tests.exchange.conftest import DEMO, Trading, trading

QUICK = SECOND // 2


@asynccontextmanager
async def open_floor() -> AsyncIterator[Trading]:
    """An exchange in real time, where nobody but ann and bob trades."""
    async with trading(speed=1.0) as floor:
        yield floor


def credentials(floor: Trading) -> Credentials:
    creds = floor.ann.creds
    assert creds is not None
    return Credentials(creds.api_key, creds.secret, creds.passphrase)


def signer_of_ann() -> Signer:
    caps = Caps(25 * USD, 600 * SECOND)
    return Signer(bytes([1]) * 32, funder=None, signature_type=SignatureType.EOA, caps=caps)


async def swept(floor: Trading, *, limit: float | None = 20.0, **how: Any) -> Swept:
    """Ann's orders are swept."""
    url, own = floor.exchange.urls["clob_url"], how.pop("own", credentials(floor))
    async with PrivateHttp(url, checksummed(floor.ann.address), own, deadline=QUICK) as http:
        http.deadline = how.pop("deadline", QUICK)
        return await Sweep(http, settle=how.pop("settle", 0.1), **how).run(limit)


async def harm(floor: Trading, on: str, harm: str, **more: object) -> None:
    await floor.control("/faults/requests", {"on": on, "harm": harm, **more})


async def rest(floor: Trading, count: int = 3) -> None:
    for number in range(count):
        await floor.ann.place(DEMO, price=f"0.{10 + number}", size="5")


async def listed(floor: Trading) -> int:
    return len((await floor.ann.ask("GET", "/data/orders"))["data"])


async def paths(floor: Trading) -> list[str]:
    rows = (await floor.control("/requests", method="GET"))["requests"]
    return [f"{row['method']} {row['path']}" for row in rows]


async def test_everything_is_cancelled_and_looked_at_twice() -> None:
    async with open_floor() as floor:
        await rest(floor)
        bobs = await floor.bob.place(DEMO, price="0.30")
        result = await swept(floor)
        assert (result.empty, result.left, result.cause) == (True, (), "")
        assert await listed(floor) == 0
        assert (await paths(floor))[-5:-1] == ["DELETE /cancel-all", "GET /data/orders"] * 2
        assert result.rounds == 2
        assert [row["id"] for row in (await floor.bob.ask("GET", "/data/orders"))["data"]] == [bobs["orderID"]]


async def test_one_market_alone_can_be_swept() -> None:
    async with open_floor() as floor:
        await rest(floor, 1)
        other = next(
            one.market for one in floor.exchange.source.listings if one.market.condition_id != DEMO.condition_id
        )
        await floor.ann.place(other, price="0.10", size="20")
        result = await swept(floor, market=DEMO.condition_id)
        assert result.empty
        (left,) = (await floor.ann.ask("GET", "/data/orders"))["data"]
        assert left["market"] == other.condition_id


async def test_more_than_one_page_is_read() -> None:
    async with open_floor() as floor:
        await harm(floor, "DELETE /cancel-all", "lie_canceled", times=1)
        floor.exchange.house.limits.enforce = False
        bodies = [floor.ann.body(DEMO, price="0.10", size="5") for _ in range(510)]
        for start in range(0, len(bodies), 15):
            await floor.ann.ask("POST", "/orders", bodies[start : start + 15])
        told: list[str] = []
        assert (await swept(floor, tell=told.append, deadline=10 * SECOND)).empty
        assert told[0] == "510 orders are left"


@pytest.mark.parametrize(
    ("on", "how"),
    [
        ("DELETE /cancel-all", {"harm": "lose", "seconds": 0.1}),
        ("DELETE /cancel-all", {"harm": "cut"}),
        ("DELETE /cancel-all", {"harm": "answer_late", "seconds": 2}),
        ("DELETE /cancel-all", {"harm": "fail", "status": 500}),
        ("DELETE /cancel-all", {"harm": "fail_done", "status": 502}),
        ("DELETE /cancel-all", {"harm": "fail", "status": 425, "retry_after": 60}),
        ("DELETE /cancel-all", {"harm": "fail", "status": 503, "text": "trading is disabled"}),
        ("DELETE /cancel-all", {"harm": "fail", "status": 429, "retry_after": 1}),
        ("DELETE /cancel-all", {"harm": "fail", "status": 401, "text": "Unauthorized/Invalid api key"}),
        ("DELETE /cancel-all", {"harm": "lie_canceled"}),
        ("GET /data/orders", {"harm": "fail", "status": 500}),
        ("GET /data/orders", {"harm": "lose", "seconds": 0.1}),
        ("GET /data/orders", {"harm": "alter", "fields": {"data": "nothing"}}),
        ("GET /data/orders", {"harm": "alter", "fields": {"next_cursor": None}}),
        ("GET /data/orders", {"harm": "alter", "fields": {"next_cursor": "MA=="}}),
        ("* /*", {"harm": "lose", "seconds": 0.05, "times": 6}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(part) for part in value.values()),
)
async def test_no_failure_is_taken_for_emptiness(on: str, how: dict[str, Any]) -> None:
    async with open_floor() as floor:
        await rest(floor)
        await harm(floor, on, **{"times": 2, **how})
        result = await swept(floor)
        assert result.empty
        assert await listed(floor) == 0


async def test_cancels_of_everything_that_lie_are_followed_by_names() -> None:
    async with open_floor() as floor:
        await rest(floor)
        await harm(floor, "DELETE /cancel-all", "lie_canceled", times=None)
        assert (await swept(floor)).empty
        assert "DELETE /orders" in await paths(floor)


async def test_an_order_that_lands_after_the_first_look_is_caught() -> None:
    async with open_floor() as floor:
        await harm(floor, "POST /order", "delay", seconds=0.4)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(floor.ann.place(DEMO))
            sweeping = tasks.create_task(swept(floor, settle=1.0))
        assert sweeping.result().empty
        assert await listed(floor) == 0


async def test_it_goes_on_until_a_dead_venue_is_back() -> None:
    async with open_floor() as floor:
        await rest(floor)
        await harm(floor, "* /*", "lose", times=None)
        told = asyncio.Event()
        sweeping = asyncio.create_task(swept(floor, limit=None, tell=lambda _line: told.set()))
        await told.wait()
        assert not sweeping.done()
        await floor.control("/faults/clear", {})
        assert (await sweeping).empty
        assert await listed(floor) == 0


async def test_a_deadline_ends_it_without_proof() -> None:
    async with open_floor() as floor:
        await rest(floor)
        await harm(floor, "DELETE /*", "fail", times=None, status=503, text="trading is disabled")
        result = await swept(floor, limit=1.0)
        assert (result.empty, result.left) == (False, None)
        assert result.cause == "DELETE /cancel-all is answered 503"


async def test_it_can_be_told_to_give_up() -> None:
    own = Credentials("key", "c2VjcmV0", "phrase")
    async with PrivateHttp("http://127.0.0.1:9", "0x", own, deadline=QUICK) as http:
        sweep = Sweep(http, tell=lambda line: sweep.give_up("SIGINT received") if "connect" in line else None)
        result = await sweep.run()
    assert (result.empty, result.left, result.cause) == (False, None, "SIGINT received")


async def test_what_is_left_is_named() -> None:
    async with open_floor() as floor:
        ids = {(await floor.ann.place(DEMO, price=f"0.{n}"))["orderID"] for n in (10, 11)}
        await harm(floor, "DELETE /*", "lie_canceled", times=None)
        result = await swept(floor, limit=1.0)
        assert not result.empty
        assert set(result.left or ()) == ids


async def test_nobody_there_is_no_proof() -> None:
    async with (
        open_floor() as floor,
        PrivateHttp("http://127.0.0.1:9", "0x", credentials(floor), deadline=QUICK) as http,
    ):
        result = await Sweep(http).run(0.5)
        assert (result.empty, result.left, result.rounds) == (False, None, 0)
        assert "cannot connect" in result.cause


async def test_credentials_that_died_are_replaced_where_the_key_is_there() -> None:
    async with open_floor() as floor:
        await rest(floor)
        dead = Credentials("00000000-0000-4000-8000-000000000000", "c2VjcmV0", "phrase")
        assert not (await swept(floor, own=dead, limit=1.0)).empty
        assert (await swept(floor, own=dead, signer=signer_of_ann())).empty
        assert await listed(floor) == 0


async def test_credentials_that_are_not_there_are_got_by_the_key() -> None:
    async with open_floor() as floor:
        await rest(floor)
        await harm(floor, "* /auth/*", "fail", times=4, status=500)
        assert (await swept(floor, own=None, signer=signer_of_ann())).empty
        assert (await swept(floor, own=None, limit=0.5)).cause == "there are no API credentials"


async def test_a_clock_that_is_off_is_corrected() -> None:
    async with open_floor() as floor:
        await rest(floor)
        await floor.control("/switches", {"skew_s_max": 5})  # and the venue lives in another year than we
        result = await swept(floor)
        assert result.empty
        assert "GET /time" in await paths(floor)


async def test_an_answer_that_is_a_page_for_people_proves_nothing() -> None:
    async def html(_request: web.Request) -> web.Response:
        return web.Response(text="<html>Just a moment...</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", html)
    own = Credentials("key", "c2VjcmV0", "phrase")
    async with TestServer(app) as server, PrivateHttp(str(server.make_url("")), "0x", own, deadline=QUICK) as http:
        result = await Sweep(http).run(0.5)
    assert not result.empty
    assert "not JSON" in result.cause

"""The pooled client: typed failures, limits, and nothing that smells of credentials."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

import pytest
from aiohttp import web

from pmm.errors import BadAnswer, Exit, Unreachable
from pmm.venues.polymarket.rest import Refused, VenueHttp
from tests.venues.polymarket.stub import Answer, answers, serve


async def test_a_read_returns_json_with_exact_decimals() -> None:
    async with serve(answers({"/x": {"tick": 0.001, "n": [1]}})) as stub, VenueHttp() as http:
        assert await http.get(f"{stub.url}/x") == {"tick": Decimal("0.001"), "n": [1]}


async def test_deep_nesting_is_refused_even_where_a_library_raised_the_recursion_limit() -> None:
    async def handler(_: web.Request) -> Answer:
        return web.Response(body=b"[" * 100_000 + b"]" * 100_000)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200_000)
    try:
        async with serve(handler) as stub, VenueHttp() as http:
            with pytest.raises(BadAnswer, match="not JSON"):
                await http.get(stub.url)
    finally:
        sys.setrecursionlimit(before)


async def test_a_hundred_reads_share_the_pool() -> None:
    async with serve(answers({"/x": {}})) as stub, VenueHttp() as http:
        await asyncio.gather(*(http.get(f"{stub.url}/x") for _ in range(100)))
        assert http.calls == 100
        assert http.connects <= 8


async def test_no_request_carries_a_header_of_the_venues_authentication() -> None:
    async with serve(answers({"/x": {}, "/books": []})) as stub, VenueHttp() as http:
        await http.get(f"{stub.url}/x")
        await http.post_read(f"{stub.url}/books", [{"token_id": "1"}])
    names = {name.upper() for headers in stub.headers for name in headers}
    assert not [name for name in names if name.startswith("POLY") or name in {"AUTHORIZATION", "COOKIE"}]


async def test_a_refusal_keeps_status_and_the_venues_words() -> None:
    async with serve(answers({})) as stub, VenueHttp() as http:
        with pytest.raises(Refused, match="answered 404: not found") as caught:
            await http.get(f"{stub.url}/missing")
    assert (caught.value.status, len(stub.asked)) == (404, 1)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_busy_venue_is_asked_again(status: int) -> None:
    left = [status]

    async def handler(_: web.Request) -> Answer:
        return web.json_response({}, status=left.pop() if left else 200)

    async with serve(handler) as stub, VenueHttp() as http:
        assert await http.get(f"{stub.url}/x") == {}
    assert len(stub.asked) == 2


async def test_a_venue_that_stays_down_is_unreachable_after_the_last_attempt() -> None:
    async def handler(_: web.Request) -> Answer:
        return web.Response(status=502)

    async with serve(handler) as stub, VenueHttp(attempts=2) as http:
        with pytest.raises(Unreachable, match="answered 502") as caught:
            await http.get(f"{stub.url}/x")
    assert (caught.value.exit, len(stub.asked)) == (Exit.UNREACHABLE, 2)


async def test_a_venue_that_never_answers_is_given_up_in_time() -> None:
    async def handler(_: web.Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async with serve(handler) as stub, VenueHttp(attempts=1, call_seconds=0.1) as http:
        with pytest.raises(Unreachable, match="did not answer in time"):
            await http.get(f"{stub.url}/x")


async def test_a_closed_port_is_unreachable() -> None:
    async with serve(answers({})) as stub:
        gone = stub.url
    async with VenueHttp(attempts=1) as http:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await http.get(f"{gone}/x")


async def test_an_answer_that_breaks_off_is_unreachable() -> None:
    async def handler(request: web.Request) -> Answer:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    async with serve(handler) as stub, VenueHttp(attempts=1) as http:
        with pytest.raises(Unreachable):
            await http.get(f"{stub.url}/x")


@pytest.mark.parametrize("body", [b"<html>", b"", b'{"a":NaN}', b"[" * 100_000, b"\xff"])
async def test_an_answer_that_is_not_json_is_a_bad_answer(body: bytes) -> None:
    async def handler(_: web.Request) -> Answer:
        return web.Response(body=body)

    async with serve(handler) as stub, VenueHttp() as http:
        with pytest.raises(BadAnswer, match="not JSON"):
            await http.get(f"{stub.url}/x")


async def test_an_endless_answer_is_cut_at_the_limit() -> None:
    async def handler(request: web.Request) -> Answer:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b" " * 65_536)
        return response

    async with serve(handler) as stub, VenueHttp(answer_bytes_max=100_000) as http:
        with pytest.raises(BadAnswer, match="more than 100000 bytes"):
            await http.get(f"{stub.url}/x")


async def test_a_redirect_is_not_followed() -> None:
    async def handler(_: web.Request) -> Answer:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})

    async with serve(handler) as stub, VenueHttp() as http:
        with pytest.raises(Refused, match="answered 302"):
            await http.get(f"{stub.url}/x")


async def test_the_client_works_inside_its_block_only() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await VenueHttp().get("http://127.0.0.1:1/")

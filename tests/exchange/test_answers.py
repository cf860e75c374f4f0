from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO

import orjson
import pytest

from tests.exchange.conftest import DEMO, LIMIT_S, Trading, Visitor


async def sent(visitor: Visitor, *requests: str) -> bytes:
    """What a connection says to these requests until it ends."""
    port = int(visitor.exchange.urls["clob_url"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("".join(requests).encode())
    answers = await asyncio.wait_for(reader.read(), LIMIT_S)
    writer.close()
    await writer.wait_closed()
    return answers


LAST = "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def head(answer: bytes) -> list[str]:
    """The lines of an answer before its body, without the time that the date tells."""
    lines = answer.partition(b"\r\n\r\n")[0].decode().splitlines()
    return ["Date" if line.startswith("Date: ") and line.endswith(" GMT") else line for line in lines]


async def test_an_answer_on_a_connection_that_stays_has_the_headers_of_the_one_that_ends_it(visitor: Visitor) -> None:
    kept, ended = (await sent(visitor, "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", LAST)).split(b'"OK"')[:2]
    assert head(ended) == [*head(kept), "Connection: close"]
    assert head(kept)[:4] == ["HTTP/1.1 200 OK", "Content-Type: application/json", "Content-Length: 4", "Date"]


async def test_an_old_client_is_told_that_the_connection_stays(visitor: Visitor) -> None:
    old = "GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert (await sent(visitor, old, LAST)).startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Connection: keep-alive\r\n" in await sent(visitor, old, LAST)


async def test_requests_that_come_together_are_answered_in_their_order(visitor: Visitor) -> None:
    answers = await sent(visitor, *(f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in ("ok", "nowhere")), LAST)
    assert [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]] == [200, 404, 200]


@pytest.mark.parametrize("status", [204, 299, 599])
async def test_a_fault_may_answer_with_any_status(floor: Trading, status: int) -> None:
    await floor.control("/faults/requests", {"on": "GET /ok", "harm": "fail", "status": status})
    async with floor.http.get(floor.exchange.urls["clob_url"] + "/ok") as response:
        assert response.status == status


async def test_a_refusal_carries_its_headers(floor: Trading) -> None:
    await floor.control("/faults/requests", {"on": "GET /ok", "harm": "fail", "status": 429, "retry_after": 7})
    async with floor.http.get(floor.exchange.urls["clob_url"] + "/ok") as response:
        assert (response.headers["Retry-After"], response.content_type) == ("7", "application/json")


async def test_an_order_is_answered_alike_on_every_way(floor: Trading) -> None:
    short = await floor.ann.place(DEMO)
    await floor.control("/faults/requests", {"on": "POST /order", "harm": "answer_late"})
    long = await floor.ann.place(DEMO)
    assert short.keys() == long.keys()
    assert short["status"] == long["status"] == "live"


async def test_an_order_whose_body_waits_for_a_permission_is_taken(floor: Trading) -> None:
    body = orjson.dumps(floor.ann.body(DEMO))
    url, headers = floor.exchange.urls["clob_url"] + "/order", floor.ann.headers("POST", "/order", body)
    async with floor.http.post(url, data=BytesIO(body), headers=headers, expect100=True) as response:
        assert (await response.json())["status"] == "live"


async def test_an_order_that_comes_in_pieces_is_taken(floor: Trading) -> None:
    body = orjson.dumps(floor.ann.body(DEMO))

    async def pieces() -> AsyncIterator[bytes]:
        yield body[:100]
        await asyncio.sleep(0)
        yield body[100:]

    url, headers = floor.exchange.urls["clob_url"] + "/order", floor.ann.headers("POST", "/order", body)
    async with floor.http.post(url, data=pieces(), headers=headers) as response:
        assert (await response.json())["status"] == "live"

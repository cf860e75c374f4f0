from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.exchange.conftest import DEMO, LIMIT_S, Trading, Visitor, trading


async def asked(visitor: Visitor, method: str, path: str, port: str = "clob_url") -> tuple[int, object]:
    async with visitor.http.request(method, visitor.exchange.urls[port] + path) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("path", ["/nowhere", "/gamma/nowhere", "/markets/a/b", "/book/"])
async def test_what_is_nowhere_is_not_found(visitor: Visitor, path: str) -> None:
    assert await asked(visitor, "GET", path) == (404, {"error": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path", "port"),
    [
        ("DELETE", "/book", "clob_url"),
        ("POST", "/markets/0xab", "clob_url"),
        ("POST", "/gamma/events", "clob_url"),
        ("GET", "/clock/advance", "control_url"),
    ],
)
async def test_another_method_is_not_allowed(visitor: Visitor, method: str, path: str, port: str) -> None:
    assert await asked(visitor, method, path, port) == (405, {"error": "Method Not Allowed"})


async def test_a_head_has_no_body(visitor: Visitor) -> None:
    async with visitor.http.head(visitor.exchange.urls["clob_url"] + "/time") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_a_body_that_is_too_large_is_refused(visitor: Visitor) -> None:
    told = await visitor.post("/books", BytesIO(b" " * ((1 << 20) + 1)), 413)
    assert told == {"error": "Request Entity Too Large"}


async def test_whoever_waits_for_a_permission_to_send_the_body_gets_it(visitor: Visitor) -> None:
    url = visitor.exchange.urls["clob_url"] + "/books"
    async with visitor.http.post(url, data=b"[]", expect100=True) as response:
        assert (response.status, await response.json()) == (200, [])


async def test_every_answer_is_in_the_log_whatever_it_was(visitor: Visitor) -> None:
    for method, path in (("GET", "/ok"), ("GET", "/nowhere"), ("PATCH", "/gamma/events"), ("GET", "/book?token_id=x")):
        await asked(visitor, method, path)
    rows = [(row["method"], row["path"], row["query"], row["status"]) for row in visitor.exchange.log.rows()]
    assert rows == [
        ("GET", "/ok", "", 200),
        ("GET", "/nowhere", "", 404),
        ("PATCH", "/gamma/events", "", 405),
        ("GET", "/book", "token_id=x", 400),
    ]


async def test_what_is_asked_of_the_control_port_is_not_in_the_log(visitor: Visitor) -> None:
    await visitor.control("/stats", method="GET")
    assert visitor.exchange.log.rows() == []


async def test_an_answer_is_in_the_file_before_anybody_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pmm.exchange.server._soon", lambda _: None)
    file = tmp_path / "log.jsonl"
    async with trading(log_file=file) as floor:
        await floor.ann.place(DEMO)
        kinds = [orjson.loads(line)["kind"] for line in file.read_bytes().splitlines()]
    assert kinds[-2:] == ["order", "request"]


async def test_the_harm_that_a_request_met_is_in_the_log(floor: Trading) -> None:
    await floor.control("/faults/requests", {"on": "* /*", "harm": "fail", "status": 502})
    await floor.get("/nowhere", status=502)
    await floor.get("/ok")
    rows = floor.exchange.log.rows()[-2:]
    assert [(row["status"], row["harm"]) for row in rows] == [(502, "fail"), (200, "")]


async def test_a_socket_is_told_once_with_its_harm(floor: Trading) -> None:
    await floor.control("/faults/requests", {"on": "GET /ws/market", "harm": "answer_late"})
    async with floor.socket() as socket:
        await asyncio.wait_for(socket.receive(), LIMIT_S)
    await floor.control("/stream/accept", {"on": False})
    with pytest.raises(aiohttp.WSServerHandshakeError):
        async with floor.socket():
            pass
    rows = [row for row in floor.exchange.log.rows() if row["path"] == "/ws/market"]
    assert [(row["status"], row["harm"]) for row in rows] == [(101, "answer_late"), (503, "")]

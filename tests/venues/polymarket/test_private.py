"""Signed requests: what a failure proves, whose connections they use, and what they never show."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from pmm.errors import BadAnswer, ConfigError
from pmm.model import MILLISECOND, SECOND, Nanos
from pmm.venues.polymarket import private
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.private import NoAnswer, NotSent, PrivateHttp, is_loopback
from tests.exchange.conftest import Trading, floor  # noqa: F401  # a fixture
from tests.support.marker import MARKER, shown, told
from tests.support.rude_server import OK, Act, hangs_up, listens, resets, rude, says

ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
SECRET = base64.urlsafe_b64encode(MARKER).decode()
CREDENTIALS = Credentials("api-key", SECRET, MARKER.hex())
AT: Nanos = 1_790_000_000 * SECOND
# Long enough for everything that comes, short enough for what does not.
SOON: Nanos = 100 * MILLISECOND

CERTIFICATE = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgk6IIN+yjuhSI9Czc
4FinylW5cP12P+jvfaRdBPqpXhChRANCAARDXljZDNzXoy/XEX1pWzDSAzUXspFx
dudQ4warTkHRp70d4cBUDR2XQ0x7IamMScSbJbZ/qyhLB+dK8MMIHPOM
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBkDCCATagAwIBAgIUdOUqf023pPSwhwsmt0Mg80yJVkwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyNDEzMDQ1NFoYDzIxMjYxMDMx
MTMwNDU0WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARDXljZDNzXoy/XEX1pWzDSAzUXspFxdudQ4warTkHRp70d4cBUDR2X
Q0x7IamMScSbJbZ/qyhLB+dK8MMIHPOMo2QwYjAdBgNVHQ4EFgQUN5SIHmAbiIjq
61uGlZRWo1ARIGYwHwYDVR0jBBgwFoAUN5SIHmAbiIjq61uGlZRWo1ARIGYwDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
IQCP8j3fA6LCB6T/OalFMgu5vTrCBDwkdfBeXFNvwQVW/wIgforAG/5pnBZqgphq
dVk7b5yH3MruL32Asee8SrYE5ic=
-----END CERTIFICATE-----
"""


def private_http(url: str, *, deadline: Nanos = 5 * SECOND, clock: Callable[[], Nanos] | None = None) -> PrivateHttp:
    return PrivateHttp(url, ADDRESS, CREDENTIALS, deadline=deadline, clock=clock or (lambda: AT))


def answer(status: str, body: bytes = b"{}", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers))
    return f"{lines}\r\n".encode() + body


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# --- the request ----------------------------------------------------------------------------------------------------


async def test_the_exchange_believes_a_signed_request(floor: Trading) -> None:  # noqa: F811
    creds = floor.ann.creds
    assert creds is not None
    mine = Credentials(creds.api_key, creds.secret, creds.passphrase)
    async with PrivateHttp(floor.exchange.urls["clob_url"], floor.ann.address, mine, deadline=5 * SECOND) as http:
        page = await http.call("GET", "/data/orders", params=[("next_cursor", "MA==")])
        assert (page.status, page.json()) == (200, {"limit": 500, "count": 0, "next_cursor": "LTE=", "data": []})
        gone = await http.call("DELETE", "/orders", b'["0x' + b"0" * 64 + b'"]')
        assert (gone.status, len(gone.json()["not_canceled"])) == (200, 1)
        beat = await http.call("POST", "/v1/heartbeats", b'{"heartbeat_id":""}')
        assert beat.status == 200
        http.credentials = Credentials(creds.api_key, SECRET, creds.passphrase)
        assert (await http.call("GET", "/data/orders")).status == 401


async def test_a_request_is_sent_as_it_was_given() -> None:
    async with rude(says(OK)) as server, private_http(server.url) as http:
        got = await http.call("POST", "/order", b'{"a":1}')
    assert (got.status, got.body, got.json(), got.headers["content-TYPE"]) == (200, b"{}", {}, "application/json")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /order HTTP/1.1", b'{"a":1}')
    told_headers = dict(line.split(": ", 1) for line in lines[1:])
    assert told_headers["POLY_SIGNATURE"] == CREDENTIALS.headers(ADDRESS, "POST", "/order", body, AT)["POLY_SIGNATURE"]
    assert (told_headers["POLY_TIMESTAMP"], told_headers["POLY_API_KEY"]) == ("1790000000", "api-key")
    assert told_headers["Content-Type"] == "application/json"


async def test_the_query_is_not_part_of_what_is_signed() -> None:
    async with rude(says(OK)) as server, private_http(server.url) as http:
        await http.call("GET", "/data/trades", params=[("after", "5"), ("next_cursor", "MA==")])
    assert server.heads() == ["GET /data/trades?after=5&next_cursor=MA%3D%3D HTTP/1.1"]
    signed = CREDENTIALS.headers(ADDRESS, "GET", "/data/trades", b"", AT)["POLY_SIGNATURE"]
    assert signed.encode() in server.requests[0]


async def test_a_public_request_carries_no_credential() -> None:
    async with rude(says(OK)) as server, private_http(server.url) as http:
        await http.send("GET", "/time")
    assert b"POLY" not in server.requests[0]
    assert b"api-key" not in server.requests[0]


async def test_without_credentials_nothing_is_sent() -> None:
    async with rude(says(OK)) as server, PrivateHttp(server.url, ADDRESS, None, deadline=SECOND) as http:
        with pytest.raises(NotSent, match="needs API credentials"):
            await http.call("GET", "/data/orders")
    assert server.requests == []


async def test_the_times_of_an_answer_are_by_our_clock() -> None:
    ticks = iter((AT, AT + 1, AT + 7))
    async with rude(says(OK)) as server, private_http(server.url, clock=lambda: next(ticks)) as http:
        got = await http.call("GET", "/")
    assert (got.sent_at, got.at) == (AT + 1, AT + 7)


# --- what a failure proves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 No", "404 No", "425 Too Early", "429 No", "500 No", "503 No"]
)
async def test_an_answer_is_an_answer_whatever_its_status(status: str) -> None:
    async with rude(says(answer(status, b"<html>", "Retry-After: 5"))) as server, private_http(server.url) as http:
        got = await http.call("POST", "/order", b"{}")
    assert (got.status, got.body, got.headers["retry-after"]) == (int(status[:3]), b"<html>", "5")
    with pytest.raises(BadAnswer, match="not JSON"):
        got.json()


async def test_a_redirect_is_not_followed() -> None:
    moved = answer("302 Found", b"", "Location: http://127.0.0.1:1/")
    async with rude(says(moved)) as server, private_http(server.url) as http:
        assert (await http.call("POST", "/order", b"{}")).status == 302


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    async with private_http(f"http://127.0.0.1:{free_port()}") as http:
        with pytest.raises(NotSent, match=r"POST /order at 127\.0\.0\.1: cannot connect"):
            await http.call("POST", "/order", b"{}")


@pytest.mark.parametrize(
    "act",
    [
        hangs_up(),
        resets,
        hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"),
        hangs_up(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        hangs_up(b"what?\r\n\r\n"),
        hangs_up(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_broken_connection_proves_nothing(act: Act, method: str) -> None:
    async with rude(act) as server, private_http(server.url) as http:
        with pytest.raises(NoAnswer, match=f"{method} /order at"):
            await http.call(method, "/order")
    assert server.requests


@pytest.mark.parametrize("act", [listens, says(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")])
async def test_silence_past_the_deadline_proves_nothing(act: Act) -> None:
    async with rude(act) as server, private_http(server.url) as http:
        with pytest.raises(NoAnswer, match=r"no answer within 0\.1 s"):
            await http.call("POST", "/order", b"{}", deadline=SOON)


async def test_an_answer_that_is_too_long_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "ANSWER_BYTES_MAX", 1_000)
    async with rude(says(answer("200 OK", b"x" * 1_001))) as server, private_http(server.url) as http:
        with pytest.raises(NoAnswer):
            await http.call("POST", "/order", b"{}")
    async with rude(says(answer("200 OK", b"x" * 1_000))) as server, private_http(server.url) as http:
        assert len((await http.call("POST", "/order", b"{}")).body) == 1_000


async def test_an_order_is_never_sent_twice_when_a_kept_connection_breaks() -> None:
    async def breaks_later(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (resets if b"second" in request else says(OK))(request, writer)

    async with rude(breaks_later) as server, private_http(server.url) as http:
        await http.call("POST", "/order", b"first")
        with pytest.raises(NoAnswer):
            await http.call("POST", "/order", b"second")
    assert [request[-6:] for request in server.requests] == [b"\r\nfirst"[-6:], b"second"]


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_text(CERTIFICATE)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "both.pem")
    async with rude(says(OK), tls=tls) as server, private_http(server.url) as http:
        with pytest.raises(NotSent, match="cannot connect"):
            await http.call("POST", "/order", b"{}")
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://clob.polymarket.com",
        "http://127.0.0.1@clob.polymarket.com",
        "http://127.0.0.1.polymarket.com",
        "http://localhost.polymarket.com",
        "ftp://clob.polymarket.com",
        "clob.polymarket.com",
        "",
    ],
)
def test_credentials_do_not_travel_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigError, match="https only"):
        private_http(url)
    assert not is_loopback(url)


def test_this_machine_may_be_asked_in_the_clear() -> None:
    for url in ("http://127.0.0.1:8080", "http://localhost:1/x", "http://[::1]:5", "http://127.8.9.1"):
        assert is_loopback(url)
        private_http(url)


# --- connections ------------------------------------------------------------------------------------------------------


async def test_calls_of_one_kind_share_a_connection() -> None:
    async with rude(says(OK)) as server, private_http(server.url) as http:
        for method in ("POST", "DELETE", "GET"):
            for _ in range(5):
                await http.call(method, "/x")
    assert (len(server.requests), server.connections) == (15, 3)


async def test_a_cancel_does_not_wait_behind_orders_and_a_waiting_order_was_not_sent() -> None:
    async def answers_cancels(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.startswith(b"DELETE"):
            writer.write(OK)

    async with rude(answers_cancels) as server, private_http(server.url) as http, asyncio.TaskGroup() as group:
        posts = [group.create_task(_ended(http, number)) for number in range(private.CONNECTIONS_MAX + 3)]
        await server.arrived.wait()
        assert (await http.call("DELETE", "/order", b"{}")).status == 200
        ends = [type(await post) for post in posts]
    assert sorted(end.__name__ for end in ends) == ["NoAnswer"] * private.CONNECTIONS_MAX + ["NotSent"] * 3
    assert sum(head.startswith("POST") for head in server.heads()) == private.CONNECTIONS_MAX


async def _ended(http: PrivateHttp, number: int) -> Exception:
    try:
        await http.call("POST", "/order", str(number).encode(), deadline=15 * SOON)
    except (NotSent, NoAnswer) as error:
        return error
    raise AssertionError("nobody answers orders here")


async def test_nothing_is_sent_outside_of_the_block() -> None:
    http = private_http("http://127.0.0.1:1")
    with pytest.raises(RuntimeError, match="outside"):
        await http.call("GET", "/")


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with rude(says(OK)) as server, private_http(server.url) as http:
        assert (await http.call("GET", "/")).status == 200


async def test_cookies_are_not_kept() -> None:
    async with rude(says(answer("200 OK", b"{}", "Set-Cookie: a=b"))) as server, private_http(server.url) as http:
        await http.call("GET", "/")
        await http.call("GET", "/")
    assert b"ookie" not in server.requests[1]


# --- the clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_s", "took", "offset"),
    [
        (0, 0, 0),
        (1, 0, 1_500 * MILLISECOND),
        (-1, 0, 0),
        (-2, 0, -1_500 * MILLISECOND),
        (90, 0, 90_500 * MILLISECOND),
        (-5, 2 * SECOND, -5_500 * MILLISECOND),
        (2, 4 * SECOND, 0),
    ],
)
async def test_the_clock_of_the_venue_is_followed_beyond_what_cannot_be_told(
    told_s: int, took: Nanos, offset: Nanos
) -> None:
    times = iter((AT, AT + took + 1, AT, AT + took, AT, AT + took + 1))  # the best of three counts
    body = str(AT // SECOND + told_s).encode()
    async with (
        rude(says(answer("200 OK", body))) as server,
        private_http(server.url, clock=lambda: next(times)) as http,
    ):
        assert await http.synchronise() == offset == http.clock_offset
    assert server.connections == len(private.METHODS)


async def test_requests_carry_the_time_of_the_venue(floor: Trading) -> None:  # noqa: F811
    creds = floor.ann.creds
    assert creds is not None
    await floor.control("/switches", {"skew_s_max": 2})
    mine = Credentials(creds.api_key, creds.secret, creds.passphrase)
    url = floor.exchange.urls["clob_url"]
    now = floor.exchange.clock.shown() - 90 * SECOND
    async with PrivateHttp(url, floor.ann.address, mine, deadline=5 * SECOND, clock=lambda: now) as http:
        assert (await http.call("GET", "/data/orders")).status == 401
        await http.synchronise()
        assert (await http.call("GET", "/data/orders")).status == 200


@pytest.mark.parametrize("body", [b"true", b'"1790000000"', b"1790000000.5", b"<html>", b"", b"9" * 13])
async def test_a_time_that_is_none_is_a_bad_answer(body: bytes) -> None:
    async with rude(says(answer("200 OK", body))) as server, private_http(server.url) as http:
        with pytest.raises(BadAnswer):
            await http.synchronise()
        assert http.clock_offset == 0


async def test_the_date_of_an_answer_counts_where_no_time_is_told() -> None:
    page = answer("503 No", b"<html>", "Date: Mon, 21 Sep 2026 14:13:30 GMT")
    async with rude(says(page)) as server, private_http(server.url) as http:
        assert await http.synchronise() == 10_500 * MILLISECOND


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [resets, listens, hangs_up(b"what?\r\n\r\n")])
async def test_no_failure_shows_what_a_request_was_signed_with(
    act: Act, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async with rude(act) as server, private_http(server.url) as http:
        with caplog.at_level("DEBUG"), pytest.raises(NoAnswer) as caught:
            await http.call("POST", "/order", b"{}", deadline=SOON)
    assert MARKER.hex().encode() in server.requests[0]
    output = "".join(capsys.readouterr())
    assert not shown(told(caught.value, without=__file__) + caplog.text + output + repr(http))

from __future__ import annotations

import asyncio

import pytest

from tests.exchange.conftest import DEMO, LIMIT_S, Trading
from tests.support.trader import Trader, trader

L2 = "Unauthorized/Invalid api key"
L1 = "Invalid L1 Request headers"


async def key_request(floor: Trading, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    async with floor.http.request(method, floor.exchange.urls["clob_url"] + path, headers=headers) as response:
        return response.status, await response.json()


async def test_a_key_is_made_once_and_derived_afterwards(floor: Trading) -> None:
    stranger = trader(floor.http, floor.exchange.urls["clob_url"], 9)
    missing = await key_request(floor, "GET", "/auth/derive-api-key", stranger.wallet_headers())
    assert missing == (400, {"error": "Could not derive api key!"})
    made = await key_request(floor, "POST", "/auth/api-key", stranger.wallet_headers())
    again = await key_request(floor, "POST", "/auth/api-key", stranger.wallet_headers())
    assert again == (400, {"error": "Could not create api key"})
    assert await key_request(floor, "GET", "/auth/derive-api-key", stranger.wallet_headers()) == made
    assert (await key_request(floor, "POST", "/auth/api-key", stranger.wallet_headers(nonce=1)))[1] != made[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"POLY_ADDRESS": "0x" + "11" * 20},
        {"POLY_ADDRESS": "somebody"},
        {"POLY_SIGNATURE": "0x12"},
        {"POLY_SIGNATURE": "signature"},
        {"POLY_TIMESTAMP": "1700000001"},
        {"POLY_TIMESTAMP": "soon"},
        {"POLY_NONCE": "1"},
        {"POLY_NONCE": "-1"},
        {"POLY_NONCE": "x"},
    ],
)
async def test_a_key_is_made_only_for_whoever_signed(floor: Trading, wrong: dict[str, str]) -> None:
    headers = {**floor.ann.wallet_headers(timestamp="1700000000"), **wrong}
    assert await key_request(floor, "POST", "/auth/api-key", headers) == (401, {"error": L1})


@pytest.mark.parametrize(
    "wrong",
    [
        {"POLY_ADDRESS": "0x" + "11" * 20},
        {"POLY_API_KEY": "00000000-0000-4000-8000-000000000000"},
        {"POLY_PASSPHRASE": "open sesame"},
        {"POLY_PASSPHRASE": "é"},
        {"POLY_SIGNATURE": "AAAA"},
        {"POLY_SIGNATURE": "é"},
        {"POLY_TIMESTAMP": "1790000001"},
        {"POLY_TIMESTAMP": ""},
    ],
)
async def test_a_request_must_be_signed_with_its_key(floor: Trading, wrong: dict[str, str]) -> None:
    status, told, _ = await floor.ann.ask_all("GET", "/data/orders", **wrong)
    assert (status, told) == (401, {"error": L2})


@pytest.mark.parametrize(
    "missing", ["POLY_ADDRESS", "POLY_API_KEY", "POLY_PASSPHRASE", "POLY_SIGNATURE", "POLY_TIMESTAMP"]
)
async def test_a_request_must_carry_every_header(floor: Trading, missing: str) -> None:
    path = "/data/orders"
    headers = {name: value for name, value in floor.ann.headers("GET", path).items() if name != missing}
    async with floor.http.get(floor.exchange.urls["clob_url"] + path, headers=headers) as response:
        assert (response.status, await response.json()) == (401, {"error": L2})


async def test_headers_may_hold_any_bytes(floor: Trading) -> None:
    head = floor.ann.headers("GET", "/data/orders")
    lines = [f"{name}: {value}".encode() for name, value in head.items() if name != "POLY_PASSPHRASE"]
    lines += [b"Host: x", b"Connection: close", b"POLY_PASSPHRASE: \xe9\xff"]
    port = int(floor.exchange.urls["clob_url"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\r\n".join([b"GET /data/orders HTTP/1.1", *lines, b"", b""]))
    told = await asyncio.wait_for(reader.read(), LIMIT_S)
    writer.close()
    await writer.wait_closed()
    assert told.startswith(b"HTTP/1.1 401 ")
    assert L2.encode() in told


async def test_a_request_without_credentials_is_not_answered(floor: Trading) -> None:
    for path in ("/data/orders", "/data/trades", "/balance-allowance", "/notifications", "/auth/api-keys"):
        assert await floor.get(path, status=401) == {"error": L2}


async def test_the_body_is_signed_and_the_query_is_not(floor: Trading) -> None:
    body = floor.ann.body(DEMO)
    signed = floor.ann.headers("POST", "/order", b"{}")
    status, told, _ = await floor.ann.ask_all("POST", "/order", body, **signed)
    assert (status, told) == (401, {"error": L2})
    await floor.ann.ask("GET", "/data/orders", query="?next_cursor=MA==")


async def test_quotes_may_be_replaced_before_signing_as_two_clients_do(floor: Trading) -> None:
    body = b'["it\'s"]'
    headers = floor.ann.headers("POST", "/orders-scoring", body.replace(b"'", b'"'))
    assert await floor.ann.ask("POST", "/orders-scoring", body, **headers) == {"it's": False}


async def test_a_clock_that_is_off_is_refused_only_where_that_is_switched_on(floor: Trading) -> None:
    await floor.control("/switches", {"skew_s_max": 30})
    await floor.ann.ask("GET", "/data/orders")
    late = floor.ann.headers("GET", "/data/orders", timestamp="1790000031")
    await floor.ann.ask("GET", "/data/orders", status=401, **late)
    await floor.control("/clock/shift", {"seconds": 31})
    await floor.ann.ask("GET", "/data/orders", **late)
    await floor.ann.ask("GET", "/data/orders", status=401)


async def test_a_key_that_is_deleted_opens_nothing(floor: Trading) -> None:
    assert await floor.ann.ask("DELETE", "/auth/api-key") == "OK"
    await floor.ann.ask("GET", "/data/orders", status=401)


async def test_a_read_only_key_looks_and_does_not_act(floor: Trading) -> None:
    made = await floor.ann.ask("POST", "/auth/readonly-api-key")
    assert floor.ann.creds is not None
    reader = await looking(floor.ann, made)
    await reader.ask("GET", "/data/orders")
    await reader.ask("POST", "/order", reader.body(DEMO), status=401)
    await reader.ask("DELETE", "/cancel-all", status=401)
    assert (await floor.ann.ask("GET", "/auth/readonly-api-keys"))["readonlyApiKeys"] == [made["apiKey"]]
    assert await floor.ann.ask("DELETE", "/auth/readonly-api-key", {"key": made["apiKey"]}) == "OK"
    await reader.ask("GET", "/data/orders", status=401)


async def looking(owner: Trader, made: dict[str, str]) -> Trader:
    from pmm.exchange.keys import Key

    key = Key(made["apiKey"], made["secret"], made["passphrase"], owner.address, 0)
    return Trader(owner.http, owner.url, owner.key, key)


async def test_keys_of_one_seed_are_the_same_in_every_run() -> None:
    from pmm.exchange.keys import KeyRing

    one, same, other = (KeyRing(seed).create("0xab", 0) for seed in (1, 1, 2))
    assert one == same != other


async def test_the_secret_makes_the_signature_of_the_reference() -> None:
    from pmm.exchange.keys import Key

    key = Key("k", "A" * 43 + "=", "p", "0xab", 0)
    assert key.signature("1700000000", "POST", "/order", b'{"a":1}') == "cLK0Q2Ed2O7DADp_5dDi2ytUgLoAal-l_plGYO-Tnzs="
    assert key.signature("1700000000", "GET", "/data/orders", b"") == "m6lGS9WyES7JjpAYNd7zIdW5bfHxAAI_pIa1St9vLO4="

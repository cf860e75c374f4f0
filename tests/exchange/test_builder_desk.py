from __future__ import annotations

from typing import Any

from pmm.exchange.builder_desk import KEYS_OF_ONE_MAX
from pmm.exchange.keys import Key
from tests.exchange.conftest import DEMO, Trading, trading
from tests.support.trader import Trader

PATH = "/auth/builder-api-key"


def builder_headers(made: dict[str, str], method: str = "DELETE") -> dict[str, str]:
    key = Key(made["key"], made["secret"], made["passphrase"], "", 0)
    return {
        "POLY_BUILDER_API_KEY": key.api_key,
        "POLY_BUILDER_PASSPHRASE": key.passphrase,
        "POLY_BUILDER_TIMESTAMP": "1790000000",
        "POLY_BUILDER_SIGNATURE": key.signature("1790000000", method, PATH, b""),
    }


async def revoke(floor: Trading, headers: dict[str, str]) -> tuple[int, Any]:
    async with floor.http.delete(floor.exchange.urls["clob_url"] + PATH, headers=headers) as response:
        return response.status, await response.json()


async def test_keys_are_made_listed_and_revoked_by_their_account(floor: Trading) -> None:
    made = [await floor.ann.ask("POST", PATH) for _ in range(2)]
    assert all(set(one) == {"key", "secret", "passphrase"} for one in made)
    rows = await floor.ann.ask("GET", PATH)
    assert [row["key"] for row in rows] == [one["key"] for one in made]
    assert rows[0]["createdAt"] == "2026-09-21T14:13:20Z"
    assert await floor.bob.ask("GET", PATH) == []
    assert await floor.ann.ask("DELETE", PATH) == "OK"
    assert await floor.ann.ask("GET", PATH) == []


async def test_a_builder_ends_the_key_with_which_it_signs(floor: Trading) -> None:
    made, other = [await floor.ann.ask("POST", PATH) for _ in range(2)]
    wrong = {**builder_headers(made), "POLY_BUILDER_SIGNATURE": "no"}
    assert await revoke(floor, wrong) == (401, {"error": "Unauthorized/Invalid api key"})
    assert (await revoke(floor, {**builder_headers(made), "POLY_BUILDER_PASSPHRASE": "no"}))[0] == 401
    assert await revoke(floor, builder_headers(made)) == (200, "OK")
    assert (await revoke(floor, builder_headers(made)))[0] == 401
    assert [row["key"] for row in await floor.ann.ask("GET", PATH)] == [other["key"]]


async def test_a_key_of_a_builder_does_not_trade(floor: Trading) -> None:
    made = await floor.ann.ask("POST", PATH)
    creds = Key(made["key"], made["secret"], made["passphrase"], floor.ann.address, 0)
    builder = Trader(floor.http, floor.ann.url, floor.ann.key, creds)
    await builder.ask("POST", "/order", builder.body(DEMO), status=401)
    assert floor.ann.creds is not None
    assert floor.ann.creds.api_key != made["key"]


async def test_an_account_has_so_many_keys_and_no_more() -> None:
    async with trading(seed=3) as floor:
        for _ in range(KEYS_OF_ONE_MAX):
            await floor.ann.ask("POST", PATH)
        assert await floor.ann.ask("POST", PATH, status=400) == {"error": "Could not create api key"}
        await floor.bob.ask("POST", PATH)

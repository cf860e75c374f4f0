from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random

import orjson
import pytest

from pmm.sim.catalog import default_listings, quiet_listings
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from tests.exchange.conftest import DEMO, START, Visitor, visit


@pytest.fixture
async def many() -> AsyncIterator[Visitor]:
    """The usual markets and 150 more."""
    world = DemoWorld([*default_listings(), *quiet_listings(150)], WorldParams(), Random(7), START)
    async with visit(world) as one:
        yield one


async def test_a_market_is_found_by_slug_id_condition_and_token(visitor: Visitor) -> None:
    market = await visitor.get("/gamma/markets/slug/demo")
    assert (await visitor.get(f"/gamma/markets/{market['id']}"))["slug"] == "demo"
    keys = {"slug": "demo", "condition_ids": DEMO.condition_id, "clob_token_ids": DEMO.no, "id": market["id"]}
    for key, value in keys.items():
        assert [found["slug"] for found in await visitor.get(f"/gamma/markets?{key}={value}")] == ["demo"]


async def test_a_market_of_protocol_v2_lists_its_ids_where_clients_look_for_them() -> None:
    listing = default_listings()[0]
    second = replace(listing, market=replace(listing.market, version="v2"))
    async with visit(DemoWorld([second], WorldParams(), Random(7), START)) as visitor:
        market = await visitor.get("/gamma/markets/slug/demo")
    assert (market["version"], market["positionIds"]) == ("v2", [DEMO.yes, DEMO.no])


async def test_lists_inside_a_market_are_json_in_a_text(visitor: Visitor) -> None:
    market = await visitor.get("/gamma/markets/slug/demo")
    assert orjson.loads(market["outcomes"]) == ["Yes", "No"]
    assert orjson.loads(market["clobTokenIds"]) == [DEMO.yes, DEMO.no]
    assert all(isinstance(price, str) for price in orjson.loads(market["outcomePrices"]))
    assert (market["id"], market["conditionId"]) == (str(market["id"]), DEMO.condition_id)
    assert (market["orderPriceMinTickSize"], market["orderMinSize"], market["version"]) == (0.01, 5, "v1")
    assert (isinstance(market["volume"], str), isinstance(market["volumeNum"], float)) == (True, True)


async def test_a_market_that_pays_for_resting_orders_says_how_much_a_day(visitor: Visitor) -> None:
    market = await visitor.get("/gamma/markets/slug/demo")
    (programme,) = market["clobRewards"]
    assert (programme["conditionId"], programme["rewardsDailyRate"]) == (market["conditionId"], 50)


async def test_an_event_holds_its_markets(visitor: Visitor) -> None:
    event = await visitor.get("/gamma/events/slug/springfield-mayor")
    assert len(event["markets"]) == 3
    assert event["negRisk"] is True
    assert {event["negRiskMarketID"]} == {market["negRiskMarketID"] for market in event["markets"]} != {""}
    assert (await visitor.get("/gamma/markets/slug/demo"))["negRiskMarketID"] == ""
    assert (await visitor.get(f"/gamma/events/{event['id']}"))["slug"] == "springfield-mayor"
    assert await visitor.get("/gamma/events?slug=springfield-mayor") == [event]


async def test_what_is_not_there_is_not_found(visitor: Visitor) -> None:
    for path in ("markets/slug/nix", "markets/0", "events/slug/nix", "events/0"):
        assert (await visitor.get(f"/gamma/{path}", 404))["type"] == "not found error"


@pytest.mark.parametrize(("name", "limit", "count"), [("markets", 40, 156), ("markets", 1_000, 156), ("events", 2, 5)])
async def test_keyset_pages_hold_everything_exactly_once(many: Visitor, name: str, limit: int, count: int) -> None:
    seen: list[str] = []
    cursor, pages = "", 0
    while True:
        page = await many.get(f"/gamma/{name}/keyset?limit={limit}&after_cursor={cursor}")
        assert len(page[name]) <= min(limit, 100)
        seen += [row["id"] for row in page[name]]
        pages += 1
        if "next_cursor" not in page:
            break
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == count
    assert pages > 1


async def test_a_page_has_twenty_rows_unless_asked_otherwise(many: Visitor) -> None:
    assert len((await many.get("/gamma/markets/keyset"))["markets"]) == 20
    assert len(await many.get("/gamma/markets?offset=150&limit=20")) == 6


async def test_order_by_number_sorts_numbers_and_order_by_text_sorts_text(many: Visitor) -> None:
    numbers = [row["volumeNum"] for row in await many.get("/gamma/markets?limit=100&order=volumeNum")]
    assert numbers == sorted(numbers, reverse=True)
    rising = [row["volumeNum"] for row in await many.get("/gamma/markets?limit=100&order=volumeNum&ascending=true")]
    assert rising == sorted(rising)
    texts = [row["volume"] for row in await many.get("/gamma/markets?limit=100&order=volume")]
    assert texts == sorted(texts, reverse=True)
    assert [float(text) for text in texts] != sorted((float(text) for text in texts), reverse=True)


async def test_nothing_is_closed_here(visitor: Visitor) -> None:
    assert await visitor.get("/gamma/markets?closed=true") == []
    assert len(await visitor.get("/gamma/markets?closed=false&active=true")) == 6


async def test_search_finds_events_in_which_every_word_occurs(visitor: Visitor) -> None:
    found = await visitor.get("/gamma/public-search?q=Springfield%20MAYOR")
    assert [event["slug"] for event in found["events"]] == ["springfield-mayor"]
    assert found["pagination"] == {"hasMore": False, "totalResults": 1}
    assert (await visitor.get("/gamma/public-search?q=xyzzy"))["events"] == []
    first = await visitor.get("/gamma/public-search?q=springfield&limit_per_type=1")
    second = await visitor.get("/gamma/public-search?q=springfield&limit_per_type=1&page=2")
    assert first["pagination"]["hasMore"] is True
    assert first["events"] != second["events"]


@pytest.mark.parametrize(
    "path",
    [
        "markets/keyset?offset=10",
        "events/keyset?offset=0",
        "markets/keyset?after_cursor=?",
        "markets?limit=many",
        "markets?limit=-1",
        "markets?order=nothing",
        "public-search",
    ],
)
async def test_what_the_catalogue_does_not_take_is_refused_as_a_value(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(f"/gamma/{path}", 422))["type"] == "validation error"

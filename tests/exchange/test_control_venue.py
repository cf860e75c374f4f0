"""Acts of the control port that move money, seen from outside."""

from __future__ import annotations

from typing import Any

import orjson

from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, Trading, event, text

FIRST, SECOND, THIRD = (listing.market for listing in default_listings()[3:])


async def account(floor: Trading) -> Any:
    return await floor.control("/accounts", {"account": floor.ann.address})


async def shown(floor: Trading, token: str) -> int:
    query = f"?asset_type=CONDITIONAL&token_id={token}&signature_type=0"
    return int((await floor.ann.ask("GET", "/balance-allowance", query=query))["balance"])


async def test_no_shares_are_converted_and_everybody_reads_it(floor: Trading) -> None:
    for market in (FIRST, SECOND):
        await floor.give(floor.ann, "100", market=market.slug, outcome="NO")
    body = {"account": floor.ann.address, "markets": [FIRST.slug, SECOND.condition_id], "size": "40"}
    assert await floor.control("/venue/convert", body) == {"size": "40", "paid": "40"}
    told = await account(floor)
    assert told["collateral"] == "10040"
    assert told["positions"] == {FIRST.no: "60", SECOND.no: "60", THIRD.yes: "40"}
    assert await shown(floor, THIRD.yes) == 40_000_000
    rows = (await floor.get(f"/data-api/v2/positions?user={floor.ann.address}"))["data"]
    assert {row["token_id"]: row["current_size"] for row in rows} == told["positions"]


async def test_a_conversion_that_makes_no_sense_is_refused(floor: Trading) -> None:
    who = {"account": floor.ann.address, "size": "1"}
    for markets, words in (
        ([], "at least one outcome"),
        ([FIRST.slug], "not enough balance"),
        (["demo"], "of one event"),
        ("demo", "must be a list"),
        ([7], "must be a list"),
    ):
        told = await floor.control("/venue/convert", {**who, "markets": markets}, status=400)
        assert words in told["error"]
    await floor.control("/venue/convert", {**who, "markets": ["nowhere"]}, status=404)


async def test_a_market_that_nobody_won_pays_half(floor: Trading) -> None:
    await floor.give(floor.ann, "10")
    async with floor.socket(custom_feature_enabled=True) as socket:
        await text(socket)
        await floor.control("/venue/resolve", {"winner": "split"})
        while (told := await event(socket))["event_type"] != "market_resolved":
            pass
        assert (told["winning_asset_id"], told["winning_outcome"]) == ("", "")
    (row,) = await floor.get(f"/gamma/markets?condition_ids={DEMO.condition_id}&closed=true")
    assert (orjson.loads(row["outcomePrices"]), row["umaResolutionStatus"]) == (["0.5", "0.5"], "resolved")
    market = await floor.get(f"/markets/{DEMO.condition_id}")
    assert [token["winner"] for token in market["tokens"]] == [False, False]
    assert market["is_50_50_outcome"] is True
    assert await floor.control("/accounts/redeem", {"account": floor.ann.address}) == {"paid": "5"}
    told = await floor.control("/venue/resolve", {"winner": "YES"}, status=409)
    assert "resolved already" in told["error"]


async def test_a_winner_is_worth_a_dollar_in_the_catalogue(floor: Trading) -> None:
    before = (await floor.get("/gamma/markets/slug/demo"))["outcomePrices"]
    await floor.control("/venue/resolve", {"winner": "NO"})
    row = await floor.get("/gamma/markets/slug/demo")
    assert orjson.loads(row["outcomePrices"]) == ["0", "1"] != orjson.loads(before)
    assert (await floor.get(f"/markets/{DEMO.condition_id}"))["is_50_50_outcome"] is False


async def test_a_trade_that_was_paid_fails_and_what_was_spent_is_owed(floor: Trading) -> None:
    steps = [{"status": "MINED", "after_ms": 1000}, {"status": "FAILED", "after_ms": 10_000}]
    await floor.control("/venue/settlement", {"steps": steps})
    await floor.place("SELL", "0.40", "10")
    trade_id = (await floor.ann.place(DEMO, "BUY", "0.40", "10"))["tradeIDs"][0]
    await floor.advance(5)
    assert await shown(floor, DEMO.yes) == 10_000_000
    order = (await floor.ann.place(DEMO, "SELL", "0.90", "5"))["orderID"]
    await floor.give(floor.ann, "-4")
    assert (await floor.ann.ask("GET", f"/data/order/{order}"))["status"] == "LIVE"
    async with floor.user_socket(floor.ann) as socket:
        await floor.advance(10)
        while (told := await event(socket))["event_type"] != "order":
            assert (told["event_type"], told["status"]) == ("trade", "FAILED")
        assert (told["id"], told["status"]) == (order, "CANCELED_NOT_ENOUGH_BALANCE")
    (trade,) = (await floor.ann.ask("GET", "/data/trades", query=f"?id={trade_id}"))["data"]
    assert trade["status"] == "FAILED"
    assert (await floor.ann.ask("GET", f"/data/order/{order}"))["status"] == "CANCELED"
    assert await shown(floor, DEMO.yes) == 0
    assert (await account(floor))["positions"] == {DEMO.yes: "-4"}
    assert (await account(floor))["collateral"] == "10000"
    assert floor.exchange.house is not None
    floor.exchange.house.venue.check()

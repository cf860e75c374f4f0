from __future__ import annotations

from typing import Any

import pytest

from tests.exchange.conftest import DEMO, Trading

MULTI = "/rewards/markets/multi"


async def search(floor: Trading, query: str = "") -> list[Any]:
    rows: list[Any] = (await floor.get(f"{MULTI}?{query}"))["data"]
    return rows


async def test_every_market_that_pays_is_found_with_its_spread_and_volume(floor: Trading) -> None:
    await floor.place("BUY", "0.48")
    await floor.place("SELL", "0.52", "20")
    before = (await search(floor, f"q={DEMO.question}"))[0]["volume_24hr"]
    await floor.place("BUY", "0.52", "10")
    paying = (await floor.get("/rewards/markets/current"))["data"]
    rows = {row["condition_id"]: row for row in await search(floor, "page_size=500")}
    assert set(rows) == {row["condition_id"] for row in paying}
    demo = rows[DEMO.condition_id]
    assert (demo["spread"], demo["tokens"][0]["price"]) == (0.04, 0.5)
    assert demo["volume_24hr"] - before == pytest.approx(5.2)


async def test_words_and_events_narrow_the_search(floor: Trading) -> None:
    everything = await search(floor)
    (demo,) = await search(floor, f"q={DEMO.question[:12].upper()}&event_id={event_of(everything)}")
    assert demo["condition_id"] == DEMO.condition_id
    assert await search(floor, "q=nobody+asks+this") == []
    assert await search(floor, "tag_slug=no-such-tag") == []


async def test_bounds_leave_out_what_lies_beyond(floor: Trading) -> None:
    prices = [row["tokens"][0]["price"] for row in await search(floor, "min_price=0.3&max_price=0.6")]
    assert prices
    assert all(0.3 <= price <= 0.6 for price in prices)
    assert len(prices) < len(await search(floor))


async def test_an_order_can_be_asked_for(floor: Trading) -> None:
    up, down = [await search(floor, f"order_by=price&position={way}") for way in ("ASC", "DESC")]
    prices = [row["tokens"][0]["price"] for row in up]
    assert prices == sorted(prices)
    assert [row["tokens"][0]["price"] for row in down] == sorted(prices, reverse=True)


async def test_pages_are_as_long_as_asked_for(floor: Trading) -> None:
    first = await floor.get(f"{MULTI}?page_size=1")
    second = await floor.get(f"{MULTI}?page_size=1&next_cursor={first['next_cursor']}")
    assert len(first["data"]) == len(second["data"]) == 1
    assert first["data"] != second["data"]


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=x", "order_by=luck", "min_price=x", "order_by=price&position=up"]
)
async def test_searches_that_make_no_sense_are_refused(floor: Trading, query: str) -> None:
    assert "error" in await floor.get(f"{MULTI}?{query}", status=400)


def event_of(rows: list[Any]) -> str:
    return next(str(row["event_id"]) for row in rows if row["condition_id"] == DEMO.condition_id)


async def test_the_last_day_is_told_as_far_as_there_was_one(floor: Trading) -> None:
    await floor.place("BUY", "0.40")
    await floor.place("SELL", "0.42", "50")
    await floor.advance(3_600)
    await floor.place("BUY", "0.42", "30")
    await floor.place("BUY", "0.41", "10")
    (row,) = await search(floor, f"q={DEMO.question}")
    opening = (await floor.get(f"/prices-history?market={DEMO.yes}"))["history"][0]["p"]
    assert row["volume_24hr"] == pytest.approx(12.6)
    assert row["one_day_price_change"] == pytest.approx(0.415 - opening)
    await floor.advance(90_000)
    (row,) = await search(floor, f"q={DEMO.question}")
    assert (row["volume_24hr"], row["one_day_price_change"]) == (0.0, 0.0)

from __future__ import annotations

import pytest

from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, Trading

OTHER = default_listings()[1]
PATH = "/markets/live-activity"


async def test_a_market_says_what_it_is_and_belongs_to(floor: Trading) -> None:
    assert await floor.get(f"{PATH}/{OTHER.market.condition_id}") == {
        "condition_id": OTHER.market.condition_id,
        "id": int(OTHER.market_id),
        "question": OTHER.market.question,
        "market_slug": OTHER.market.slug,
        "event_slug": OTHER.market.event_slug,
        "series_slug": "",
        "icon": "",
        "image": "",
        "tags": [OTHER.category],
    }
    assert await floor.get(f"{PATH}/0x12", status=404) == {"error": "market not found"}


async def test_several_markets_are_asked_at_once(floor: Trading) -> None:
    told = await floor.post(PATH, [OTHER.market.condition_id, "0x12", DEMO.condition_id, DEMO.condition_id])
    assert [row["condition_id"] for row in told] == [OTHER.market.condition_id, DEMO.condition_id]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Invalid payload"),
        ({}, "Invalid payload"),
        ([7], "Invalid payload"),
        (["0x12"] * 501, "Payload exceeds the limit"),
    ],
)
async def test_lists_that_are_none_are_refused(floor: Trading, body: object, text: str) -> None:
    assert await floor.post(PATH, body, status=400) == {"error": text}

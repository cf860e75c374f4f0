from __future__ import annotations

import pytest

from pmm.exchange import listings as module
from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, Visitor


@pytest.mark.parametrize(
    "path", ["/markets", "/sampling-markets", "/simplified-markets", "/sampling-simplified-markets"]
)
async def test_cursors_lead_past_every_page_exactly_once(
    visitor: Visitor, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    seen, cursor = [], "MA=="
    while cursor != "LTE=":
        page = await visitor.get(f"{path}?next_cursor={cursor}")
        assert page["count"] == len(page["data"]) <= page["limit"] == 4
        seen += [market["condition_id"] for market in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [listing.market.condition_id for listing in default_listings()]


async def test_a_page_without_a_cursor_is_the_first(visitor: Visitor) -> None:
    assert (await visitor.get("/markets"))["data"][0]["market_slug"] == "demo"


@pytest.mark.parametrize("cursor", ["%%%", "bm90IGEgbnVtYmVy", "LTE="])
async def test_a_cursor_that_is_none_is_refused(visitor: Visitor, cursor: str) -> None:
    assert await visitor.get(f"/markets?next_cursor={cursor}", 400) == {"error": "Invalid next_cursor"}


async def test_a_market_says_what_the_documentation_promises(visitor: Visitor) -> None:
    market = await visitor.get(f"/markets/{DEMO.condition_id}")
    assert (market["minimum_tick_size"], market["minimum_order_size"], market["neg_risk"]) == (0.01, 5, False)
    assert [(token["token_id"], token["outcome"]) for token in market["tokens"]] == [(DEMO.yes, "Yes"), (DEMO.no, "No")]
    assert await visitor.get("/markets/0x12", 404) == {"error": "market not found"}


async def test_trading_parameters_come_in_short_keys(visitor: Visitor) -> None:
    short = await visitor.get(f"/clob-markets/{DEMO.condition_id}")
    assert {"t", "mts", "mos", "nr", "fd", "c", "v"} <= short.keys()
    assert (short["mts"], short["mos"], short["v"], short["c"]) == (0.01, 5, "v1", DEMO.condition_id)
    assert short["t"] == [{"t": DEMO.yes, "o": "Yes"}, {"t": DEMO.no, "o": "No"}]


async def test_a_token_leads_to_its_market(visitor: Visitor) -> None:
    assert await visitor.get(f"/markets-by-token/{DEMO.no}") == {
        "condition_id": DEMO.condition_id,
        "primary_token_id": DEMO.yes,
        "secondary_token_id": DEMO.no,
    }
    assert await visitor.get("/markets-by-token/123", 404) == {"error": "market not found"}

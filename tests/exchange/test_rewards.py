"""What a maker earns with liquidity and reads about it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.exchange.conftest import DEMO, Trading, trading
from tests.support.trader import Trader

DAY_S = 86_400


@pytest.fixture
async def floor() -> AsyncIterator[Trading]:
    """Ann and Bob quote both sides, Bob three times as much."""
    async with trading() as one:
        await one.control("/venue/terms", {"rewards_usd_a_day": 1440})
        for who, size in ((one.ann, "100"), (one.bob, "300")):
            await one.give(who, size)
            await quote(who, size)
        yield one


async def quote(who: Trader, size: str) -> None:
    await who.place(DEMO, "BUY", "0.49", size)
    await who.place(DEMO, "SELL", "0.51", size)


async def earnings(who: Trader, query: str = "") -> list[tuple[str, float]]:
    rows = (await who.ask("GET", "/rewards/user", query=query))["data"]
    assert all(row["condition_id"] == DEMO.condition_id and row["maker_address"] == who.address for row in rows)
    return [(row["date"], row["earnings"]) for row in rows]


async def test_the_live_share_is_told(floor: Trading) -> None:
    assert await floor.ann.ask("GET", "/rewards/user/percentages") == {DEMO.condition_id: 25.0}
    assert await floor.bob.ask("GET", "/rewards/user/percentages") == {DEMO.condition_id: 75.0}


async def test_an_act_pays_and_every_read_tells_it(floor: Trading) -> None:
    before = await floor.control("/accounts", {"account": floor.ann.address})
    await floor.advance(3_600)
    ((date, running),) = await earnings(floor.ann)
    rows = (await floor.control("/venue/pay-rewards"))["paid"]
    paid = {row["account"]: float(row["usd"]) for row in rows}
    assert paid[floor.ann.address] == running == pytest.approx(15, abs=0.5)
    assert paid[floor.bob.address] == pytest.approx(3 * running)
    after = await floor.control("/accounts", {"account": floor.ann.address})
    assert float(after["collateral"]) - float(before["collateral"]) == pytest.approx(running)
    assert await earnings(floor.ann, f"?date={date}") == [(date, running)]
    (total,) = await floor.ann.ask("GET", "/rewards/user/total", query=f"?date={date}")
    assert (total["maker_address"], total["earnings"]) == (floor.ann.address, running)
    rows = (await floor.ann.ask("GET", "/rewards/user/markets"))["data"]
    (row,) = [one for one in rows if one["condition_id"] == DEMO.condition_id]
    assert (row["earning_percentage"], row["earnings"][0]["earnings"]) == (25.0, running)
    kinds = [one["type"] for one in await floor.ann.ask("GET", "/notifications", query="?signature_type=0")]
    assert kinds == [5]


async def test_midnight_pays_for_the_day_before(floor: Trading) -> None:
    await floor.advance(DAY_S - (await floor.get("/time")) % DAY_S)
    ((_, paid),) = await earnings(floor.ann, "?date=2026-09-21")
    assert paid == pytest.approx(1440 / 4 * (1 - 14.22 / 24), rel=0.01)
    assert await earnings(floor.ann, "?date=2026-09-22") == []
    await floor.advance(3_600)
    ((date, _),) = await earnings(floor.ann)
    assert date == "2026-09-22"


async def test_a_wallet_can_be_selected(floor: Trading) -> None:
    await floor.advance(3_600)
    assert len(await earnings(floor.ann, f"?maker_address={floor.ann.address}")) == 1
    assert await earnings(floor.ann, f"?maker_address={floor.bob.address}") == []
    assert len(await earnings(floor.ann, "?signature_type=0")) == 1
    assert await earnings(floor.ann, "?signature_type=2") == []


async def test_earnings_are_told_to_their_owner_alone(floor: Trading) -> None:
    for path in ("", "/total", "/percentages", "/markets"):
        assert "error" in await floor.get(f"/rewards/user{path}", status=401)

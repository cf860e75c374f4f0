from __future__ import annotations

import pytest

from pmm.exchange import order_reads
from pmm.model import SECOND
from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, START, Trading

OTHER = default_listings()[1].market


async def test_open_orders_are_found_by_market_token_and_id(floor: Trading) -> None:
    here, there = (await floor.ann.place(DEMO))["orderID"], (await floor.ann.place(OTHER, price="0.05"))["orderID"]

    async def found(query: str) -> list[str]:
        return [order["id"] for order in (await floor.ann.ask("GET", "/data/orders", query=query))["data"]]

    assert await found("") == [here, there]
    assert await found(f"?market={DEMO.condition_id}") == [here]
    assert await found(f"?asset_id={OTHER.yes}") == [there]
    assert await found(f"?asset_id={OTHER.no}") == []
    await floor.ann.ask("DELETE", "/cancel-all")
    assert await found("") == []
    assert await found(f"?id={here}") == [here]


async def test_pages_end_with_the_cursor_that_clients_wait_for(floor: Trading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_reads, "PAGE", 2)
    placed = [(await floor.ann.place(DEMO))["orderID"] for _ in range(5)]
    seen, cursor = [], "MA=="
    while cursor != "LTE=":
        page = await floor.ann.ask("GET", "/data/orders", query=f"?next_cursor={cursor}")
        seen += [order["id"] for order in page["data"]]
        cursor = page["next_cursor"]
    assert seen == placed
    await floor.ann.ask("GET", "/data/orders", query="?next_cursor=x", status=400)
    assert (await floor.ann.ask("GET", "/data/pre-migration-orders"))["data"] == []


async def test_an_order_of_somebody_else_is_not_found(floor: Trading) -> None:
    order = (await floor.bob.place(DEMO))["orderID"]
    assert await floor.ann.ask("GET", f"/data/order/{order}", status=404) == {"error": "Order not found"}
    assert (await floor.ann.ask("GET", "/data/orders", query=f"?id={order}"))["data"] == []
    assert await floor.ann.ask("GET", "/order-scoring", query=f"?order_id={order}") == {"scoring": False}


async def test_trades_are_found_by_market_maker_and_time(floor: Trading) -> None:
    await floor.place("SELL", "0.40", "100")
    first = (await floor.ann.place(DEMO))["tradeIDs"][0]
    await floor.advance(10)
    second = (await floor.ann.place(DEMO))["tradeIDs"][0]

    async def found(query: str) -> list[str]:
        return [trade["id"] for trade in (await floor.ann.ask("GET", "/data/trades", query=query))["data"]]

    assert await found("") == [second, first]
    assert await found(f"?market={OTHER.condition_id}") == []
    assert await found(f"?asset_id={DEMO.yes}&maker_address={floor.ann.address}") == [second, first]
    assert await found(f"?maker_address={floor.bob.address}") == []
    assert await found(f"?after={START // SECOND + 5}") == [second]
    assert await found(f"?before={START // SECOND + 5}") == [first]
    assert (await floor.bob.ask("GET", "/data/trades", query=f"?id={first}"))["data"] == []
    await floor.ann.ask("GET", "/data/trades", query="?after=soon", status=400)


async def test_both_sides_of_a_trade_see_it_as_their_own(floor: Trading) -> None:
    await floor.ann.place(DEMO)
    await floor.give(floor.bob)
    await floor.bob.place(DEMO, "SELL", "0.40")
    (maker,) = (await floor.ann.ask("GET", "/data/trades"))["data"]
    (taker,) = (await floor.bob.ask("GET", "/data/trades"))["data"]
    assert (maker["id"], maker["trader_side"], taker["trader_side"]) == (taker["id"], "MAKER", "TAKER")
    assert (maker["owner"], taker["owner"]) == (floor.ann.creds.api_key, floor.bob.creds.api_key)  # type: ignore[union-attr]  # enrolled


async def test_scoring_is_answered_for_one_and_for_many(floor: Trading) -> None:
    await floor.place("BUY", "0.48", "100")
    await floor.place("SELL", "0.52", "100")
    ids = [(await floor.ann.place(DEMO, price=price, size="50"))["orderID"] for price in ("0.48", "0.30")]
    assert await floor.ann.ask("POST", "/orders-scoring", ids) == {ids[0]: True, ids[1]: False}
    assert await floor.ann.ask("GET", "/order-scoring", query=f"?order_id={ids[0]}") == {"scoring": True}
    for body in (b"{", {"a": 1}, [5]):
        await floor.ann.ask("POST", "/orders-scoring", body, status=400)


async def test_balances_name_their_kind_of_asset(floor: Trading) -> None:
    async def told(query: str, status: int = 200) -> dict[str, str]:
        answer: dict[str, str] = await floor.ann.ask("GET", "/balance-allowance", query=query, status=status)
        return answer

    assert (await told("?asset_type=COLLATERAL&signature_type=0"))["balance"] == "10000000000"
    assert (await told("?asset_type=COLLATERAL&signature_type=2"))["balance"] == "0"
    assert (await told("?asset_type=CONDITIONAL-V2&token_id=123"))["balance"] == "0"
    assert await told("?asset_type=GOLD", 400) == {"error": "Invalid asset type"}
    assert await told("?asset_type=COLLATERAL&signature_type=7", 400) == {"error": "Invalid signature_type"}
    assert await told("?asset_type=CONDITIONAL", 400) == {"error": "Invalid token id"}


async def test_notifications_are_told_until_they_are_dropped(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    await floor.ann.ask("DELETE", "/cancel-all")
    (notice,) = await floor.ann.ask("GET", "/notifications", query="?signature_type=0")
    assert (notice["type"], notice["payload"]["order_id"], notice["payload"]["price"]) == (1, order, "0.4")
    assert await floor.ann.ask("DELETE", "/notifications", query=f"?ids={notice['id']}") == "OK"
    assert await floor.ann.ask("GET", "/notifications", query="?signature_type=0") == []
    await floor.ann.ask("DELETE", "/notifications", query="?ids=x", status=400)


async def test_what_rewards_demand_is_told(floor: Trading) -> None:
    rows = (await floor.get("/rewards/markets/current"))["data"]
    demo = next(row for row in rows if row["condition_id"] == DEMO.condition_id)
    assert (demo["rewards_max_spread"], demo["rewards_min_size"]) == (3.0, 20)
    (detail,) = (await floor.get(f"/rewards/markets/{DEMO.condition_id}"))["data"]
    assert detail["market_slug"] == "demo"
    assert (await floor.ann.ask("GET", "/rewards/user", query="?date=2026-11-24"))["data"] == []
    assert await floor.ann.ask("GET", "/rewards/user/percentages") == {}


async def test_positions_know_what_they_cost(floor: Trading) -> None:
    await floor.place("SELL", "0.40", "10")
    await floor.place("SELL", "0.50", "10")
    await floor.ann.place(DEMO, price="0.50", size="20")
    await floor.advance(10)
    (row,) = (await floor.get(f"/data-api/v2/positions?user={floor.ann.address}"))["data"]
    assert (row["current_size"], row["avg_price"], row["total_cost_usdc"]) == ("20", "0.45", "9")
    assert (await floor.get(f"/data-api/v2/positions?user={floor.bob.address}"))["data"] == []
    await floor.get("/data-api/v2/positions?user=me", status=400)

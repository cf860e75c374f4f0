"""A sharp move of a market while somebody quotes in it (F38)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exchange.conftest import DEMO, START, Trading, event

MOVE = "/orders/move"


async def quoted(floor: Trading) -> None:
    """Somebody's book around 0.5 with two asks of the other side near."""
    await floor.place("BUY", "0.49")
    for price in ("0.51", "0.55"):
        await floor.place("SELL", price, "40")


async def book(floor: Trading) -> Any:
    return await floor.control(f"/book?token_id={DEMO.yes}", method="GET")


async def test_a_market_moves_twenty_ticks_in_fifty_milliseconds_on_the_wire(floor: Trading) -> None:
    await quoted(floor)
    order = (await floor.ann.place(DEMO, side="BUY", price="0.40"))["orderID"]
    await floor.give(floor.ann, "100")
    await floor.ann.place(DEMO, side="SELL", price="0.60", size="30")
    async with floor.socket() as socket:
        await event(socket)
        told = await floor.control(MOVE, {"side": "BUY", "ticks": 20, "seconds": 0.05, "size": "10"})
        assert told == {"from": "0.5", "to": "0.69", "steps": 20}
        await floor.advance(0.05)
        bids: list[str] = []
        while not bids or bids[-1] != "0.69":
            message = await event(socket)
            if message.get("event_type") == "price_change":
                assert int(message["timestamp"]) <= START // 1_000_000 + 1_050
                bids += [row["best_bid"] for row in message["price_changes"] if row["asset_id"] == DEMO.yes]
    assert list(dict.fromkeys(bids)) == [f"{cents / 100:g}" for cents in range(50, 70)]
    after = await book(floor)
    assert (after["bids"][-1], after["asks"]) == ({"price": "0.69", "size": "10"}, [])
    orders = (await floor.ann.ask("GET", "/data/orders"))["data"]
    assert [one["id"] for one in orders] == [order]
    (trade,) = (await floor.ann.ask("GET", "/data/trades"))["data"]
    assert (trade["maker_orders"][0]["matched_amount"], trade["maker_orders"][0]["price"]) == ("30", "0.6")


async def test_it_takes_the_time_that_it_is_given(floor: Trading) -> None:
    await quoted(floor)
    await floor.control(MOVE, {"side": "BUY", "ticks": 4, "seconds": 8, "size": "10"})
    assert (await book(floor))["bids"][-1]["price"] == "0.49"
    await floor.advance(4)
    assert (await book(floor))["bids"][-1]["price"] == "0.51"
    await floor.advance(4)
    assert (await book(floor))["bids"][-1]["price"] == "0.53"


async def test_a_market_falls_as_it_rises(floor: Trading) -> None:
    await quoted(floor)
    await floor.control(MOVE, {"side": "SELL", "ticks": 5, "size": "10"})
    await floor.advance(1)
    after = await book(floor)
    assert (after["asks"][-1], after["bids"]) == ({"price": "0.46", "size": "10"}, [])


async def test_a_token_is_moved_by_its_own_book(floor: Trading) -> None:
    await quoted(floor)
    await floor.control(MOVE, {"side": "BUY", "ticks": 3, "size": "10", "outcome": "NO"})
    await floor.advance(1)
    assert (await floor.control(f"/book?token_id={DEMO.no}", method="GET"))["bids"][-1]["price"] == "0.52"


async def test_a_market_with_orders_on_one_side_only_moves_from_there(floor: Trading) -> None:
    await floor.place("SELL", "0.55", "40")
    assert (await floor.control(MOVE, {"side": "BUY", "ticks": 2, "size": "10"}))["from"] == "0.56"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"side": "BUY", "ticks": 0, "size": "10"}, 400),
        ({"side": "BUY", "ticks": 60, "size": "10"}, 400),
        ({"side": "SELL", "ticks": 60, "size": "10"}, 400),
        ({"side": "BUY", "ticks": 2, "size": "1"}, 400),
        ({"side": "BUY", "ticks": 2}, 400),
        ({"side": "BUY", "ticks": 2, "size": "10", "token_id": "12345"}, 404),
    ],
)
async def test_moves_that_cannot_be_are_refused(floor: Trading, body: dict[str, object], status: int) -> None:
    await quoted(floor)
    assert "error" in await floor.control(MOVE, body, status=status)


async def test_an_empty_book_cannot_be_moved(floor: Trading) -> None:
    assert "error" in await floor.control(MOVE, {"side": "BUY", "ticks": 2, "size": "10"}, status=409)

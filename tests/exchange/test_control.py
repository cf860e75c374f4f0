from __future__ import annotations

import pytest

from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, Visitor


async def test_a_foreign_order_says_what_became_of_it(visitor: Visitor) -> None:
    resting = await visitor.place("SELL", "0.52", "10")
    assert (resting["status"], resting["left"], resting["filled"]) == ("live", "10", "0")
    taking = await visitor.place("SELL", "0.48", "4.5", outcome="NO")
    assert (taking["status"], taking["reason"]) == ("rejected", "size is lower than the minimum")
    taking = await visitor.place("SELL", "0.48", "5.5", outcome="NO", tif="FAK")
    assert (taking["status"], taking["filled"]) == ("matched", "5.5")


async def test_an_order_can_go_to_any_market_by_slug_or_token(visitor: Visitor) -> None:
    other = default_listings()[1].market
    assert (await visitor.place("BUY", "0.01", market=other.slug))["status"] == "live"
    assert (await visitor.place("BUY", "0.01", token_id=other.no))["status"] == "live"
    assert (await visitor.control("/book?token_id=" + other.no, method="GET"))["bids"][0]["price"] == "0.01"


async def test_a_foreign_order_can_be_canceled_once(visitor: Visitor) -> None:
    order = await visitor.place("BUY", "0.48")
    path = f"/orders/{order['order_id']}"
    assert (await visitor.control(path, method="DELETE"))["status"] == "canceled"
    assert (await visitor.control(path, method="DELETE", status=404))["status"] == "rejected"


async def test_a_market_can_be_emptied(visitor: Visitor) -> None:
    for price in ("0.47", "0.48"):
        await visitor.place("BUY", price)
    assert await visitor.control(f"/orders?token_id={DEMO.no}", method="DELETE") == {"canceled": 2}
    assert (await visitor.control(f"/book?token_id={DEMO.yes}", method="GET"))["bids"] == []


async def test_traders_come_and_go(visitor: Visitor) -> None:
    assert visitor.exchange.source.next_at() is None
    assert await visitor.control("/traders", {"on": True}) == {"on": True}
    assert visitor.exchange.source.next_at() is not None


async def test_requests_are_told_with_whether_they_carried_credentials(visitor: Visitor) -> None:
    await visitor.get("/ok")
    async with visitor.http.get(visitor.exchange.urls["clob_url"] + "/data/orders", headers={"POLY_API_KEY": "k"}):
        pass
    told = await visitor.control("/requests", method="GET")
    assert told["authenticated"] == 1
    plain, signed = told["requests"]
    assert (plain["method"], plain["path"], plain["status"], plain["authenticated"]) == ("GET", "/ok", 200, False)
    assert (signed["status"], signed["auth_headers"]) == (404, ["POLY_API_KEY"])


async def test_a_socket_is_in_the_log_from_the_moment_it_opens(visitor: Visitor) -> None:
    async with visitor.socket():
        (request,) = (await visitor.control("/requests", method="GET"))["requests"]
        assert (request["path"], request["status"]) == ("/ws/market", 101)


async def test_stats_count_connections_requests_and_frames(visitor: Visitor) -> None:
    for _ in range(5):
        await visitor.get("/ok")
    async with visitor.socket():
        await visitor.place("BUY", "0.48")
        stats = await visitor.control("/stats", method="GET")
    assert (stats["connects"], stats["requests"], stats["clients"], stats["opened"]) == (1, 6, 1, 1)
    assert stats["dropped_clients"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders", {"side": "BUY", "price": "0.4"}),
        ("/orders", {"side": "BUY", "price": "cheap", "size": "10"}),
        ("/orders", {"side": "HOLD", "price": "0.4", "size": "10"}),
        ("/orders", {"side": "BUY", "price": "0.4", "size": "10", "tif": "IOC"}),
        ("/orders", {"side": "BUY", "price": "0.4", "size": "10", "outcome": "MAYBE"}),
        ("/orders", {"side": "BUY", "price": True, "size": "10"}),
        ("/orders", [1]),
        ("/traders", {"on": "yes"}),
        ("/traders", {}),
        ("/stream/drop", {"code": 99}),
        ("/stream/drop", {"code": "x"}),
        ("/stream/freeze", {"tokens": "all", "on": True}),
        ("/stream/inject", {"frame": 5}),
        ("/stream/drop-next", {"n": -1}),
    ],
)
async def test_orders_to_the_exchange_that_make_no_sense_are_refused(visitor: Visitor, path: str, body: object) -> None:
    assert "error" in await visitor.control(path, body, status=400)


async def test_unknown_markets_and_tokens_are_not_found(visitor: Visitor) -> None:
    order = {"side": "BUY", "price": "0.4", "size": "10"}
    assert "error" in await visitor.control("/orders", {**order, "market": "nix"}, status=404)
    assert "error" in await visitor.control("/orders", {**order, "token_id": "123"}, status=404)
    assert "error" in await visitor.control("/book?token_id=123", method="GET", status=404)

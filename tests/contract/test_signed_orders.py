"""What our own signer and our own private HTTP send is what the local exchange takes, for every kind of order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.commands import Place
from pmm.eip712 import Generation, SignatureType
from pmm.model import SECOND, USD, Market, Side, TimeInForce
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer
from tests.contract.conftest import DEMO, NEG_RISK, PROTOCOL_V2, Running

CAPS = Caps(order=25 * USD, life_max=3_600 * SECOND)
MARKETS = {"standard": DEMO, "neg_risk": NEG_RISK, "protocol_v2": PROTOCOL_V2.market}


@pytest.mark.parametrize("market", MARKETS.values(), ids=MARKETS)
@pytest.mark.parametrize("kind", SignatureType)
async def test_an_order_rests_under_the_id_that_was_known_before(
    running: Running, market: Market, kind: SignatureType
) -> None:
    wallet = None if kind is SignatureType.EOA else "0x" + f"d{int(kind)}" * 20
    signer = Signer(b"\x21" * 32, funder=wallet, signature_type=kind, caps=CAPS)
    now = running.exchange.clock.now
    gtc = Place("live-1-1", market.condition_id, market.yes, Side.BUY, market.tick, 10_000_000)
    gtd = replace(gtc, token=market.no, tif=TimeInForce.GTD, expires_at=now() + 1_000 * SECOND)
    async with PrivateHttp(running.url, signer.address, None, deadline=10 * SECOND, clock=now) as http:
        http.credentials = await derive(http, signer)
        orders = [
            signer.order(place, market, now(), salt, http.credentials.key) for salt, place in ((1, gtc), (2, gtd))
        ]
        one = await http.call("POST", "/order", orders[0].body)
        many = await http.call("POST", "/orders", b"[" + orders[1].body + b"]")
        shown = [(await http.call("GET", f"/data/order/{order.venue_id}")).json() for order in orders]
    assert [row["orderID"] for row in (one.json(), *many.json())] == [order.venue_id for order in orders]
    assert [(row["order_type"], row["status"], row["original_size"]) for row in shown] == [
        ("GTC", "LIVE", "10"),
        ("GTD", "LIVE", "10"),
    ]
    assert shown[1]["expiration"] == str((gtd.expires_at or 0) // SECOND + 60)
    assert {order.generation for order in orders} == {Generation.V3 if market.version == "v2" else Generation.V2}

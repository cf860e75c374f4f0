"""Orders of the first exchange: signed as its client signs them, for this machine only."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import pytest

from pmm.commands import Place
from pmm.eip712 import Generation, SignatureType
from pmm.model import SECOND, USD, Side, TimeInForce
from pmm.venues.polymarket import legacy
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.legacy import LegacySigner
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, SignerRefused
from tests.exchange.conftest import DEMO, START, Trading, floor  # noqa: F401  # a fixture
from tests.support.marker import MARKER, failure, shown
from tests.venues.polymarket.test_signer import ADDRESS, AT, GTD, MARKET, OWNER, PLACE, YES

HERE = "http://127.0.0.1:8080"
CAPS = Caps(order=25 * USD, life_max=3_600 * SECOND)


KEPT: dict[str, Any] = {"clob_url": HERE, "funder": None, "signature_type": SignatureType.EOA, "caps": CAPS}


def signer(**how: Any) -> LegacySigner:
    return LegacySigner(b"\x01" * 32, **{**KEPT, **how})


def test_the_vector_of_the_reference_comes_out() -> None:
    signed = signer().order(PLACE, MARKET, AT, 123456789, OWNER)
    assert signed.venue_id == "0x8278a8849bdbc6592f81f127d0d64f85342cec6a5c185d4fe7f9ced904a08a4f"
    assert json.loads(signed.body)["order"]["signature"].startswith("0x9f236d28ca5c631977addcac035f8832bb95f0cb5e6c")
    assert signed.generation is Generation.V1


@pytest.mark.parametrize("place", [PLACE, GTD, replace(PLACE, side=Side.SELL, price=100, post_only=False)])
@pytest.mark.parametrize("neg_risk", [False, True])
def test_an_order_is_that_of_the_client(place: Place, neg_risk: bool) -> None:
    from py_clob_client.clob_types import CreateOrderOptions, OrderArgs
    from py_clob_client.order_builder.builder import OrderBuilder
    from py_clob_client.signer import Signer
    from py_clob_client.utilities import order_to_json

    args = OrderArgs(YES, place.price / 1e4, 10.0, place.side.value)
    args.expiration = (place.expires_at or -60 * SECOND) // SECOND + 60
    theirs = OrderBuilder(Signer("0x" + "01" * 32, 137)).create_order(args, CreateOrderOptions("0.01", neg_risk))
    salt = theirs.order["salt"]
    ours = signer().order(place, replace(MARKET, neg_risk=neg_risk), AT, salt, OWNER)
    assert json.loads(ours.body) == order_to_json(theirs, OWNER, place.tif.value, place.post_only)


async def test_a_local_exchange_of_that_time_takes_it(floor: Trading) -> None:  # noqa: F811
    url = floor.exchange.urls["clob_url"]
    mine = signer(clob_url=url)
    place = Place("live-1-1", DEMO.condition_id, DEMO.yes, Side.BUY, 4_000, 10_000_000)
    async with PrivateHttp(url, mine.address, None, deadline=5 * SECOND, clock=lambda: START) as http:
        http.credentials = await derive(http, mine)
        signed = mine.order(place, DEMO, START, 1, http.credentials.key)
        refused = await http.call("POST", "/order", signed.body)
        assert (refused.status, refused.json()) == (400, {"error": "order_version_mismatch"})
        await floor.control("/switches", {"legacy_v1": True})
        taken = await http.call("POST", "/order", signed.body)
    assert taken.status == 200
    assert taken.json()["orderID"] == signed.venue_id


@pytest.mark.parametrize(
    "url", ["https://clob.polymarket.com", "http://192.168.1.5:8080", "https://127.0.0.1.polymarket.com", ""]
)
def test_nothing_is_signed_for_another_machine(url: str) -> None:
    with pytest.raises(SignerRefused, match="for this machine only"):
        signer(clob_url=url)


def test_the_caps_hold_here_too() -> None:
    with pytest.raises(SignerRefused, match="more than one order may be"):
        signer().order(replace(PLACE, size=60_000_000), MARKET, AT, 1, OWNER)
    with pytest.raises(SignerRefused, match="FOK"):
        signer().order(replace(PLACE, tif=TimeInForce.FOK), MARKET, AT, 1, OWNER)


def test_a_deposit_wallet_is_unknown_to_it() -> None:
    with pytest.raises(SignerRefused, match="POLY_1271"):
        signer(signature_type=SignatureType.POLY_1271, funder=ADDRESS)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py_clob_client.order_builder.builder", None)
    legacy._builders.cache_clear()
    with pytest.raises(SignerRefused, match="clob-v1") as caught:
        signer()
    assert "polymarket-pmm[clob-v1]" in caught.value.hint


def test_a_closed_one_signs_nothing() -> None:
    made = signer()
    made.close()
    with pytest.raises(SignerRefused, match="closed"):
        made.order(PLACE, MARKET, AT, 1, OWNER)


def test_no_failure_shows_the_key() -> None:
    for how in ({"clob_url": "https://clob.polymarket.com"}, {"chain_id": 1}, {"funder": "0x12"}):
        assert not shown(failure(lambda how=how: LegacySigner(MARKER, **{**KEPT, **how}), without=__file__))

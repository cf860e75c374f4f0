from __future__ import annotations

from typing import Any

import pytest

from pmm.eip712 import Generation, SignatureType
from pmm.model import parse_size
from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, START, Trading

NEG_RISK = next(one.market for one in default_listings() if one.market.neg_risk)
NOW_S = START // 10**9
WALLET = "0x" + "c0" * 20


async def refused(floor: Trading, body: object, text: str, status: int = 400) -> None:
    told = await floor.ann.ask("POST", "/order", body, status=status)
    assert text in told["error"]


async def test_an_accepted_order_has_every_key_that_some_client_demands(floor: Trading) -> None:
    body = floor.ann.body(DEMO)
    assert await floor.ann.ask("POST", "/order", body) == {
        "success": True,
        "errorMsg": "",
        "orderID": floor.ann.id_of(body, DEMO),
        "status": "live",
        "makingAmount": "",
        "takingAmount": "",
    }


async def test_a_match_tells_what_was_given_and_what_was_got(floor: Trading) -> None:
    await floor.place("SELL", "0.39", "30")
    told = await floor.ann.place(DEMO, "BUY", "0.40", "10")
    assert (told["status"], told["makingAmount"], told["takingAmount"]) == ("matched", "3.9", "10")
    assert len(told["tradeIDs"]) == 1
    spent = await floor.ann.ask("POST", "/order", floor.ann.market_buy(DEMO, "3.90", "0.40"))
    assert (spent["makingAmount"], spent["takingAmount"]) == ("3.9", "10")


async def test_an_order_that_is_sent_again_is_a_duplicate(floor: Trading) -> None:
    body = floor.ann.body(DEMO)
    await floor.ann.ask("POST", "/order", body)
    await refused(floor, body, f"order {floor.ann.id_of(body, DEMO)} is invalid. Duplicated.")


SHAPES: dict[str, dict[str, Any]] = {
    "salt": {"salt": "1"},
    "negative salt": {"salt": -1},
    "float salt": {"salt": 1.5},
    "boolean salt": {"salt": True},
    "maker": {"maker": "0x12"},
    "maker number": {"maker": 5},
    "token": {"tokenId": 5},
    "token hex": {"tokenId": "0x5"},
    "huge token": {"tokenId": "9" * 79},
    "maker amount": {"makerAmount": 4_000_000},
    "amount sign": {"takerAmount": "-1"},
    "amount digits": {"takerAmount": "٣"},
    "side": {"side": "HOLD"},
    "side number": {"side": 0},
    "kind": {"signatureType": 4},
    "kind text": {"signatureType": "0"},
    "signature": {"signature": "0xzz"},
    "odd signature": {"signature": "0x123"},
    "no signature": {"signature": None},
    "timestamp": {"timestamp": 5},
    "metadata": {"metadata": "0x00"},
    "builder": {"builder": None},
    "expiration": {"expiration": 0},
    "two makers": {"maker": f"0x{'1' * 40} 0x{'1' * 40}"},
    "two makers and no signer": {"maker": f"0x{'1' * 40} 0x{'1' * 40}", "signer": ""},
    "line": {"tokenId": "5\n"},
    "too large": {"makerAmount": str(2**256)},
    "late expiration": {"expiration": "9" * 79},
}


@pytest.mark.parametrize("changed", SHAPES.values(), ids=SHAPES.keys())
async def test_a_field_of_the_wrong_kind_is_an_invalid_payload(floor: Trading, changed: dict[str, Any]) -> None:
    body = floor.ann.body(DEMO)
    await refused(floor, {**body, "order": {**body["order"], **changed}}, "Invalid order payload")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"5", b'{"order":5}', b'{"order":{}}', b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}'],
    ids=lambda body: repr(body[:12]),
)
async def test_a_body_that_is_no_order_is_an_invalid_payload(floor: Trading, body: bytes) -> None:
    await refused(floor, body, "Invalid order payload")
    assert (await floor.ann.ask("POST", "/orders", body, status=400))["error"] == "Invalid order payload"


@pytest.mark.parametrize("envelope", [{"orderType": "IOC"}, {"orderType": 1}, {"postOnly": "yes"}, {"owner": None}])
async def test_an_envelope_of_the_wrong_kind_is_an_invalid_payload(floor: Trading, envelope: dict[str, Any]) -> None:
    await refused(floor, {**floor.ann.body(DEMO), **envelope}, "Invalid order payload")


async def test_an_order_belongs_to_the_key_that_sends_it(floor: Trading) -> None:
    assert floor.bob.creds is not None
    body = floor.ann.body(DEMO, owner=floor.bob.creds.api_key)
    await refused(floor, body, "the order owner has to be the owner of the API KEY")
    body = floor.ann.body(DEMO, changed={"signer": floor.bob.address})
    await refused(floor, body, "the order signer address has to be the address of the API KEY")
    body = floor.ann.body(DEMO, changed={"maker": floor.bob.address})
    await refused(floor, body, "the order signer address has to be the address of the API KEY")


async def test_the_signature_is_recovered(floor: Trading) -> None:
    body = floor.ann.body(DEMO)
    body["order"]["makerAmount"] = "4000001"
    await refused(floor, body, "invalid signature")
    body = floor.ann.body(DEMO)
    body["order"]["signature"] = floor.bob.body(DEMO)["order"]["signature"]
    await refused(floor, body, "invalid signature")
    await refused(floor, floor.ann.body(NEG_RISK, neg_risk=False), "invalid signature")


async def test_an_order_for_another_version_of_the_exchange_is_told_apart(floor: Trading) -> None:
    await refused(floor, floor.ann.body(DEMO, generation=Generation.V3), "order_version_mismatch")
    old = floor.ann.body(DEMO, generation=Generation.V1)
    await refused(floor, old, "order_version_mismatch")
    await floor.control("/switches", {"legacy_v1": True})
    assert (await floor.ann.ask("POST", "/order", old))["status"] == "live"


async def test_the_wallet_of_every_kind_of_signature_trades(floor: Trading) -> None:
    for number, kind in enumerate(SignatureType):
        wallet = floor.ann.address if kind is SignatureType.EOA else "0x" + f"c{number}" * 20
        order = await floor.ann.place(DEMO, wallet=wallet, kind=kind)
        assert (await floor.ann.ask("GET", f"/data/order/{order['orderID']}"))["maker_address"].lower() == wallet
    assert len((await floor.ann.ask("DELETE", "/cancel-all"))["canceled"]) == 4


async def test_a_wallet_obeys_only_its_first_owner(floor: Trading) -> None:
    await floor.ann.place(DEMO, wallet=WALLET, kind=SignatureType.POLY_1271)
    body = floor.bob.body(DEMO, wallet=WALLET, kind=SignatureType.POLY_1271)
    told = await floor.bob.ask("POST", "/order", body, status=400)
    assert told["error"] == "the order signer address has to be the address of the API KEY"


async def test_prices_are_on_the_grid(floor: Trading) -> None:
    body = floor.ann.body(DEMO, price="0.405")
    text = f"order {floor.ann.id_of(body, DEMO)} is invalid. Price (0.405) breaks minimum tick size rule: 0.01"
    await refused(floor, body, text)
    for amounts in ((10_000_000, 10_000_000), (3_333_333, 10_000_000), (1, 10_000_000)):
        changed = dict(zip(("maker_amount", "taker_amount"), amounts, strict=True))
        await refused(floor, floor.ann.body(DEMO, changed=changed), "breaks minimum tick size rule: 0.01")


async def test_amounts_are_neither_nothing_nor_too_precise(floor: Trading) -> None:
    for changed in ({"maker_amount": 0}, {"taker_amount": 0}, {"maker_amount": 2**200}):
        await refused(floor, floor.ann.body(DEMO, changed=changed), "Invalid order payload")
    await refused(floor, floor.ann.body(DEMO, size="10.005"), "invalid amounts")


async def test_sizes_and_balances_are_judged(floor: Trading) -> None:
    await refused(floor, floor.ann.body(DEMO, size="4.99"), "is invalid. Size (4.99) lower than the minimum: 5")
    await refused(floor, floor.ann.body(DEMO, size="30000"), "not enough balance / allowance")
    await refused(floor, floor.ann.body(DEMO, "SELL", "0.6"), "not enough balance / allowance")
    await floor.place("SELL", "0.10")
    body = floor.ann.body(DEMO, changed={"maker_amount": 500_000, "taker_amount": 5_000_000})
    await refused(floor, body, "invalid amount for a marketable BUY order ($0.5), min size: $1")


async def test_what_must_not_cross_does_not(floor: Trading) -> None:
    await floor.place("SELL", "0.40")
    await refused(floor, floor.ann.body(DEMO, postOnly=True), "invalid post-only order: order crosses book")
    await refused(floor, floor.ann.body(DEMO, price="0.39", orderType="FAK", postOnly=True), "POST_ONLY")


async def test_what_must_be_filled_is_or_is_refused(floor: Trading) -> None:
    await refused(floor, floor.ann.market_buy(DEMO, "5", "0.40"), "no orders found to match with FAK order.")
    await floor.place("SELL", "0.40", "10")
    text = "order couldn't be fully filled. FOK orders are fully filled or killed."
    await refused(floor, floor.ann.market_buy(DEMO, "5", "0.40", "FOK"), text)


@pytest.mark.parametrize(
    ("kind", "expiration"),
    [("GTC", NOW_S + 600), ("FAK", NOW_S + 600), ("GTD", 0), ("GTD", NOW_S + 179), ("GTD", NOW_S - 5)],
)
async def test_an_expiration_fits_its_kind_of_order(floor: Trading, kind: str, expiration: int) -> None:
    body = floor.ann.body(DEMO, orderType=kind)
    body["order"]["expiration"] = str(expiration)
    await refused(floor, body, "invalid expiration")


async def test_an_unknown_token_has_no_market(floor: Trading) -> None:
    await refused(floor, floor.ann.body(DEMO, token="12345"), "market not found", status=404)


async def test_restricted_accounts_are_told(floor: Trading) -> None:
    await floor.control("/accounts/restrict", {"account": floor.ann.address, "closed_only": True})
    await refused(floor, floor.ann.body(DEMO), "address in closed only mode")
    assert await floor.ann.ask("GET", "/auth/ban-status/closed-only") == {"closed_only": True}
    await floor.control("/accounts/restrict", {"account": floor.ann.address, "banned": True})
    await refused(floor, floor.ann.body(DEMO), "address banned")


async def test_refusals_can_come_as_answers(floor: Trading) -> None:
    await floor.control("/switches", {"soft_refusals": True})
    told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO, size="1"))
    assert (told["success"], told["orderID"], told["status"]) == (False, "", "")
    assert "lower than the minimum" in told["errorMsg"]


async def test_a_batch_answers_in_order_and_refuses_one_by_one(floor: Trading) -> None:
    bodies = [floor.ann.body(DEMO, size=size) for size in ("10", "1", "12")]
    told = await floor.ann.ask("POST", "/orders", [*bodies, {"order": 5}])
    assert [one["success"] for one in told] == [True, False, True, False]
    assert [told[0]["orderID"], told[2]["orderID"]] == [floor.ann.id_of(bodies[index], DEMO) for index in (0, 2)]
    assert told[3]["errorMsg"] == "Invalid order payload"


async def test_a_batch_holds_one_to_fifteen(floor: Trading) -> None:
    bodies = [floor.ann.body(DEMO) for _ in range(16)]
    told = await floor.ann.ask("POST", "/orders", bodies, status=400)
    assert told["error"] == "Too many orders in payload: 16, max allowed: 15"
    assert len(await floor.ann.ask("POST", "/orders", bodies[:15])) == 15
    assert (await floor.ann.ask("POST", "/orders", [], status=400))["error"] == "Invalid order payload"


async def test_cancels_say_what_is_gone_and_what_is_not(floor: Trading) -> None:
    mine, unknown = (await floor.ann.place(DEMO))["orderID"], "0x" + "00" * 32
    hers = (await floor.bob.place(DEMO))["orderID"]
    told = await floor.ann.ask("DELETE", "/orders", [mine, unknown, hers])
    assert told["canceled"] == [mine]
    assert set(told["not_canceled"]) == {unknown, hers}
    assert (await floor.bob.ask("GET", f"/data/order/{hers}"))["status"] == "LIVE"
    again = await floor.ann.ask("DELETE", "/order", {"orderID": mine})
    assert again["not_canceled"] == {mine: "Order already canceled"}


async def test_a_matched_order_cannot_be_canceled(floor: Trading) -> None:
    order = (await floor.ann.place(DEMO))["orderID"]
    await floor.place("SELL", "0.40")
    told = await floor.ann.ask("DELETE", "/order", {"orderID": order})
    assert told["not_canceled"] == {order: "Order already matched"}


async def test_all_orders_or_those_of_a_market_are_canceled(floor: Trading) -> None:
    here, there = (await floor.ann.place(DEMO))["orderID"], (await floor.ann.place(NEG_RISK, price="0.05"))["orderID"]
    cancel = "/cancel-market-orders"
    assert (await floor.ann.ask("DELETE", cancel, {"market": DEMO.condition_id, "asset_id": ""}))["canceled"] == [here]
    assert (await floor.ann.ask("DELETE", cancel, {"asset_id": DEMO.yes}))["canceled"] == []
    assert (await floor.ann.ask("DELETE", "/cancel-all"))["canceled"] == [there]


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/order", {"orderID": "7"}, "Invalid orderID"),
        ("/order", {}, "Invalid orderID"),
        ("/order", b"{", "Invalid orderID"),
        ("/orders", {"orderID": "0x" + "00" * 32}, "Invalid orderID"),
        ("/orders", [5], "Invalid orderID"),
        ("/orders", ["0x" + "00" * 32] * 1_001, "Too many orders in payload, max allowed: 1000"),
        ("/cancel-market-orders", [], "Invalid order payload"),
        ("/cancel-market-orders", {"market": 5}, "Invalid order payload"),
    ],
)
async def test_malformed_cancels_are_refused(floor: Trading, path: str, body: object, text: str) -> None:
    assert (await floor.ann.ask("DELETE", path, body, status=400))["error"] == text


async def test_a_body_that_is_too_long_is_refused_without_being_kept(floor: Trading) -> None:
    status, told, _ = await floor.ann.ask_all("POST", "/order", b"x" * (2 << 20))
    assert (status, "error" in told) == (413, True)


async def test_modes_of_the_venue_have_their_status_and_their_words(floor: Trading) -> None:
    resting = (await floor.ann.place(DEMO))["orderID"]
    await floor.control("/venue/mode", {"mode": "cancel-only"})
    await refused(floor, floor.ann.body(DEMO), "Trading is currently cancel-only.", status=503)
    assert (await floor.ann.ask("DELETE", "/order", {"orderID": resting}))["canceled"] == [resting]
    await floor.control("/venue/mode", {"mode": "disabled"})
    await refused(floor, floor.ann.body(DEMO), "Trading is currently disabled.", status=503)
    assert "disabled" in (await floor.ann.ask("DELETE", "/cancel-all", status=503))["error"]


async def test_a_restart_is_425_then_post_only_then_normal(floor: Trading) -> None:
    await floor.control("/venue/restart", {"seconds": 90})
    status, _, headers = await floor.ann.ask_all("POST", "/order", floor.ann.body(DEMO))
    assert (status, headers["Retry-After"]) == (425, "90")
    await floor.advance(91)
    status, told, headers = await floor.ann.ask_all("POST", "/order", floor.ann.body(DEMO))
    assert (status, told["code"], headers["Retry-After"]) == (503, "post_only_mode", str(told["retry_after_seconds"]))
    assert told["error"] == "post-only mode: only post-only orders and cancels are allowed"
    assert (await floor.ann.place(DEMO, postOnly=True))["status"] == "live"
    mixed = [floor.ann.body(DEMO, postOnly=post_only) for post_only in (True, False)]
    assert [one["success"] for one in await floor.ann.ask("POST", "/orders", mixed)] == [True, False]
    await floor.advance(121)
    assert (await floor.ann.place(DEMO))["status"] == "live"


async def test_buckets_warn_and_then_refuse(floor: Trading) -> None:
    _, _, headers = await floor.ann.ask_all("POST", "/order", floor.ann.body(DEMO))
    assert (headers["Poly-RateLimit-Remaining"], headers["Poly-RateLimit-Tier"]) == ("59", "standard")
    for _ in range(4):
        bodies = [floor.ann.body(DEMO) for _ in range(15)]
        _, _, headers = await floor.ann.ask_all("POST", "/orders", bodies)
    assert headers["Poly-RateLimit-Warning"] == "true"
    await floor.control("/switches", {"enforce_limits": True})
    status, told, headers = await floor.ann.ask_all("POST", "/orders", [floor.ann.body(DEMO) for _ in range(15)])
    assert (status, told, headers["Retry-After"]) == (429, {"error": "Too Many Requests"}, "1")
    assert (await floor.ann.ask("DELETE", "/cancel-all"))["not_canceled"] == {}
    await floor.advance(1)
    await floor.ann.place(DEMO)


async def test_money_is_reserved_per_market(floor: Trading) -> None:
    assert parse_size("10000") == 10_000 * 10**6
    await floor.ann.place(DEMO, size="20000")
    await refused(floor, floor.ann.body(DEMO, size="6000"), "not enough balance / allowance")
    await floor.ann.place(NEG_RISK, price="0.05", size="100000")

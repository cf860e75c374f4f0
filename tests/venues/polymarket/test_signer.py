"""Orders are signed as the official client signs them, byte for byte; what breaks a rule or a cap is not signed."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from coincurve import PrivateKey

from pmm.commands import Place
from pmm.eip712 import (
    EXCHANGES,
    Generation,
    SignatureType,
    SignedFields,
    auth_digest,
    checksummed,
    digest,
    exchange_domain,
    generation_of,
    order_signer,
    order_struct_hash,
    recover,
)
from pmm.model import GRID, SECOND, TICKS, USD, Market, Nanos, Side, TimeInForce, Token
from pmm.sim.amounts import decode
from pmm.venues.polymarket.signer import GTD_AHEAD, Caps, Signer, SignerRefused
from tests.contract.conftest import PROTOCOL_V2
from tests.support.marker import MARKER, failure, shown

KEY = b"\x01" * 32
ADDRESS = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
WALLET = "0x00000000000000000000000000000000000000AA"
OWNER = "01234567-89ab-4cde-8f01-23456789abcd"
AT: Nanos = 1_700_000_000 * SECOND
YES = "71321045679252212594626385532706912750332728571942532289631379312455583992563"
NO = "52114319501245915516055106046884209969926127482827954674443846427813813222426"
MARKET = Market("0xc", "rain", "Will it rain?", (Token(YES, "Yes"), Token(NO, "No")), 100, 5_000_000)
PLACE = Place("live-1-1", "0xc", YES, Side.BUY, 4_500, 10_000_000)
CAPS = Caps(order=25 * USD, life_max=3_600 * SECOND)
TYPES = tuple(SignatureType)


def signer(kind: SignatureType = SignatureType.EOA, caps: Caps = CAPS, key: bytes = KEY) -> Signer:
    return Signer(key, funder=None if kind is SignatureType.EOA else WALLET, signature_type=kind, caps=caps)


def sign(place: Place = PLACE, market: Market = MARKET, *, at: Nanos = AT, salt: int = 123456789) -> Any:
    return signer().order(place, market, at, salt, OWNER)


# --- as the official client ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("neg_risk", "order_id", "signature"),
    [
        (False, "0x37057e278182bb1e6ac6b1b1344996a60afda3737a679aa57e3c5fb05f7fbebd", "0xdb3e0d7ca774e17ec8d4732c"),
        (True, "0x1e826cda219357dc4991c8ab9181ac698b334de85a1e54cd59d7c9c78e08166b", "0x4ba79ecbe1ff2fff9e810867"),
    ],
)
def test_the_vectors_of_the_reference_come_out(neg_risk: bool, order_id: str, signature: str) -> None:
    signed = sign(market=replace(MARKET, neg_risk=neg_risk))
    assert signed.venue_id == order_id
    assert json.loads(signed.body)["order"]["signature"].startswith(signature)
    assert signed.generation is Generation.V2


def test_a_wallet_of_type_3_is_signed_for_with_317_bytes() -> None:
    signed = signer(SignatureType.POLY_1271).order(PLACE, MARKET, AT, 123456789, OWNER)
    signature = json.loads(signed.body)["order"]["signature"]
    assert signed.venue_id == "0xf4528cf9f19d82f358a1260a2cb4a059d2eb634fc81272f456015bd73bf12321"
    assert (len(signature), signature[:18], signature[-4:]) == (2 + 2 * 317, "0xdd5a92064d7b8bd1", "00ba")


class Official:
    """`py-clob-client-v2` with a salt and a time of our choice."""

    def __init__(self) -> None:
        self.salt = 0
        self._builders: dict[tuple[Generation, bool], Any] = {}

    def body(self, place: Place, market: Market, kind: SignatureType) -> tuple[str, bytes]:
        """The id and the exact request of an order that was placed at AT."""
        from py_clob_client_v2.order_builder.builder import ROUNDING_CONFIG, OrderBuilder
        from py_clob_client_v2.order_utils.model.order_data_v2 import OrderDataV2, order_to_json_v2

        builder = self._builder(generation_of(int(place.token)), neg_risk=market.neg_risk)
        # It floors binary fractions, 1.15 to 1.14; a little more than the size is floored to the size.
        side, made, taken = OrderBuilder.get_order_amounts(
            None, place.side.value, place.size / 1e6 + 0.003, place.price / GRID, ROUNDING_CONFIG[tick_text(market)]
        )
        maker = ADDRESS if kind is SignatureType.EOA else WALLET
        data = OrderDataV2(
            maker=maker,
            tokenId=place.token,
            makerAmount=str(made),
            takerAmount=str(taken),
            side=side,
            signer=WALLET if kind is SignatureType.POLY_1271 else ADDRESS,
            signatureType=kind,
            timestamp=str(AT // 1_000_000),
            expiration="0" if place.expires_at is None else str(place.expires_at // SECOND + 60),
        )
        order_id = builder.build_order_hash(builder.build_order_typed_data(builder.build_order(data)))
        order = builder.build_signed_order(data)
        request = order_to_json_v2(order, OWNER, place.tif.value, place.post_only)
        return order_id, json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode()

    def _builder(self, generation: Generation, *, neg_risk: bool) -> Any:
        from py_clob_client_v2.order_utils import ExchangeOrderBuilderV2
        from py_clob_client_v2.signer import Signer as OfficialSigner

        if (generation, neg_risk) not in self._builders:
            self._builders[generation, neg_risk] = ExchangeOrderBuilderV2(
                checksummed(EXCHANGES[generation][neg_risk]),
                137,
                OfficialSigner("0x" + KEY.hex(), 137),
                generate_salt=lambda: self.salt,
                domain_version=str(int(generation)),
            )
        return self._builders[generation, neg_risk]


def tick_text(market: Market) -> str:
    return {1_000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}[market.tick]


def random_order(dice: Random, tick: int) -> tuple[Place, Market]:
    """Any order that may be signed: either kind of id, either side, either time in force."""
    if dice.random() < 0.3:
        market = replace(PROTOCOL_V2.market, tick=tick)
    else:
        market = replace(MARKET, tick=tick, neg_risk=dice.random() < 0.5)
    price = tick * dice.randrange(1, GRID // tick)
    expires_at = AT + dice.randrange(200, 3_600) * SECOND if dice.random() < 0.5 else None
    place = Place(
        "live-1-1",
        market.condition_id,
        dice.choice(market.tokens).token_id,
        dice.choice(tuple(Side)),
        price,
        dice.randrange(500, 1_000_000) * 10_000,
        post_only=dice.random() < 0.8,
        tif=TimeInForce.GTC if expires_at is None else TimeInForce.GTD,
        expires_at=expires_at,
    )
    return place, market


@pytest.mark.parametrize("tick", TICKS)
def test_ten_thousand_random_orders_are_those_of_the_official_client(tick: int) -> None:
    dice, official = Random(tick), Official()
    ours = {kind: signer(kind, Caps(order=10_000 * USD, life_max=3_600 * SECOND)) for kind in TYPES}
    for number in range(10_000 // len(TICKS) + 1):
        place, market = random_order(dice, tick)
        kind = TYPES[number % len(TYPES)]
        official.salt = dice.randrange(1, 1 << 53)
        signed = ours[kind].order(place, market, AT, official.salt, OWNER)
        assert (signed.venue_id, signed.body) == official.body(place, market, kind)


@pytest.mark.parametrize("tick", TICKS)
def test_the_venue_reads_the_price_and_the_size_that_were_meant(tick: int) -> None:
    dice, ours = Random(tick), signer(caps=Caps(order=10_000 * USD, life_max=3_600 * SECOND))
    for salt in range(1, 300):
        place, market = random_order(dice, tick)
        order = json.loads(ours.order(place, market, AT, salt, OWNER).body)["order"]
        amounts = int(order["makerAmount"]), int(order["takerAmount"])
        assert decode("0x", place.side, *amounts, place.tif, tick) == (place.price, place.size, None)


def test_whoever_reads_the_body_finds_the_id_and_the_signer() -> None:
    signed = sign(replace(PLACE, side=Side.SELL, size=12_340_000, price=3_700))
    order = json.loads(signed.body)["order"]
    assert (order["makerAmount"], order["takerAmount"]) == ("12340000", "4565800")
    fields = SignedFields(
        order["salt"], order["maker"], order["signer"], int(YES), 12_340_000, 4_565_800, 1, 0, int(order["timestamp"])
    )
    domain, contents = exchange_domain(Generation.V2, neg_risk=False), order_struct_hash(fields, Generation.V2)
    assert signed.venue_id == "0x" + digest(domain, contents).hex()
    signature = bytes.fromhex(order["signature"][2:])
    assert order_signer(fields, signature, domain, contents) == ADDRESS.lower()


def test_the_owner_is_written_as_json_whatever_it_is() -> None:
    signed = signer().order(PLACE, MARKET, AT, 1, 'a"b%d\\')
    assert json.loads(signed.body)["owner"] == 'a"b%d\\'


def test_an_expiry_is_written_a_minute_later_than_it_is_meant() -> None:
    signed = sign(replace(PLACE, tif=TimeInForce.GTD, expires_at=AT + 300 * SECOND + 1))
    assert json.loads(signed.body)["order"]["expiration"] == "1700000360"


def test_a_wallet_asks_for_keys_as_the_official_clients_do() -> None:
    headers = signer().l1_headers(AT, 0)
    assert headers["POLY_SIGNATURE"].startswith("0x737cf508a939abba6ef6abb5d845a0bf")
    assert (headers["POLY_ADDRESS"], headers["POLY_TIMESTAMP"], headers["POLY_NONCE"]) == (ADDRESS, "1700000000", "0")
    message = auth_digest(ADDRESS, "1700000000", 0)
    assert recover(message, bytes.fromhex(headers["POLY_SIGNATURE"][2:])) == ADDRESS.lower()


# --- what is not signed -------------------------------------------------------------------------------------------

GTD = replace(PLACE, tif=TimeInForce.GTD, expires_at=AT + 300 * SECOND)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (replace(PLACE, price=4_550), "not on the tick"),
        (replace(PLACE, price=0), "not on the tick"),
        (replace(PLACE, price=-100), "not on the tick"),
        (replace(PLACE, price=GRID), "not on the tick"),
        (replace(PLACE, size=10_001_000), "two decimals"),
        (replace(PLACE, size=0), "or is none"),
        (replace(PLACE, size=-10_000_000), "or is none"),
        (replace(PLACE, size=4_990_000), "below the least"),
        (replace(PLACE, size=55_560_000), "25.002 USD is more than one order may be: 25"),
        (replace(PLACE, market="0xd"), "not one of the market"),
        (replace(PLACE, token="123"), "not one of the market"),
        (replace(PLACE, tif=TimeInForce.FOK), "FOK orders are not signed"),
        (replace(PLACE, tif=TimeInForce.FAK), "FAK orders are not signed"),
        (replace(PLACE, expires_at=AT + 300 * SECOND), "GTC order has no expiry"),
        (replace(GTD, expires_at=None), "needs an expiry"),
        (replace(GTD, expires_at=AT + GTD_AHEAD - 61 * SECOND), "too near"),
        (replace(GTD, expires_at=AT - SECOND), "too near"),
        (replace(GTD, expires_at=AT + 3_600 * SECOND + 1), "longest life"),
    ],
)
def test_what_breaks_a_rule_or_a_cap_is_refused_with_the_reason(place: Place, reason: str) -> None:
    with pytest.raises(SignerRefused, match=reason):
        sign(place)


def test_what_just_keeps_the_rules_is_signed() -> None:
    for place in (
        replace(PLACE, price=100),
        replace(PLACE, price=GRID - 100, size=25_250_000),
        replace(PLACE, size=5_000_000),
        replace(PLACE, price=5_000, size=50_000_000),
        replace(GTD, expires_at=AT + GTD_AHEAD - 60 * SECOND),
        replace(GTD, expires_at=AT + 3_600 * SECOND),
    ):
        assert sign(place).venue_id


@pytest.mark.parametrize("salt", [0, -1, 1 << 53])
def test_a_salt_that_a_reader_of_json_may_change_is_refused(salt: int) -> None:
    with pytest.raises(SignerRefused, match="salt"):
        sign(salt=salt)


@pytest.mark.parametrize(
    "market",
    [
        replace(MARKET, version="v2"),
        replace(PROTOCOL_V2.market, version="v1"),
        replace(MARKET, tokens=(Token("-1", "Yes"), Token(NO, "No"))),
        replace(MARKET, tokens=(Token("\u0661", "Yes"), Token(NO, "No"))),
        replace(MARKET, tokens=(Token(str(2**256), "Yes"), Token(NO, "No"))),
        replace(MARKET, tokens=(Token("9" * 5_000, "Yes"), Token(NO, "No"))),
    ],
)
def test_a_token_of_another_kind_than_its_market_says_is_refused(market: Market) -> None:
    with pytest.raises(SignerRefused, match="not of the kind"):
        sign(replace(PLACE, market=market.condition_id, token=market.yes), market)


def test_a_tick_that_the_venue_does_not_know_is_refused() -> None:
    for tick in (0, -100, 7, 4_500):
        with pytest.raises(SignerRefused, match="not on the tick"):
            sign(market=replace(MARKET, tick=tick))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"key": bytes(32)}, "private key"),
        ({"key": b"\xff" * 32}, "private key"),
        ({"key": b"\x01" * 31}, "private key"),
        ({"key": b"\x01" * 33}, "private key"),
        ({"key": "01" * 32}, "private key"),
        ({"chain_id": 1}, "chain 1 is not known"),
        ({"funder": WALLET}, "its own funder"),
        ({"signature_type": SignatureType.POLY_PROXY}, "needs the address of its funder"),
        ({"signature_type": SignatureType.POLY_1271, "funder": "0x12"}, "no address"),
        ({"signature_type": SignatureType.POLY_GNOSIS_SAFE, "funder": "0x" + "g" * 40}, "no address"),
        ({"signature_type": SignatureType.POLY_GNOSIS_SAFE, "funder": "0x" + " " * 40}, "no address"),
    ],
)
def test_a_signer_is_not_made_of_what_does_not_fit(how: dict[str, Any], reason: str) -> None:
    with pytest.raises(SignerRefused, match=reason):
        Signer(**{"key": KEY, "funder": None, "signature_type": SignatureType.EOA, "caps": CAPS, **how})


def test_an_eoa_may_name_itself_as_its_funder() -> None:
    made = Signer(KEY, funder=ADDRESS.lower(), signature_type=SignatureType.EOA, caps=CAPS)
    assert (made.maker, made.address) == (ADDRESS, ADDRESS)


# --- the key ------------------------------------------------------------------------------------------------------


def test_no_text_of_a_signer_shows_its_key() -> None:
    made = signer(key=MARKER)
    slots = {name: getattr(made, name) for name in Signer.__slots__}
    for text in (repr(made), str(made), f"{made}", format(made), f"{[made]}", repr(slots)):
        assert made.address in text
        assert not shown(text)


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_signer_can_neither_be_copied_nor_stored(copier: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match="neither be copied nor stored"):
        copier(signer())


def test_no_failure_of_a_signer_shows_its_key() -> None:
    made = signer(key=MARKER)
    made.close()
    for work in (
        lambda: Signer(MARKER + b"\0", funder=None, signature_type=SignatureType.EOA, caps=CAPS),
        lambda: Signer(MARKER, funder="0x12", signature_type=SignatureType.POLY_PROXY, caps=CAPS),
        lambda: Signer(MARKER, funder=None, signature_type=SignatureType.EOA, caps=CAPS, chain_id=1),
        lambda: made.order(PLACE, MARKET, AT, 1, OWNER),
        lambda: made.l1_headers(AT),
    ):
        assert not shown(failure(work, without=__file__))
    # The library that holds the key below would show it.
    beyond = b"\xff" * 32
    assert shown(failure(lambda: PrivateKey(beyond), without=__file__), beyond)


def test_a_key_in_the_place_of_the_funder_is_not_repeated() -> None:
    with pytest.raises(SignerRefused) as caught:
        Signer(KEY, funder="0x" + MARKER.hex(), signature_type=SignatureType.POLY_PROXY, caps=CAPS)
    assert not shown(f"{caught.value!r} {caught.value.__cause__!r}")


def test_a_closed_signer_signs_nothing() -> None:
    made = signer()
    made.close()
    for work in (lambda: made.order(PLACE, MARKET, AT, 1, OWNER), lambda: made.l1_headers(AT)):
        with pytest.raises(SignerRefused, match="closed"):
            work()

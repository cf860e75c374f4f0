"""An order of a request is read in the documented form and in no other."""

from __future__ import annotations

import pytest

from pmm.eip712 import Generation, SignatureType
from pmm.exchange.answers import Refused
from pmm.exchange.tickets import BAD_ORDER, read_ticket
from pmm.model import Side, TimeInForce

MAKER = "0x" + "Ab" * 20
ORDER: dict[str, object] = {
    "salt": 7,
    "maker": MAKER,
    "signer": MAKER,
    "tokenId": "0012",
    "makerAmount": "1000000",
    "takerAmount": "10000000",
    "side": "SELL",
    "expiration": "0",
    "signatureType": 2,
    "timestamp": "1790000000000",
    "metadata": "0x" + "00" * 32,
    "builder": "0x" + "0a" * 32,
    "signature": "0x" + "1b" * 65,
}


def request(**changed: object) -> dict[str, object]:
    return {"order": {**ORDER, **changed}, "owner": "key", "orderType": "GTD", "postOnly": True}


def test_an_order_is_read_with_every_field_in_the_units_of_the_house() -> None:
    ticket = read_ticket(request())
    assert (ticket.fields.maker, ticket.fields.token_id, ticket.token_id) == (MAKER.lower(), 12, "12")
    assert (ticket.fields.builder, ticket.signature) == (b"\x0a" * 32, b"\x1b" * 65)
    assert (ticket.kind, ticket.side, ticket.tif) == (SignatureType.POLY_GNOSIS_SAFE, Side.SELL, TimeInForce.GTD)
    assert (ticket.generation, ticket.post_only, ticket.owner) == (Generation.V2, True, "key")


def test_an_order_with_a_nonce_is_one_of_the_first_exchange() -> None:
    ticket = read_ticket(request(taker=MAKER, nonce="3", feeRateBps="20"))
    assert ticket.generation is Generation.V1
    assert (ticket.fields.taker, ticket.fields.nonce, ticket.fields.fee_rate_bps) == (MAKER.lower(), 3, 20)
    assert ticket.fields.timestamp == 0, "what its generation does not sign is left out"


@pytest.mark.parametrize(
    "changed",
    [
        {"maker": "0x" + "ab " * 20},
        {"maker": "ab" * 21},
        {"signer": "0X" + "ab" * 20},
        {"metadata": "0x" + "00" * 31},
        {"signature": "0x"},
        {"signature": "0x1"},
        {"signature": "0x 1b"},
        {"tokenId": "1_000"},
        {"tokenId": " 12"},
        {"tokenId": "\u0661\u0662"},
        {"makerAmount": "-1"},
        {"takerAmount": "1" * 79},
        {"takerAmount": str(2**256)},
        {"timestamp": 1_790_000_000_000},
        {"expiration": None},
        {"side": 0},
        {"side": ["SELL"]},
        {"maker": [MAKER]},
        {"salt": True},
        {"salt": "7"},
        {"signatureType": 4},
        {"nonce": "3"},
    ],
)
def test_a_field_that_has_not_its_form_refuses_the_order(changed: dict[str, object]) -> None:
    with pytest.raises(Refused) as refused:
        read_ticket(request(**changed))
    assert (refused.value.status, refused.value.text) == (400, BAD_ORDER)


@pytest.mark.parametrize("field", sorted(ORDER.keys() - {"expiration"}))
def test_a_field_that_is_missing_refuses_the_order(field: str) -> None:
    body = request()
    body["order"] = {name: value for name, value in ORDER.items() if name != field}
    with pytest.raises(Refused, match=BAD_ORDER):
        read_ticket(body)


@pytest.mark.parametrize("body", [None, [], "order", {}, {"order": "maker"}, {**request(), "owner": 5}])
def test_what_is_no_order_at_all_is_refused(body: object) -> None:
    with pytest.raises(Refused, match=BAD_ORDER):
        read_ticket(body)

"""An order as it arrives over HTTP: read, checked against what was signed, and turned into terms for the venue.

Everything here is about the order alone; whether the book, the balance and the clock allow it is the venue's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from pmm.eip712 import (
    UINT256_MAX,
    BadSignature,
    Generation,
    SignatureType,
    SignedFields,
    digest,
    exchange_domain,
    generation_of,
    order_signer,
    order_struct_hash,
)
from pmm.exchange.answers import Refused
from pmm.model import Market, Side, TimeInForce

BAD_ORDER = "Invalid order payload"
BAD_OWNER = "the order owner has to be the owner of the API KEY"
BAD_SIGNER = "the order signer address has to be the address of the API KEY"
BAD_EXPIRATION = "invalid expiration"
VERSION_MISMATCH = "order_version_mismatch"
# Seen by clients; on no page of the documentation.
BAD_SIGNATURE = "invalid signature"

# Clients write salts as JSON numbers, which many readers hold as doubles.
_SALT_MAX = 1 << 63
Body: TypeAlias = dict[str, object]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_BYTES32 = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})+", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,78}", re.ASCII)
_SIDE = re.compile("BUY|SELL")
_SIDES = {"BUY": 0, "SELL": 1}


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order of well-formed fields, nothing of it proven yet."""

    fields: SignedFields
    signature: bytes
    generation: Generation
    owner: str
    tif: TimeInForce
    post_only: bool

    @property
    def kind(self) -> SignatureType:
        return SignatureType(self.fields.signature_type)

    @property
    def token_id(self) -> str:
        return str(self.fields.token_id)

    @property
    def side(self) -> Side:
        return Side.SELL if self.fields.side else Side.BUY


def read_ticket(body: object) -> Ticket:
    """Read one order of a request.  Raises Refused for everything that has not the documented shape."""
    if not isinstance(body, dict) or not isinstance(body.get("order"), dict):
        raise Refused(400, BAD_ORDER)
    order = body["order"]
    legacy = "feeRateBps" in order or "nonce" in order
    fields = SignedFields(
        salt=_integer(order, "salt", _SALT_MAX),
        maker=_text(order, "maker", _ADDRESS).lower(),
        signer=_text(order, "signer", _ADDRESS).lower(),
        token_id=_number(order, "tokenId"),
        maker_amount=_number(order, "makerAmount"),
        taker_amount=_number(order, "takerAmount"),
        side=_SIDES[_text(order, "side", _SIDE)],
        signature_type=_integer(order, "signatureType", SignatureType.POLY_1271),
        expiration=_number(order, "expiration", "0"),
        **_legacy_fields(order) if legacy else _present_fields(order),
    )
    return Ticket(
        fields,
        bytes.fromhex(_text(order, "signature", _HEX)[2:]),
        Generation.V1 if legacy else generation_of(fields.token_id),
        _text(body, "owner"),
        _tif(body),
        _flag(body, "postOnly"),
    )


def prove(ticket: Ticket, market: Market, signer: str, *, legacy_v1: bool) -> str:
    """The id of the order, once it is sure that `signer` signed it for the contract that settles it.

    Raises Refused: for an order of a generation that is not traded, and for a signature by anybody else.
    """
    if ticket.generation is Generation.V1 and not legacy_v1:
        raise Refused(400, VERSION_MISMATCH)
    fields = ticket.fields
    try:
        contents = order_struct_hash(fields, ticket.generation)
        domain = exchange_domain(ticket.generation, neg_risk=market.neg_risk)
        order_id = digest(domain, contents)
        if order_signer(fields, ticket.signature, domain, contents, order_id) == signer:
            return "0x" + order_id.hex()
    except (BadSignature, ValueError):
        raise Refused(400, BAD_SIGNATURE) from None
    raise Refused(400, VERSION_MISMATCH if _signed_elsewhere(ticket, market, signer) else BAD_SIGNATURE)


def _signed_elsewhere(ticket: Ticket, market: Market, signer: str) -> bool:
    """Whether the signature is good for the exchange of another generation."""
    if ticket.generation is Generation.V1:
        return False
    other = Generation.V3 if ticket.generation is Generation.V2 else Generation.V2
    domain = exchange_domain(other, neg_risk=market.neg_risk)
    contents = order_struct_hash(ticket.fields, other)
    try:
        return order_signer(ticket.fields, ticket.signature, domain, contents) == signer
    except BadSignature:
        return False


def expires_at(ticket: Ticket) -> int | None:
    """Unix seconds for a GTD order, None for the others, which must say "0".  Raises Refused."""
    if (ticket.tif is TimeInForce.GTD) is (ticket.fields.expiration == 0):
        raise Refused(400, BAD_EXPIRATION)
    return ticket.fields.expiration or None


class _Common(TypedDict, total=False):
    timestamp: int
    metadata: bytes
    builder: bytes
    taker: str
    nonce: int
    fee_rate_bps: int


def _legacy_fields(order: Body) -> _Common:
    return {
        "taker": _text(order, "taker", _ADDRESS).lower(),
        "nonce": _number(order, "nonce"),
        "fee_rate_bps": _number(order, "feeRateBps"),
    }


def _present_fields(order: Body) -> _Common:
    return {
        "timestamp": _number(order, "timestamp"),
        "metadata": bytes.fromhex(_text(order, "metadata", _BYTES32)[2:]),
        "builder": bytes.fromhex(_text(order, "builder", _BYTES32)[2:]),
    }


def _text(body: Body, key: str, form: re.Pattern[str] | None = None) -> str:
    value = body.get(key)
    if not isinstance(value, str) or (form is not None and not form.fullmatch(value)):
        raise Refused(400, BAD_ORDER)
    return value


def _number(body: Body, key: str, default: str | None = None) -> int:
    """A decimal string, as the venue wants every amount and id."""
    value = body.get(key, default)
    if not isinstance(value, str) or not _NUMBER.fullmatch(value) or int(value) > UINT256_MAX:
        raise Refused(400, BAD_ORDER)
    return int(value)


def _integer(body: Body, key: str, limit: int) -> int:
    """A JSON number from 0 to `limit`."""
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise Refused(400, BAD_ORDER)
    return value


def _flag(body: Body, key: str) -> bool:
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise Refused(400, BAD_ORDER)
    return value


def _tif(body: Body) -> TimeInForce:
    try:
        return TimeInForce(str(body.get("orderType", "GTC")))
    except ValueError:
        raise Refused(400, BAD_ORDER) from None

"""An order as it arrives over HTTP: read, checked against what was signed, and turned into terms for the venue.

Everything here is about the order alone; whether the book, the balance and the clock allow it is the venue's business.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from pmm.eip712 import (
    UINT256_MAX,
    ZERO_ADDRESS,
    ZERO_BYTES32,
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
# 2**256 has 78 digits.
_DIGITS_MAX = 78
Body: TypeAlias = dict[str, object]

# By the number that is signed.
_SIDES = (Side.BUY, Side.SELL)
_NUMBERS = {side.value: number for number, side in enumerate(_SIDES)}
_KINDS = tuple(SignatureType)
_KIND_MAX = len(_KINDS) - 1
_TIFS = {tif.value: tif for tif in TimeInForce}


class Ticket(NamedTuple):
    """An order of well-formed fields, nothing of it proven yet."""

    fields: SignedFields
    kind: SignatureType
    token_id: str
    signature: bytes
    generation: Generation
    owner: str
    tif: TimeInForce
    post_only: bool

    @property
    def side(self) -> Side:
        return _SIDES[self.fields.side]


def read_ticket(body: object) -> Ticket:
    """Read one order of a request.  Raises Refused for everything that has not the documented shape."""
    try:
        if isinstance(body, dict) and isinstance(body["order"], dict):
            return _ticket(body, body["order"])
    except (KeyError, TypeError, ValueError):  # a field is missing, of another type, or not of its form
        raise Refused(400, BAD_ORDER) from None
    raise Refused(400, BAD_ORDER)


def _ticket(body: Body, order: Body) -> Ticket:
    token, token_id, generation = _token(order["tokenId"])
    kind = _KINDS[_integer(order["signatureType"], _KIND_MAX)]
    legacy = "feeRateBps" in order or "nonce" in order
    fields = SignedFields(
        _integer(order["salt"], _SALT_MAX),
        _address(order["maker"]),
        _address(order["signer"]),
        token,
        _amount(order["makerAmount"]),
        _amount(order["takerAmount"]),
        _NUMBERS[order["side"]],  # type: ignore[index]  # what is no text is no key
        kind,
        0 if legacy else _uint(order["timestamp"]),
        ZERO_BYTES32 if legacy else _bytes32(order["metadata"]),
        ZERO_BYTES32 if legacy else _bytes32(order["builder"]),
        _address(order["taker"]) if legacy else ZERO_ADDRESS,
        _amount(order.get("expiration", "0")),
        _uint(order["nonce"]) if legacy else 0,
        _uint(order["feeRateBps"]) if legacy else 0,
    )
    return Ticket(
        fields,
        kind,
        token_id,
        _bytes(order["signature"]),
        Generation.V1 if legacy else generation,
        _text(body["owner"]),
        _TIFS[str(body.get("orderType", "GTC"))],
        _flag(body.get("postOnly", False)),
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


# --- one field each: ValueError or TypeError for what has not its form ----------------------------------------------


@lru_cache(maxsize=4096)
def _token(value: object) -> tuple[int, str, Generation]:
    """A token as it is signed and as it is written, and who trades it: orders name the same few again and again."""
    token = _uint(value)
    return token, str(token), generation_of(token)


@lru_cache(maxsize=4096)
def _address(value: object) -> str:
    """0x and 40 hex digits; in lower case."""
    if len(_bytes(value)) != 20:
        raise ValueError("not an address")
    return str(value).lower()


@lru_cache(maxsize=4096)
def _bytes32(value: object) -> bytes:
    data = _bytes(value)
    if len(data) != 32:
        raise ValueError("not 32 bytes")
    return data


def _bytes(value: object) -> bytes:
    """0x and some pairs of hex digits."""
    text = _text(value)
    data = bytes.fromhex(text[2:])
    # Blanks between the digits would be skipped.
    if not data or not text.startswith("0x") or len(text) != 2 + 2 * len(data):
        raise ValueError("not hex digits alone")
    return data


def _uint(value: object) -> int:
    """Every amount and id is a decimal string at the venue."""
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > _DIGITS_MAX:
        raise ValueError("not a uint256")
    if (number := int(value)) > UINT256_MAX:
        raise ValueError("not a uint256")
    return number


# Prices and sizes come again and again, and nearly every order ends never.
_amount = lru_cache(maxsize=4096)(_uint)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _integer(value: object, limit: int) -> int:
    """A JSON number from 0 to `limit`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise ValueError("not such a number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value

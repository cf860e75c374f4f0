"""An order as it arrives over HTTP: read, checked against what was signed, and turned into terms for the venue.

Everything here is about the order alone; whether the book, the balance and the clock allow it is the venue's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple, TypeAlias

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

_ADDRESS = "(0x[0-9a-fA-F]{40})"
_NUMBER = "([0-9]{1,78})"
_BYTES32 = "0x([0-9a-fA-F]{64})"
_BYTES = "0x((?:[0-9a-fA-F]{2})+)"
_SIDES = {"BUY": 0, "SELL": 1}
_TIFS = {tif.value: tif for tif in TimeInForce}


class _Texts:
    """Fields that are texts, by name and form.  All of them are held against their forms at once, as one line."""

    def __init__(self, **forms: str) -> None:
        self._values = itemgetter(*forms)
        # No form takes a blank, so none can reach into the field of another.
        self._line = re.compile(" ".join(forms.values()), re.ASCII)

    def read(self, order: Body) -> Sequence[str]:
        """The parts in brackets.  Raises Refused."""
        try:
            found = self._line.fullmatch(" ".join(self._values(order)))
        except (KeyError, TypeError):
            found = None
        if found is None:
            raise Refused(400, BAD_ORDER)
        return found.groups()


_COMMON = {
    "maker": _ADDRESS,
    "signer": _ADDRESS,
    "tokenId": _NUMBER,
    "makerAmount": _NUMBER,
    "takerAmount": _NUMBER,
    "side": "(BUY|SELL)",
    "signature": _BYTES,
}
_LEGACY = _Texts(**_COMMON, taker=_ADDRESS, nonce=_NUMBER, feeRateBps=_NUMBER)
_PRESENT = _Texts(**_COMMON, timestamp=_NUMBER, metadata=_BYTES32, builder=_BYTES32)
_EXPIRATION = re.compile(_NUMBER, re.ASCII)


class Ticket(NamedTuple):
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
    maker, signer, token_id, making, taking, side, signature, *own = (_LEGACY if legacy else _PRESENT).read(order)
    common = (
        _integer(order, "salt", _SALT_MAX),
        maker.lower(),
        signer.lower(),
        _uint(token_id),
        _uint(making),
        _uint(taking),
        _SIDES[side],
        _integer(order, "signatureType", SignatureType.POLY_1271),
    )
    expiration = _expiration(order)
    if legacy:
        taker, nonce, rate = own
        fields = SignedFields(
            *common, taker=taker.lower(), expiration=expiration, nonce=_uint(nonce), fee_rate_bps=_uint(rate)
        )
    else:
        timestamp, metadata, builder = own
        fields = SignedFields(
            *common,
            timestamp=_uint(timestamp),
            metadata=bytes.fromhex(metadata),
            builder=bytes.fromhex(builder),
            expiration=expiration,
        )
    return Ticket(
        fields,
        bytes.fromhex(signature),
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


def _expiration(order: Body) -> int:
    value = order.get("expiration", "0")
    if not isinstance(value, str) or not _EXPIRATION.fullmatch(value):
        raise Refused(400, BAD_ORDER)
    return _uint(value)


def _text(body: Body, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise Refused(400, BAD_ORDER)
    return value


def _uint(digits: str) -> int:
    """Every amount and id is a decimal string at the venue."""
    value = int(digits)
    if value > UINT256_MAX:
        raise Refused(400, BAD_ORDER)
    return value


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
    found = _TIFS.get(str(body.get("orderType", "GTC")))
    if found is None:
        raise Refused(400, BAD_ORDER)
    return found

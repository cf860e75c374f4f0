"""The only place that holds the private key: it takes typed orders, checks them again, and signs nothing else.

The id of an order is its hash, so it is known here before anything is sent.  Domains, type hashes and the words of
addresses are made once; for an order only its salt, amounts, expiry, time and signature are new.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, NoReturn

import orjson
from coincurve import PrivateKey

from pmm.commands import Place
from pmm.eip712 import (
    ORDER_TYPE_HASH,
    POLYGON,
    UINT256_MAX,
    ZERO_BYTES32,
    Generation,
    SignatureType,
    address_of,
    address_word,
    auth_digest,
    checksummed,
    digest,
    exchange_domain,
    generation_of,
    keccak256,
    sign,
    uint_word,
    wallet_digest,
    wrap,
)
from pmm.errors import Exit, LocalError
from pmm.model import (
    GRID,
    MILLISECOND,
    SECOND,
    TICKS,
    Market,
    Money,
    Nanos,
    Side,
    Size,
    TimeInForce,
    TokenId,
    money_text,
    notional,
    price_text,
    size_text,
)

# Sizes of limit orders have at most two decimals (protocol reference, section 4.2).
SIZE_STEP: Size = 10_000
# The venue drops a GTD order a minute before what it says, and takes none that says less than three minutes
# (protocol reference, section 4.1); five seconds more are for the way there.
GTD_EARLY: Nanos = 60 * SECOND
GTD_AHEAD: Nanos = 185 * SECOND
# Salts travel as JSON numbers, which many readers hold as doubles.
SALT_MAX = (1 << 53) - 1
KEY_BYTES = 32
# 2**256 has 78 digits.
TOKEN_DIGITS_MAX = 78
# Two tokens, two sides and two times in force for a thousand markets; when it is full it starts anew.
FORMS_MAX = 8_192

_ZERO_TEXT = '"' + "0x" + ZERO_BYTES32.hex() + '"'


class SignerRefused(LocalError):
    """The signer will not sign: the key is none, or the order breaks a hard cap or a rule of its market."""

    code = "PMM-E601"
    exit = Exit.REFUSED
    hint = "Nothing was sent."


@dataclass(frozen=True, slots=True)
class Caps:
    """Hard limits, checked here once more: the notional of one order, and how long a GTD order may live."""

    order: Money
    life_max: Nanos


class SignedOrder(NamedTuple):
    """An order as it is sent: `venue_id` is the id that the venue will give it, `body` the exact bytes to POST."""

    venue_id: str
    body: bytes
    generation: Generation


class _Form(NamedTuple):
    """What all orders of one token, side and time in force have in common; `body` is a %-template of text."""

    domain: bytes
    generation: Generation
    who: bytes
    how: bytes
    body: str


class Signer:
    """Signs for one wallet: `address` is the key's own, `maker` the wallet that holds the funds.

    Nothing that shows an object shows the key: no repr, format, pickle, copy or error.  `close` forgets it.
    """

    __slots__ = ("_forms", "_key", "address", "caps", "chain_id", "maker", "signature_type")

    def __init__(
        self,
        key: bytes,
        *,
        funder: str | None,
        signature_type: SignatureType,
        caps: Caps,
        chain_id: int = POLYGON,
    ) -> None:
        """`funder` may be None for an EOA only.  Raises SignerRefused for what is no key, wallet or known chain."""
        private = _private_key(key)
        del key  # a traceback shows the locals of its frames
        self.address = "" if private is None else checksummed(address_of(private.public_key))
        if private is None:
            raise SignerRefused("the private key is not one: it has 32 bytes and is below the order of the curve")
        if chain_id != POLYGON:
            raise SignerRefused(f"chain {chain_id} is not known: the venue's contracts are on {POLYGON}")
        self._key: PrivateKey | None = private
        self._forms: dict[tuple[str, Side, TimeInForce, bool, bool, str], _Form] = {}
        self.signature_type = SignatureType(signature_type)
        self.maker = self._maker(funder)
        self.caps = caps
        self.chain_id = chain_id

    def order(self, place: Place, market: Market, at: Nanos, salt: int, owner: str) -> SignedOrder:
        """Check and sign; `owner` is the API key.  Raises SignerRefused with the reason; then nothing was signed."""
        money = self.check(place, market, at, salt)
        form = self._form(place, market, owner)
        made, taken = (money, place.size) if place.side is Side.BUY else (place.size, money)
        stamp = at // MILLISECOND
        contents = keccak256(
            b"".join(
                (
                    ORDER_TYPE_HASH,
                    uint_word(salt),
                    form.who,
                    uint_word(made),
                    uint_word(taken),
                    form.how,
                    uint_word(stamp),
                    ZERO_BYTES32,
                    ZERO_BYTES32,
                )
            )
        )
        order_id = digest(form.domain, contents)
        signature = self._signature(order_id, form.domain, contents)
        body = form.body % (salt, made, taken, wire_expiry(place), stamp, signature.hex())
        return SignedOrder("0x" + order_id.hex(), body.encode(), form.generation)

    def check(self, place: Place, market: Market, at: Nanos, salt: int) -> Money:
        """What the order is worth in micro-USD, exactly, if it may be signed.  Raises SignerRefused."""
        _check_terms(place, market)
        money = notional(place.price, place.size)
        if money > self.caps.order:
            raise SignerRefused(f"{money_text(money)} USD is more than one order may be: {money_text(self.caps.order)}")
        if not 0 < salt <= SALT_MAX:
            raise SignerRefused("a salt is a positive number below 2**53")
        self._check_expiry(place, at)
        return money

    def l1_headers(self, at: Nanos, nonce: int = 0) -> dict[str, str]:
        """The headers with which a wallet asks for API credentials.  Raises SignerRefused when it is closed."""
        stamp = str(at // SECOND)
        return {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": "0x" + self._sign(auth_digest(self.address, stamp, nonce, self.chain_id)).hex(),
            "POLY_TIMESTAMP": stamp,
            "POLY_NONCE": str(nonce),
        }

    def close(self) -> None:
        """Forget the key; whatever is asked afterwards is refused."""
        self._key = None

    def __repr__(self) -> str:
        return f"<Signer of {self.address}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signer can neither be copied nor stored")

    # --- the key ------------------------------------------------------------------------------------------------

    def _sign(self, message: bytes) -> bytes:
        if self._key is None:
            raise SignerRefused("the signer is closed")
        return sign(message, self._key)

    def _signature(self, order_id: bytes, domain: bytes, contents: bytes) -> bytes:
        if self.signature_type is not SignatureType.POLY_1271:
            return self._sign(order_id)
        return wrap(self._sign(wallet_digest(domain, contents, self.maker, self.chain_id)), domain, contents)

    # --- what is made once --------------------------------------------------------------------------------------

    def _maker(self, funder: str | None) -> str:
        if self.signature_type is SignatureType.EOA:
            if funder is not None and funder.lower() != self.address.lower():
                raise SignerRefused(f"an EOA is its own funder: {self.address}, and another one is given")
            return self.address
        if funder is None:
            raise SignerRefused(f"a wallet of type {self.signature_type.name} needs the address of its funder")
        try:
            address_word(funder)
        except ValueError:
            # Not repeated: somebody may have put the key there.
            raise SignerRefused("the funder is no address") from None
        return checksummed(funder)

    def _form(self, place: Place, market: Market, owner: str) -> _Form:
        key = (place.token, place.side, place.tif, place.post_only, market.neg_risk, owner)
        form = self._forms.get(key)
        if form is None:
            if len(self._forms) >= FORMS_MAX:
                self._forms.clear()
            form = self._forms[key] = self._new_form(place, market, owner)
        return form

    def _new_form(self, place: Place, market: Market, owner: str) -> _Form:
        token = int(place.token)
        generation = generation_of(token)
        signer = self.maker if self.signature_type is SignatureType.POLY_1271 else self.address
        return _Form(
            exchange_domain(generation, neg_risk=market.neg_risk, chain_id=self.chain_id),
            generation,
            address_word(self.maker) + address_word(signer) + uint_word(token),
            uint_word(int(place.side is Side.SELL)) + uint_word(self.signature_type),
            _template(place, self.maker, signer, self.signature_type, owner),
        )

    # --- what may be signed -------------------------------------------------------------------------------------

    def _check_expiry(self, place: Place, at: Nanos) -> None:
        if place.tif is TimeInForce.GTC:
            if place.expires_at is not None:
                raise SignerRefused("a GTC order has no expiry")
            return
        if place.tif is not TimeInForce.GTD:
            raise SignerRefused(f"{place.tif} orders are not signed here: quotes rest")
        if place.expires_at is None:
            raise SignerRefused("a GTD order needs an expiry")
        if wire_expiry(place) * SECOND < at + GTD_AHEAD:
            raise SignerRefused("the expiry is too near: the venue takes no GTD order that ends so soon")
        if place.expires_at > at + self.caps.life_max:
            raise SignerRefused("the expiry is later than the longest life of an order")


def wire_expiry(place: Place) -> int:
    """The expiry as it is sent, in unix s: later than it is meant, because the venue is early; 0 for none."""
    return 0 if place.expires_at is None else (place.expires_at + GTD_EARLY) // SECOND


def _check_terms(place: Place, market: Market) -> None:
    """Raises SignerRefused for what the order's market does not allow."""
    if place.market != market.condition_id or not _has(market, place.token):
        raise SignerRefused("the token is not one of the market")
    if not _is_traded_by(place.token, market.version):
        raise SignerRefused(f"the token is not of the kind that a market of version {market.version} trades")
    tick = market.tick
    if tick not in TICKS or place.price % tick or not tick <= place.price <= GRID - tick:
        raise SignerRefused(f"price {price_text(place.price)} is not on the tick {price_text(tick)} of its market")
    if place.size <= 0 or place.size % SIZE_STEP:
        raise SignerRefused(f"size {size_text(place.size)} has more than two decimals, or is none")
    if place.size < market.min_size:
        raise SignerRefused(f"size {size_text(place.size)} is below the least of its market")


def _has(market: Market, token_id: TokenId) -> bool:
    for token in market.tokens:  # noqa: SIM110  # a generator costs more than the rest of the check
        if token.token_id == token_id:
            return True
    return False


@lru_cache(maxsize=FORMS_MAX)
def _is_traded_by(token: TokenId, version: str) -> bool:
    if not (token.isascii() and token.isdecimal() and len(token) <= TOKEN_DIGITS_MAX and int(token) <= UINT256_MAX):
        return False
    return (generation_of(int(token)) is Generation.V3) is (version == "v2")


def _template(place: Place, maker: str, signer: str, kind: SignatureType, owner: str) -> str:
    """The request in the venue's words, with gaps for salt, amounts, expiry, time and signature."""
    name = orjson.dumps(owner).decode().replace("%", "%%")
    return (
        f'{{"order":{{"salt":%d,"maker":"{maker}","signer":"{signer}","tokenId":"{place.token}",'
        f'"makerAmount":"%d","takerAmount":"%d","side":"{place.side}","expiration":"%d","signatureType":{int(kind)},'
        f'"timestamp":"%d","metadata":{_ZERO_TEXT},"builder":{_ZERO_TEXT},"signature":"0x%s"}},'
        f'"owner":{name},"orderType":"{place.tif}","deferExec":false,"postOnly":{str(place.post_only).lower()}}}'
    )


def _private_key(key: bytes) -> PrivateKey | None:
    """None for what is no key; the library's own errors are dropped together with their frames."""
    if not isinstance(key, bytes) or len(key) != KEY_BYTES:
        return None
    try:
        return PrivateKey(key)
    except ValueError:
        return None

"""Orders of the first exchange contract, for whoever tests against a local exchange that still takes them.

The venue itself has refused them since April 2026, so this signer works for addresses on this machine only.  The order
is built by `py-clob-client` (extra `clob-v1`), which gets a signature from here and never the key.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib import import_module
from types import ModuleType

import orjson

from pmm.commands import Place
from pmm.eip712 import EXCHANGES, POLYGON, Generation, SignatureType
from pmm.model import Market, Nanos, Side
from pmm.venues.polymarket.private import is_loopback
from pmm.venues.polymarket.signer import Caps, SignedOrder, Signer, SignerRefused, wire_expiry

# It came with fees in the order; makers pay none.
FEE_RATE_BPS = "0"


class LegacySigner(Signer):
    """A `Signer` whose orders are of the first generation."""

    __slots__ = ()

    def __init__(
        self,
        key: bytes,
        *,
        clob_url: str,
        funder: str | None,
        signature_type: SignatureType,
        caps: Caps,
        chain_id: int = POLYGON,
    ) -> None:
        """Raises SignerRefused unless `clob_url` is on this machine and the extra `clob-v1` is installed."""
        try:
            super().__init__(key, funder=funder, signature_type=signature_type, caps=caps, chain_id=chain_id)
        finally:
            del key  # a traceback shows the locals of its frames
        if not is_loopback(clob_url):
            raise SignerRefused("orders of the first exchange are signed for this machine only, never for the venue")
        if signature_type is SignatureType.POLY_1271:
            raise SignerRefused("the first exchange knows no wallets of type POLY_1271")
        _builders()

    def order(self, place: Place, market: Market, at: Nanos, salt: int, owner: str) -> SignedOrder:
        """Check and sign, as `Signer.order` does."""
        money = self.check(place, market, at, salt)
        made, taken = (money, place.size) if place.side is Side.BUY else (place.size, money)
        library, pen = _builders(), _Pen(self)
        data = library.OrderData(
            maker=self.maker,
            signer=self.address,
            tokenId=place.token,
            makerAmount=str(made),
            takerAmount=str(taken),
            side=int(place.side is Side.SELL),
            feeRateBps=FEE_RATE_BPS,
            expiration=str(wire_expiry(place)),
            signatureType=int(self.signature_type),
        )
        exchange = EXCHANGES[Generation.V1][market.neg_risk]
        builder = library.UtilsOrderBuilder(exchange, self.chain_id, pen, salt_generator=lambda: salt)
        signed = builder.build_signed_order(data)
        request = {"order": signed.dict(), "owner": owner, "orderType": place.tif, "postOnly": place.post_only}
        return SignedOrder(pen.message, orjson.dumps(request), Generation.V1)


class _Pen:
    """What the library takes for a signer: it sees digests and signatures."""

    def __init__(self, signer: LegacySigner) -> None:
        self.message = ""
        self._signer = signer

    def address(self) -> str:
        return self._signer.address

    def sign(self, message: str) -> str:
        self.message = message
        return self._signer._sign(bytes.fromhex(message[2:])).hex()  # noqa: SLF001  # the pen belongs to the signer


@lru_cache(maxsize=1)
def _builders() -> ModuleType:
    """The library's classes, loaded when they are first needed.  Raises SignerRefused."""
    # A package below it (py_ecc) raises the recursion limit so far that deep JSON would end the process.
    limit = sys.getrecursionlimit()
    try:
        return import_module("py_clob_client.order_builder.builder")
    except ImportError:
        raise SignerRefused(
            "orders of the first exchange need the extra `clob-v1`",
            hint="Install it with `pip install 'polymarket-pmm[clob-v1]'`.",
        ) from None
    finally:
        sys.setrecursionlimit(limit)

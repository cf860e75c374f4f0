"""Somebody with a wallet who trades at a local exchange over HTTP, and can be wrong in every way."""

from __future__ import annotations

import time
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from coincurve import PrivateKey

from pmm.eip712 import (
    ZERO_ADDRESS,
    Generation,
    SignatureType,
    SignedFields,
    address_of,
    auth_digest,
    checksummed,
    digest,
    exchange_domain,
    generation_of,
    order_struct_hash,
    sign,
    wallet_digest,
    wrap,
)
from pmm.exchange.keys import Key
from pmm.model import GRID, Market, parse_price, parse_size


@dataclass
class Trader:
    """`key` is made from a number; call `enroll` before anything that needs credentials."""

    http: aiohttp.ClientSession
    url: str
    key: PrivateKey
    creds: Key | None = None
    salt: int = 0

    @property
    def address(self) -> str:
        return address_of(self.key.public_key)

    # --- credentials ----------------------------------------------------------------------------------------------

    def wallet_headers(self, nonce: int = 0, timestamp: str | None = None) -> dict[str, str]:
        stamp = timestamp or str(int(time.time()))
        return {
            "POLY_ADDRESS": checksummed(self.address),
            "POLY_SIGNATURE": "0x" + sign(auth_digest(self.address, stamp, nonce), self.key).hex(),
            "POLY_TIMESTAMP": stamp,
            "POLY_NONCE": str(nonce),
        }

    async def enroll(self) -> Trader:
        """Get a key from the exchange."""
        async with self.http.post(self.url + "/auth/api-key", headers=self.wallet_headers()) as response:
            made = await response.json()
        self.creds = Key(made["apiKey"], made["secret"], made["passphrase"], self.address, 0)
        return self

    def headers(self, method: str, path: str, body: bytes = b"", timestamp: str = "1790000000") -> dict[str, str]:
        assert self.creds is not None
        return {
            "POLY_ADDRESS": checksummed(self.address),
            "POLY_API_KEY": self.creds.api_key,
            "POLY_PASSPHRASE": self.creds.passphrase,
            "POLY_TIMESTAMP": timestamp,
            "POLY_SIGNATURE": self.creds.signature(timestamp, method, path, body),
        }

    async def ask(
        self, method: str, path: str, body: object = None, *, query: str = "", status: int = 200, **headers: str
    ) -> Any:
        """A signed request; the answer, which must have `status`."""
        answered, told, _ = await self.ask_all(method, path, body, query=query, **headers)
        assert answered == status, told
        return told

    async def ask_all(
        self, method: str, path: str, body: object = None, *, query: str = "", **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, answer and headers of a signed request."""
        data = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        signed = {**self.headers(method, path, data), **headers}
        sent = BytesIO(data) if data else None
        async with self.http.request(method, self.url + path + query, data=sent, headers=signed) as response:
            return response.status, await response.json(), dict(response.headers)

    # --- orders ---------------------------------------------------------------------------------------------------

    def fields(self, market: Market, side: str, price: str, size: str, token: str | None = None) -> SignedFields:
        """The signed part of an order at a price and a size; every order has a salt of its own."""
        self.salt += 1
        shares = parse_size(size)
        money = parse_price(price) * shares // GRID
        maker, taker = (money, shares) if side == "BUY" else (shares, money)
        number = int(token or market.yes)
        return SignedFields(
            self.salt, self.address, self.address, number, maker, taker, int(side == "SELL"), 0, 1_790_000_000_000
        )

    def body(
        self,
        market: Market,
        side: str = "BUY",
        price: str = "0.40",
        size: str = "10",
        *,
        token: str | None = None,
        generation: Generation | None = None,
        neg_risk: bool | None = None,
        changed: dict[str, Any] | None = None,
        wallet: str | None = None,
        kind: SignatureType = SignatureType.EOA,
        **envelope: object,
    ) -> dict[str, Any]:
        """The body of POST /order.  `changed` fields are signed; `generation` and `neg_risk` choose the domain."""
        fields = self.fields(market, side, price, size, token)
        if wallet is not None:
            signer = wallet if kind is SignatureType.POLY_1271 else self.address
            fields = fields._replace(maker=wallet, signer=signer, signature_type=kind)
        fields = fields._replace(**(changed or {}))
        chosen = generation or generation_of(fields.token_id)
        domain = exchange_domain(chosen, neg_risk=market.neg_risk if neg_risk is None else neg_risk)
        contents = order_struct_hash(fields, chosen)
        if kind is SignatureType.POLY_1271:
            signature = wrap(sign(wallet_digest(domain, contents, fields.signer), self.key), domain, contents)
        else:
            signature = sign(digest(domain, contents), self.key)
        assert self.creds is not None
        order = _json(fields, chosen, signature)
        return {"order": order, "owner": self.creds.api_key, "orderType": "GTC", "postOnly": False, **envelope}

    def market_buy(self, market: Market, dollars: str, price: str, tif: str = "FAK") -> dict[str, Any]:
        """A BUY that spends `dollars` at up to `price`."""
        budget = parse_size(dollars)
        shares = budget * GRID // parse_price(price) // 100 * 100
        return self.body(market, changed={"maker_amount": budget, "taker_amount": shares}, orderType=tif)

    def id_of(self, body: dict[str, Any], market: Market) -> str:
        """The id that an order of this exchange has: its hash."""
        order = body["order"]
        fields = SignedFields(
            order["salt"],
            order["maker"].lower(),
            order["signer"].lower(),
            int(order["tokenId"]),
            int(order["makerAmount"]),
            int(order["takerAmount"]),
            int(order["side"] == "SELL"),
            order["signatureType"],
            int(order["timestamp"]),
        )
        generation = generation_of(fields.token_id)
        domain = exchange_domain(generation, neg_risk=market.neg_risk)
        return "0x" + digest(domain, order_struct_hash(fields, generation)).hex()

    async def place(self, market: Market, side: str = "BUY", price: str = "0.40", size: str = "10", **more: Any) -> Any:
        """Post an order that the venue takes."""
        told = await self.ask("POST", "/order", self.body(market, side, price, size, **more))
        assert told["success"], told
        return told


def trader(http: aiohttp.ClientSession, url: str, number: int = 1) -> Trader:
    return Trader(http, url, PrivateKey(bytes([number]) * 32))


def _json(fields: SignedFields, generation: Generation, signature: bytes) -> dict[str, object]:
    common: dict[str, object] = {
        "salt": fields.salt,
        "maker": checksummed(fields.maker),
        "signer": checksummed(fields.signer),
        "tokenId": str(fields.token_id),
        "makerAmount": str(fields.maker_amount),
        "takerAmount": str(fields.taker_amount),
        "side": "SELL" if fields.side else "BUY",
        "expiration": str(fields.expiration),
        "signatureType": int(fields.signature_type),
        "signature": "0x" + signature.hex(),
    }
    if generation is Generation.V1:
        return {**common, "taker": ZERO_ADDRESS, "nonce": "0", "feeRateBps": "0"}
    return {
        **common,
        "timestamp": str(fields.timestamp),
        "metadata": "0x" + fields.metadata.hex(),
        "builder": "0x" + fields.builder.hex(),
    }

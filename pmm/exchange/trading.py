"""The endpoints that place and cancel orders (protocol reference, sections 3.4 to 3.6 and 3.11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import orjson
from aiohttp import web

from pmm.eip712 import SignatureType
from pmm.exchange.answers import BODY, NO_MARKET, SPOILED, Headers, Refused, answer
from pmm.exchange.auth import Auth
from pmm.exchange.clock import Clock
from pmm.exchange.keys import Key
from pmm.exchange.limits import TOO_MANY_REQUESTS, Limits
from pmm.exchange.tickets import BAD_ORDER, BAD_OWNER, BAD_SIGNER, Ticket, expires_at, prove, read_ticket
from pmm.exchange.wallets import Wallets
from pmm.model import Nanos, OrderId, money_text
from pmm.sim.amounts import decode
from pmm.sim.venue import Cancels, Placed, Refusal, Terms, Venue

ORDERS_MAX = 15
# The changelog and the API description say 1,000; a guide and one client say 3,000.
CANCELS_MAX = 1_000
BAD_ID = "Invalid orderID"
TOO_MANY_ORDERS = "Too many orders in payload: {}, max allowed: {}"
TOO_MANY_CANCELS = "Too many orders in payload, max allowed: {}"

_ORDER_ID = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)


class Trading:
    """The handlers.

    legacy_v1       orders signed for the first exchange are taken, too
    soft_refusals   a refused order is answered 200 with `success` false instead of 400 with `error`
    settle          sends what the venue has to tell: called after everything that changes it
    """

    def __init__(
        self, venue: Venue, clock: Clock, auth: Auth, wallets: Wallets, limits: Limits, settle: Callable[[], None]
    ) -> None:
        self.legacy_v1 = False
        self.soft_refusals = False
        self._venue = venue
        self._clock = clock
        self._auth = auth
        self._wallets = wallets
        self._limits = limits
        self._settle = settle

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/order", self._one),
            web.post("/orders", self._many),
            web.delete("/order", self._cancel),
            web.delete("/orders", self._cancel_many),
            web.delete("/cancel-all", self._cancel_all),
            web.delete("/cancel-market-orders", self._cancel_market),
        ]

    # --- placing --------------------------------------------------------------------------------------------------

    async def _one(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        body = _json(request[BODY], BAD_ORDER)
        at = self._clock.now()
        headers = self._spend(key, 1, at, cancels=False)
        result = self._attempt(key, body, at)
        if isinstance(result, Placed) and result.final_at is not None:
            result = await self._final(result.order_id, result.final_at)
        self._settle()
        if isinstance(result, Refusal) and not (self.soft_refusals and result.status == 400):
            raise _refused(result, headers)
        return answer(_outcome(result), headers=headers)

    async def _many(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        bodies = _json(request[BODY], BAD_ORDER)
        if not isinstance(bodies, list) or not bodies:
            raise Refused(400, BAD_ORDER)
        if len(bodies) > ORDERS_MAX:
            raise Refused(400, TOO_MANY_ORDERS.format(len(bodies), ORDERS_MAX))
        at = self._clock.now()
        headers = self._spend(key, len(bodies), at, cancels=False)
        # All go to the engine before the first is waited for, as the venue works on them side by side.
        spoiled = request.get(SPOILED, {})
        results = [
            Refusal(spoiled[number], 500) if number in spoiled else self._attempt(key, body, at)
            for number, body in enumerate(bodies)
        ]
        for number, result in enumerate(results):
            if isinstance(result, Placed) and result.final_at is not None:
                results[number] = await self._final(result.order_id, result.final_at)
        self._settle()
        shut = [result for result in results if isinstance(result, Refusal) and result.status in {425, 503}]
        if len(shut) == len(results) and shut[0].code is None:
            raise _refused(shut[0], headers)
        return answer([_outcome(result) for result in results], headers=headers)

    def _attempt(self, key: Key, body: object, at: Nanos) -> Placed | Refusal:
        try:
            terms = self._terms(key, read_ticket(body))
        except Refused as refused:
            return Refusal(refused.text, refused.status)
        if isinstance(terms, Refusal):
            return terms
        return self._venue.place(terms, at)

    def _terms(self, key: Key, ticket: Ticket) -> Terms | Refusal:
        """What the venue is asked for, once everything about the order alone is proven."""
        fields = ticket.fields
        kind, token, side = ticket.kind, ticket.token_id, ticket.side
        if ticket.owner != key.api_key:
            raise Refused(400, BAD_OWNER)
        if fields.signer != (fields.maker if kind is SignatureType.POLY_1271 else key.address):
            raise Refused(400, BAD_SIGNER)
        found = self._venue.wire(token)
        if found is None:
            raise Refused(404, NO_MARKET)
        market = found[0].market
        order_id = prove(ticket, market, key.address, legacy_v1=self.legacy_v1)
        expiry = expires_at(ticket)
        amounts = decode(order_id, side, fields.maker_amount, fields.taker_amount, ticket.tif, market.tick)
        if isinstance(amounts, Refusal):
            return amounts
        if not self._wallets.open(key.address, kind, fields.maker):
            raise Refused(400, BAD_SIGNER)
        return Terms(
            order_id,
            fields.maker,
            key.api_key,
            token,
            side,
            amounts.price,
            amounts.size,
            amounts.budget,
            ticket.tif,
            ticket.post_only,
            expiry,
        )

    async def _final(self, order_id: OrderId, at: Nanos) -> Placed | Refusal:
        """The answer once a delay that belongs to the call itself is over."""
        self._settle()
        await self._clock.reached(at)
        self._settle()
        return self._venue.outcome(order_id)

    # --- cancelling -----------------------------------------------------------------------------------------------

    async def _cancel(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        body = _json(request[BODY], BAD_ID)
        order_id = body.get("orderID") if isinstance(body, dict) else None
        return self._cancel_ids(key, [order_id])

    async def _cancel_many(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        body = _json(request[BODY], BAD_ID)
        if not isinstance(body, list):
            raise Refused(400, BAD_ID)
        if len(body) > CANCELS_MAX:
            raise Refused(400, TOO_MANY_CANCELS.format(CANCELS_MAX))
        return self._cancel_ids(key, body)

    def _cancel_ids(self, key: Key, ids: Sequence[object]) -> web.Response:
        names = [name for name in ids if isinstance(name, str) and _ORDER_ID.fullmatch(name)]
        if len(names) != len(ids):
            raise Refused(400, BAD_ID)
        at = self._clock.now()
        headers = self._spend(key, max(1, len(names)), at, cancels=True)
        own = set(self._wallets.of(key.address))
        by_wallet: dict[str, list[str]] = {}
        for name in dict.fromkeys(name.lower() for name in names):
            order = self._venue.order(name)
            wallet = order.account if order is not None and order.account in own else key.address
            by_wallet.setdefault(wallet, []).append(name)
        return self._canceled([self._venue.cancel(wallet, group, at) for wallet, group in by_wallet.items()], headers)

    async def _cancel_all(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        at = self._clock.now()
        headers = self._spend(key, 1, at, cancels=True)
        results = [self._venue.cancel_all(wallet, at) for wallet in self._wallets.of(key.address)]
        self._charge(key, results, at)
        return self._canceled(results, headers)

    async def _cancel_market(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        body = _json(request[BODY] or b"{}", BAD_ORDER)
        if not isinstance(body, dict):
            raise Refused(400, BAD_ORDER)
        market, token = body.get("market") or None, body.get("asset_id") or None
        if not all(isinstance(name, (str, type(None))) for name in (market, token)):
            raise Refused(400, BAD_ORDER)
        at = self._clock.now()
        headers = self._spend(key, 1, at, cancels=True)
        results = [self._venue.cancel_market(wallet, market, token, at) for wallet in self._wallets.of(key.address)]
        self._charge(key, results, at)
        return self._canceled(results, headers)

    def _canceled(self, results: Iterable[Cancels | Refusal], headers: Headers) -> web.Response:
        self._settle()
        canceled: list[str] = []
        refused: dict[str, str] = {}
        for result in results:
            if isinstance(result, Refusal):
                raise _refused(result, headers)
            canceled += result.canceled
            refused |= result.not_canceled
        return answer({"canceled": canceled, "not_canceled": refused}, headers=headers)

    # --- limits ---------------------------------------------------------------------------------------------------

    def _spend(self, key: Key, cost: int, at: Nanos, *, cancels: bool) -> Headers:
        """The headers about the bucket of the key's wallet.  Raises Refused when it is exhausted."""
        verdict = self._limits.spend(key.address, cost, at, cancels=cancels)
        if not verdict.allowed:
            raise Refused(429, TOO_MANY_REQUESTS, headers=verdict.headers)
        return verdict.headers

    def _charge(self, key: Key, results: Iterable[Cancels | Refusal], at: Nanos) -> None:
        gone = sum(len(result.canceled) for result in results if isinstance(result, Cancels))
        self._limits.charge(key.address, gone, at)


def _json(body: bytes, text: str) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, text) from None


def _outcome(result: Placed | Refusal) -> dict[str, object]:
    """An order answer with every key that some official client demands (protocol reference, section 10.4)."""
    if isinstance(result, Refusal):
        return {
            "success": False,
            "errorMsg": result.text,
            "orderID": "",
            "status": "",
            "makingAmount": "",
            "takingAmount": "",
        }
    resting = result.status == "live" and not result.trade_ids
    told: dict[str, object] = {
        "success": True,
        "errorMsg": "",
        "orderID": result.order_id,
        "status": result.status,
        "makingAmount": "" if resting else money_text(result.making),
        "takingAmount": "" if resting else money_text(result.taking),
    }
    if result.trade_ids:
        told["tradeIDs"] = list(result.trade_ids)
    return told


def _refused(refusal: Refusal, headers: Headers) -> Refused:
    more: dict[str, object] = {}
    if refusal.code is not None:
        more["code"] = refusal.code
    if refusal.retry_after is not None:
        more["retry_after_seconds"] = refusal.retry_after
        headers = (*headers, ("Retry-After", str(refusal.retry_after)))
    return Refused(refusal.status, refusal.text, headers=headers, **more)

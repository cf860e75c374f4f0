"""Balances, heartbeats, notifications and limits of an account (protocol reference, sections 3.8 and 3.9)."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from aiohttp import web

from pmm.eip712 import EXCHANGES, NEG_RISK_ADAPTER, Generation, SignatureType, checksummed
from pmm.exchange.answers import BAD_PAYLOAD, BODY, Refused, answer, token_id
from pmm.exchange.auth import Auth
from pmm.exchange.clock import Clock
from pmm.exchange.keys import Key
from pmm.exchange.limits import Limits
from pmm.exchange.notice_papers import notice_paper
from pmm.exchange.wallets import Wallets
from pmm.sim.venue import COLLATERAL, Venue

BAD_ASSET_TYPE = "Invalid asset type"
BAD_SIGNATURE_TYPE = "Invalid signature_type"
BAD_HEARTBEAT = "Invalid Heartbeat ID"
# What wallets approve when they approve everything.
UNLIMITED = 2**256 - 1
ASSET_TYPES = {"COLLATERAL", "CONDITIONAL", "CONDITIONAL-V2"}


class AccountDesk:
    """The handlers.  `wrong_heartbeats` is a fault: so many of the next beats are refused though they were right."""

    def __init__(
        self, venue: Venue, clock: Clock, auth: Auth, wallets: Wallets, limits: Limits, settle: Callable[[], None]
    ) -> None:
        self._venue = venue
        self._clock = clock
        self._auth = auth
        self._wallets = wallets
        self._limits = limits
        self._settle = settle
        self._beats: dict[str, str] = {}
        self.wrong_heartbeats = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/balance-allowance", self._balance),
            web.put("/balance-allowance", self._balance),
            web.get("/balance-allowance/update", self._balance),
            web.post("/v1/heartbeats", self._heartbeat),
            web.post("/heartbeats", self._heartbeat_legacy),
            web.get("/notifications", self._notifications),
            web.delete("/notifications", self._drop_notifications),
            web.get("/v1/user/rate-limit-tier", self._tier),
        ]

    async def _balance(self, request: web.Request) -> web.Response:
        wallet = self._wallet(await self._auth.key(request), request)
        kind = request.query.get("asset_type", "")
        if kind not in ASSET_TYPES:
            raise Refused(400, BAD_ASSET_TYPE)
        asset = COLLATERAL if kind == COLLATERAL else token_id(request.query.get("token_id"))
        if wallet is None:
            return answer({"balance": "0", "allowances": {}})
        allowance = self._venue.allowance(wallet, asset)
        spenders = [*EXCHANGES[Generation.V2], EXCHANGES[Generation.V3][0], NEG_RISK_ADAPTER]
        allowed = str(UNLIMITED if allowance is None else allowance)
        return answer(
            {
                "balance": str(self._venue.balance(wallet, asset)),
                "allowances": {checksummed(spender): allowed for spender in spenders},
            }
        )

    async def _heartbeat(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        sent = _heartbeat_id(request[BODY])
        at = self._clock.now()
        beat = self._venue.heartbeat(key.address, sent, at)
        self._settle()
        if not beat.accepted or self.wrong_heartbeats > 0:
            self.wrong_heartbeats = max(0, self.wrong_heartbeats - 1)
            raise Refused(400, BAD_HEARTBEAT, error_msg=BAD_HEARTBEAT, heartbeat_id=beat.heartbeat_id)
        for wallet in self._wallets.of(key.address):
            if wallet != key.address:
                self._beats[wallet] = self._venue.heartbeat(wallet, self._beats.get(wallet), at).heartbeat_id
        return answer({"heartbeat_id": beat.heartbeat_id})

    async def _heartbeat_legacy(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        for wallet in self._wallets.of(key.address):
            self._venue.heartbeat_legacy(wallet, self._clock.now())
        self._settle()
        return answer({"status": "ok"})

    async def _notifications(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request)
        wallet = self._wallet(key, request)
        if wallet is None:
            return answer([])
        notices = self._venue.notifications(wallet)
        return answer([notice_paper(self._venue, one, wallet, key.api_key) for one in notices])

    async def _drop_notifications(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        ids = [one for one in request.query.get("ids", "").split(",") if one]
        if not all(one.isascii() and one.isdigit() and len(one) < 12 for one in ids):
            raise Refused(400, BAD_PAYLOAD)
        for wallet in self._wallets.of(key.address):
            self._venue.drop_notifications(wallet, [int(one) for one in ids])
        return answer("OK")

    async def _tier(self, request: web.Request) -> web.Response:
        await self._auth.key(request)
        return answer({"tier": self._limits.tier.name})

    def _wallet(self, key: Key, request: web.Request) -> str | None:
        """The wallet that the query's signature type names; None when the signer has none of that kind."""
        try:
            kind = SignatureType(int(request.query.get("signature_type", "0")))
        except ValueError:
            raise Refused(400, BAD_SIGNATURE_TYPE) from None
        return self._wallets.wallet(key.address, kind)


def _heartbeat_id(body: bytes) -> str | None:
    """The id that was sent; null and "" both mean a first beat.  Raises Refused."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, BAD_PAYLOAD) from None
    beat = sent.get("heartbeat_id") if isinstance(sent, dict) else 0
    if beat is not None and not isinstance(beat, str):
        raise Refused(400, BAD_PAYLOAD)
    return beat or None

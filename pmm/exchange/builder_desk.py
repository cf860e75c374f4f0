"""Keys by which a builder is told apart (protocol reference, section 2.3); they sign nothing but their own end."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

from aiohttp import web

from pmm.exchange.answers import Refused, answer
from pmm.exchange.auth import BAD_L2, Auth
from pmm.exchange.clock import Clock
from pmm.exchange.key_desk import NOT_CREATED
from pmm.exchange.keys import Key, KeyRing
from pmm.model import SECOND

PATH = "/auth/builder-api-key"
KEYS_OF_ONE_MAX = 100
_HEADERS = tuple(f"POLY_BUILDER_{name}" for name in ("API_KEY", "PASSPHRASE", "TIMESTAMP", "SIGNATURE"))


class BuilderDesk:
    """The handlers.  `seed` makes the keys, which are other ones than those for trading."""

    def __init__(self, auth: Auth, clock: Clock, seed: int = 0) -> None:
        self._auth = auth
        self._clock = clock
        self._keys = KeyRing(seed)
        self._created: dict[str, str] = {}
        self._made = 0

    def routes(self) -> list[web.RouteDef]:
        return [web.post(PATH, self._create), web.get(PATH, self._list), web.delete(PATH, self._revoke)]

    async def _create(self, request: web.Request) -> web.Response:
        address = (await self._auth.key(request, acts=True)).address
        # No wallet can choose a nonce below zero for a key of its own.
        self._made += 1
        made = self._keys.create(address, -self._made) if len(self._keys.of(address)) < KEYS_OF_ONE_MAX else None
        if made is None:
            raise Refused(400, NOT_CREATED)
        moment = datetime.fromtimestamp(self._clock.now() // SECOND, UTC)
        self._created[made.api_key] = moment.isoformat().replace("+00:00", "Z")
        return answer({"key": made.api_key, "secret": made.secret, "passphrase": made.passphrase})

    async def _list(self, request: web.Request) -> web.Response:
        address = (await self._auth.key(request)).address
        keys = [key.api_key for key in self._keys.of(address)]
        return answer([{"key": key, "createdAt": self._created[key]} for key in keys])

    async def _revoke(self, request: web.Request) -> web.Response:
        """The key that signed the request, or all of them where the key of an account signed it."""
        named = self._signed_by_builder(request)
        if named is None:
            address = (await self._auth.key(request, acts=True)).address
        for key in self._keys.of(address) if named is None else [named]:
            self._keys.delete(key.api_key)
            del self._created[key.api_key]
        return answer("OK")

    def _signed_by_builder(self, request: web.Request) -> Key | None:
        """The builder's key; None for a request without one.  Raises Refused for a wrong signature."""
        name, passphrase, timestamp, signature = (request.headers.get(header, "") for header in _HEADERS)
        if not name:
            return None
        key = self._keys.get(name)
        if key is None or not hmac.compare_digest(key.passphrase.encode(), passphrase.encode()):
            raise Refused(401, BAD_L2)
        true = key.signature(timestamp, request.method, request.rel_url.raw_path, b"")
        if not hmac.compare_digest(true.encode(), signature.encode()):
            raise Refused(401, BAD_L2)
        return key

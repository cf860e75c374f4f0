"""The endpoints around API keys (protocol reference, section 2.3)."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from pmm.eip712 import SignatureType
from pmm.exchange.answers import BODY, Refused, answer
from pmm.exchange.auth import Auth
from pmm.exchange.keys import Key
from pmm.exchange.wallets import Wallets

NOT_CREATED = "Could not create api key"
NOT_DERIVED = "Could not derive api key!"


class KeyDesk:
    """The handlers.  A signer's own address is opened as a wallet together with its first key."""

    def __init__(self, auth: Auth, wallets: Wallets, closed_only: Callable[[str], bool]) -> None:
        self._closed_only = closed_only
        self._auth = auth
        self._wallets = wallets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/api-key", self._create),
            web.get("/auth/derive-api-key", self._derive),
            web.get("/auth/api-keys", self._list),
            web.delete("/auth/api-key", self._delete),
            web.get("/auth/ban-status/closed-only", self._ban_status),
            web.post("/auth/readonly-api-key", self._create_readonly),
            web.get("/auth/readonly-api-keys", self._list_readonly),
            web.delete("/auth/readonly-api-key", self._delete_readonly),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        address, nonce = self._auth.wallet(request)
        key = self._auth.keys.create(address, nonce)
        if key is None:
            raise Refused(400, NOT_CREATED)
        self._wallets.open(address, SignatureType.EOA, address)
        return answer(_secrets(key))

    async def _derive(self, request: web.Request) -> web.Response:
        key = self._auth.keys.derive(*self._auth.wallet(request))
        if key is None:
            raise Refused(400, NOT_DERIVED)
        return answer(_secrets(key))

    async def _list(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request)
        return answer({"apiKeys": [one.api_key for one in self._auth.keys.of(key.address)]})

    async def _delete(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        self._auth.keys.delete(key.api_key)
        return answer("OK")

    async def _ban_status(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request)
        return answer({"closed_only": any(map(self._closed_only, self._wallets.of(key.address)))})

    async def _create_readonly(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        made = self._auth.keys.readonly(key.address)
        if made is None:
            raise Refused(400, NOT_CREATED)
        return answer(_secrets(made))

    async def _list_readonly(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request)
        return answer({"readonlyApiKeys": [one.api_key for one in self._auth.keys.of(key.address, readonly=True)]})

    async def _delete_readonly(self, request: web.Request) -> web.Response:
        key = await self._auth.key(request, acts=True)
        body = request[BODY].decode("utf-8", "replace")
        for one in self._auth.keys.of(key.address, readonly=True):
            if one.api_key in body:
                self._auth.keys.delete(one.api_key)
                return answer("OK")
        raise Refused(404, "not found")


def _secrets(key: Key) -> dict[str, str]:
    return {"apiKey": key.api_key, "secret": key.secret, "passphrase": key.passphrase}

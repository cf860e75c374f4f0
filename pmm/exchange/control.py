"""The control endpoint, on a port of its own: what a test does to the exchange, and what it wants to know about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Protocol

import orjson
from aiohttp import web

from pmm.exchange.answers import BAD_SIDE, NO_BOOK, Refused, answer, json_text, token_id
from pmm.exchange.clock import Clock
from pmm.exchange.log import RequestLog
from pmm.exchange.source import Source
from pmm.exchange.stream import Hub
from pmm.model import Side, TimeInForce, TokenId, parse_price, parse_size, size_text
from pmm.sim.matching import Outcome, Report
from pmm.sim.world import DemoWorld

Body = dict[str, object]


class Counts(Protocol):
    """Numbers about the whole exchange."""

    def __call__(self) -> dict[str, object]: ...


class Control:
    """The handlers.  `settle` sends what is due: before a test acts, and again so that it can see what it did."""

    def __init__(
        self, source: Source, clock: Clock, hub: Hub, log: RequestLog, counts: Counts, settle: Callable[[], None]
    ) -> None:
        self._source = source
        self._clock = clock
        self._hub = hub
        self._log = log
        self._counts = counts
        self._settle = settle
        self._orders = 0

    def routes(self) -> list[web.RouteDef]:
        posts: dict[str, Callable[[Body], Awaitable[object]]] = {
            "/orders": self._place,
            "/traders": self._traders,
            "/stream/drop": self._drop,
            "/stream/freeze": self._freeze,
            "/stream/accept": self._accept,
            "/stream/silent": self._silent,
            "/stream/inject": self._inject,
            "/stream/drop-next": self._lose,
        }
        return [
            web.get("/requests", self._requests),
            web.get("/stats", self._stats),
            web.get("/book", self._book),
            web.delete("/orders/{order_id}", self._cancel),
            web.delete("/orders", self._clear),
            *(web.post(path, _with_body(act)) for path, act in posts.items()),
        ]

    # --- reads ----------------------------------------------------------------------------------------------------

    async def _requests(self, _: web.Request) -> web.Response:
        rows = self._log.rows()
        return answer({"requests": rows, "authenticated": sum(bool(row["authenticated"]) for row in rows)})

    async def _stats(self, _: web.Request) -> web.Response:
        return answer({**self._counts(), **asdict(self._hub.stats), "clients": len(self._hub.clients)})

    async def _book(self, request: web.Request) -> web.Response:
        body = self._source.rest_book(token_id(request.query.get("token_id")))
        if body is None:
            raise Refused(404, NO_BOOK)
        return json_text(body)

    # --- the market -----------------------------------------------------------------------------------------------

    async def _place(self, body: Body) -> object:
        world = self._world()
        self._orders += 1
        report = world.submit(
            _text(body, "order_id", f"foreign-{self._orders}"),
            self._token(body),
            _side(body),
            _units(body, "price", parse_price),
            _units(body, "size", parse_size),
            tif=_tif(body),
            post_only=_flag(body, "post_only", default=False),
            owner=_text(body, "owner", "foreign"),
            at=self._clock.now(),
        )
        if report is None:
            raise Refused(404, NO_BOOK)
        self._settle()
        return _report(report)

    async def _cancel(self, request: web.Request) -> web.Response:
        report = self._world().cancel(request.match_info["order_id"], at=self._clock.now())
        self._settle()
        return answer(_report(report), status=200 if not report.reason else 404)

    async def _clear(self, request: web.Request) -> web.Response:
        count = self._world().clear(token_id(request.query.get("token_id")), at=self._clock.now())
        self._settle()
        return answer({"canceled": count})

    async def _traders(self, body: Body) -> object:
        on = _flag(body, "on")
        self._world().set_trading(on=on, at=self._clock.now())
        self._settle()
        return {"on": on}

    # --- the socket -----------------------------------------------------------------------------------------------

    async def _drop(self, body: Body) -> object:
        code = body.get("code", 1006)
        if not isinstance(code, int) or not 1000 <= code <= 4999:
            raise Refused(400, "code must be a close code from 1000 to 4999")
        return {"dropped": await self._hub.drop(code)}

    async def _freeze(self, body: Body) -> object:
        tokens = body.get("tokens")
        if tokens is not None and not (isinstance(tokens, list) and all(isinstance(one, str) for one in tokens)):
            raise Refused(400, "tokens must be a list of token ids, or null for all")
        faults = self._hub.faults
        if not _flag(body, "on"):
            thawed = frozenset(tokens) if tokens is not None else (faults.frozen or frozenset())
            faults.frozen = (faults.frozen or frozenset()) - thawed
        else:
            faults.frozen = None if tokens is None else (faults.frozen or frozenset()) | frozenset(tokens)
        return {"frozen": None if faults.frozen is None else sorted(faults.frozen)}

    async def _accept(self, body: Body) -> object:
        self._hub.faults.refuse = not _flag(body, "on")
        return {"on": not self._hub.faults.refuse}

    async def _silent(self, body: Body) -> object:
        self._hub.faults.silent = _flag(body, "on")
        return {"on": self._hub.faults.silent}

    async def _inject(self, body: Body) -> object:
        return {"clients": self._hub.inject(_text(body, "frame").encode())}

    async def _lose(self, body: Body) -> object:
        count = body.get("n", 1)
        if not isinstance(count, int) or count < 0:
            raise Refused(400, "n must be a number that is not negative")
        self._hub.faults.lose = count
        return {"n": count}

    # --- what bodies hold -----------------------------------------------------------------------------------------

    def _world(self) -> DemoWorld:
        if not isinstance(self._source, DemoWorld):
            raise Refused(409, "a recording is served: nobody can trade in it")
        self._settle()
        return self._source

    def _token(self, body: Body) -> TokenId:
        """The token by `token_id`, or by `market` (slug, the first market when absent) and `outcome` (YES or NO)."""
        if "token_id" in body:
            return token_id(_text(body, "token_id"))
        wanted = body.get("market")
        for listing in self._source.listings:
            if wanted in {None, listing.market.slug, listing.market.condition_id}:
                outcome = _text(body, "outcome", "YES").upper()
                if outcome not in Outcome.__members__:
                    raise Refused(400, "outcome must be YES or NO")
                return listing.market.tokens[Outcome[outcome]].token_id
        raise Refused(404, "market not found")


def _with_body(act: Callable[[Body], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        try:
            body = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError:
            raise Refused(400, "the body must be a JSON object") from None
        if not isinstance(body, dict):
            raise Refused(400, "the body must be a JSON object")
        return answer(await act(body))

    return handle


def _text(body: Body, key: str, default: str | None = None) -> str:
    value = body.get(key, default)
    if not isinstance(value, str):
        raise Refused(400, f"{key} must be a text")
    return value


def _flag(body: Body, key: str, *, default: bool | None = None) -> bool:
    value = body.get(key, default)
    if not isinstance(value, bool):
        raise Refused(400, f"{key} must be true or false")
    return value


def _units(body: Body, key: str, parse: Callable[[str], int]) -> int:
    """A decimal, as text or as a JSON number, in the units of the house."""
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Refused(400, f"{key} must be a decimal")
    try:
        return parse(str(value))
    except ValueError:
        raise Refused(400, f"{key} must be a decimal") from None


def _side(body: Body) -> Side:
    try:
        return Side(_text(body, "side").upper())
    except ValueError:
        raise Refused(400, BAD_SIDE) from None


def _tif(body: Body) -> TimeInForce:
    try:
        return TimeInForce(_text(body, "tif", "GTC").upper())
    except ValueError:
        raise Refused(400, "tif must be GTC, GTD, FOK or FAK") from None


def _report(report: Report) -> dict[str, object]:
    return {
        "order_id": report.order_id,
        "status": report.status.value,
        "reason": report.reason.value,
        "left": size_text(report.left),
        "filled": size_text(sum(fill.size for fill in report.fills)),
    }

"""The public reads of books and prices (protocol reference, sections 3.1 and 3.2), with the venue's error texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import orjson
from aiohttp import web

from pmm.exchange.answers import (
    BAD_PAYLOAD,
    BAD_SIDE,
    NO_BOOK,
    TOO_MANY,
    Handler,
    Refused,
    answer,
    json_text,
    number,
    token_id,
)
from pmm.exchange.clock import Clock
from pmm.exchange.prices import Found, last_trade, mid, spread, touch, two_sided
from pmm.exchange.source import Source
from pmm.model import SECOND, Side, TokenId

BATCH_MAX = 500

Asked: TypeAlias = list[tuple[TokenId, str | None]]


class Reads:
    """The handlers; they read the source and change nothing."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        single: dict[str, Callable[[Found], object]] = {
            "/midpoint": lambda found: {"mid": mid(found), "mid_price": mid(found)},
            "/spread": lambda found: {"spread": spread(found)},
            "/last-trade-price": last_trade,
            "/tick-size": lambda found: {"minimum_tick_size": number(found[0].market.tick)},
            "/neg-risk": lambda found: {"neg_risk": found[0].market.neg_risk},
            "/fee-rate": lambda _: {"base_fee": 0},
        }
        either: dict[str, Handler] = {
            "/books": self._books,
            "/prices": self._prices,
            "/midpoints": self._batch(mid),
            "/spreads": self._batch(spread),
        }
        return [
            web.get("/", _ok),
            web.get("/ok", _ok),
            web.get("/time", self._time),
            web.get("/version", _version),
            web.get("/book", self._book),
            web.get("/price", self._price),
            web.post("/last-trades-prices", self._last_trades),
            *(web.get(path, self._single(read)) for path, read in single.items()),
            *(route(path, handler) for path, handler in either.items() for route in (web.get, web.post)),
        ]

    async def _time(self, _: web.Request) -> web.Response:
        return answer(self._clock.shown() // SECOND)

    async def _book(self, request: web.Request) -> web.Response:
        body = self._source.rest_book(token_id(request.query.get("token_id")))
        if body is None:
            raise Refused(404, NO_BOOK)
        return json_text(body)

    async def _books(self, request: web.Request) -> web.Response:
        bodies = [self._source.rest_book(token) for token, _ in await _asked(request)]
        return json_text(f"[{','.join(body for body in bodies if body is not None)}]")

    async def _price(self, request: web.Request) -> web.Response:
        token = token_id(request.query.get("token_id"))
        side = _side(request.query.get("side"))
        return answer({"price": touch(self._find(token), side)})

    async def _prices(self, request: web.Request) -> web.Response:
        prices: dict[TokenId, dict[str, str]] = {}
        for token, side_text in await _asked(request):
            side = _side(side_text)
            found = self._source.wire(token)
            if found is not None:
                prices.setdefault(token, {})[side.value] = touch(found, side)
        return answer(prices)

    async def _last_trades(self, request: web.Request) -> web.Response:
        asked = [(token, self._source.wire(token)) for token, _ in await _asked(request)]
        return answer([{"token_id": token, **last_trade(found)} for token, found in asked if found is not None])

    def _single(self, read: Callable[[Found], object]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            return answer(read(self._find(token_id(request.query.get("token_id")))))

        return handle

    def _batch(self, read: Callable[[Found], str]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            asked = [(token, self._source.wire(token)) for token, _ in await _asked(request)]
            return answer({token: read(found) for token, found in asked if found is not None and two_sided(found)})

        return handle

    def _find(self, token: TokenId) -> Found:
        found = self._source.wire(token)
        if found is None:
            raise Refused(404, NO_BOOK)
        return found


async def _ok(_: web.Request) -> web.Response:
    return answer("OK")


async def _version(_: web.Request) -> web.Response:
    return answer({"version": 2})


async def _asked(request: web.Request) -> Asked:
    """The tokens, and sides where given, of a batch read: a JSON body, or comma lists in the query."""
    asked = _query_lists(request) if request.method == "GET" else list(_entries(await request.read()))
    if len(asked) > BATCH_MAX:
        raise Refused(400, TOO_MANY)
    return [(token_id(token), side) for token, side in asked]


def _query_lists(request: web.Request) -> Asked:
    """`token_ids=a,b&sides=BUY,SELL`; a single side holds for all tokens."""
    tokens = [token for token in request.query.get("token_ids", "").split(",") if token]
    sides: list[str | None] = [side or None for side in request.query.get("sides", "").split(",")]
    if len(sides) != len(tokens):
        sides = sides[:1] * len(tokens)
    return list(zip(tokens, sides, strict=True))


def _entries(body: bytes) -> Iterator[tuple[TokenId, str | None]]:
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, BAD_PAYLOAD) from None
    if not isinstance(entries, list):
        raise Refused(400, BAD_PAYLOAD)
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("token_id"), str):
            raise Refused(400, BAD_PAYLOAD)
        side = entry.get("side")
        yield entry["token_id"], side if isinstance(side, str) else None


def _side(text: str | None) -> Side:
    try:
        return Side((text or "").upper())
    except ValueError:
        raise Refused(400, BAD_SIDE) from None

"""Prices over time (protocol reference, section 3.2), read from a history that is kept while the exchange is open."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from aiohttp import web

from pmm.exchange.answers import BAD_PAYLOAD, TOO_MANY, Refused, answer, token_id
from pmm.exchange.clock import Clock
from pmm.exchange.source import Source
from pmm.model import GRID, SECOND, USD, Nanos, TokenId, decimal_text
from pmm.sim.catalog import Listing
from pmm.sim.history import DAY, MINUTE, MINUTES_KEPT_MAX, MarketHistory
from pmm.sim.matching import Outcome

MARKETS_MAX = 20
_HOUR: Nanos = 60 * MINUTE
_KEPT: Nanos = MINUTES_KEPT_MAX * MINUTE
_INTERVALS: Mapping[str, Nanos] = {
    "max": _KEPT,
    "all": _KEPT,
    "1m": 30 * DAY,
    "1w": 7 * DAY,
    "1d": DAY,
    "6h": 6 * _HOUR,
    "1h": _HOUR,
}
_SECONDS_MAX = 1 << 40


class Charts:
    """The history of every market, and its handlers.  It has to be told the state of every full minute, at `due`."""

    def __init__(self, source: Source, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        markets = [listing.market for listing in source.listings]
        self._yes = {market.condition_id: market.yes for market in markets}
        self._histories = {market.condition_id: MarketHistory(source.now) for market in markets}
        self.due: Nanos = source.now
        self.tell(source.now)

    def tell(self, at: Nanos) -> None:
        """Keep what the markets are like at `at`, before anything else happens."""
        for condition_id, history in self._histories.items():
            found = self._source.wire(self._yes[condition_id])
            if found is not None:
                history.tell(at, found[0], self._source.volume(condition_id))
        self.due = (at // MINUTE + 1) * MINUTE

    def day(self, listing: Listing) -> tuple[float, float]:
        """Dollars traded in the last 24 hours, and by how many dollars the first outcome got dearer."""
        market = listing.market
        found, history = self._source.wire(market.yes), self._histories.get(market.condition_id)
        if found is None or history is None:
            return 0.0, 0.0
        at = self._clock.now()
        volume = history.volume(at, self._source.volume(market.condition_id))
        return volume / USD, _number(history.price_change(at, found[0]))

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/prices-history", self._one), web.post("/batch-prices-history", self._many)]

    async def _one(self, request: web.Request) -> web.Response:
        query = request.query
        asked = {"start_ts": query.get("startTs"), "end_ts": query.get("endTs")}
        span = self._span({**asked, "interval": query.get("interval"), "fidelity": query.get("fidelity")})
        return answer({"history": self._points(token_id(query.get("market")), *span)})

    async def _many(self, request: web.Request) -> web.Response:
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise Refused(400, BAD_PAYLOAD) from None
        if not isinstance(body, dict) or not isinstance(body.get("markets"), list):
            raise Refused(400, BAD_PAYLOAD)
        tokens = [token_id(name if isinstance(name, str) else None) for name in body["markets"]]
        if len(tokens) > MARKETS_MAX:
            raise Refused(400, TOO_MANY)
        span = self._span(body)
        return answer({"history": {token: self._points(token, *span) for token in tokens}})

    def _span(self, asked: Mapping[str, object]) -> tuple[Nanos, Nanos, int]:
        """Beginning, end and minutes between two points; everything that is kept when neither is said."""
        interval = asked.get("interval")
        if interval is not None and not (isinstance(interval, str) and interval in _INTERVALS):
            raise Refused(400, f"interval must be one of {', '.join(_INTERVALS)}")
        now = self._clock.now()
        end = _count(asked, "end_ts", now // SECOND) * SECOND
        start = _count(asked, "start_ts", 0) * SECOND
        if isinstance(interval, str):
            start, end = now - _INTERVALS[interval], now
        return start, end, _count(asked, "fidelity", 1, low=1)

    def _points(self, token: TokenId, start: Nanos, end: Nanos, every: int) -> list[dict[str, float]]:
        """Empty for a token that there is not."""
        found = self._source.wire(token)
        history = self._histories.get(found[0].market.condition_id) if found is not None else None
        if found is None or history is None:
            return []
        points = history.prices(start, end, every)
        return [{"t": at, "p": _number(price if found[1] is Outcome.YES else 2 * GRID - price)} for at, price in points]


CHARTS = web.AppKey("charts", Charts)


def _number(halves: int) -> float:
    """Half steps of the grid as the JSON number of a price."""
    return float(decimal_text(halves * 5, 5))


def _count(asked: Mapping[str, object], key: str, default: int, *, low: int = 0) -> int:
    value = asked.get(key)
    if value is None:
        return default
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 13):
        raise Refused(400, f"{key} must be a whole number")
    if not low <= int(text) <= _SECONDS_MAX:
        raise Refused(400, f"{key} must be from {low} to {_SECONDS_MAX}")
    return int(text)

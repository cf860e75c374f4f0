"""The market lists of the order book service (protocol reference, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from aiohttp import web

from pmm.exchange.answers import NO_MARKET, Handler, Refused, answer, number, token_id
from pmm.exchange.market_rows import market_row, simplified_row
from pmm.exchange.pages import page
from pmm.exchange.rewards import CENT
from pmm.exchange.source import Source
from pmm.model import SHARE
from pmm.sim.catalog import Listing
from pmm.sim.fees import RATE_ONE

PAGE = 1_000


class Listings:
    """The handlers; they read the source and change nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def routes(self) -> list[web.RouteDef]:
        pages = {
            "/markets": partial(market_row, self._source),
            "/sampling-markets": partial(market_row, self._source),
            "/simplified-markets": partial(simplified_row, self._source),
            "/sampling-simplified-markets": partial(simplified_row, self._source),
        }
        return [
            *(web.get(path, self._page(row)) for path, row in pages.items()),
            web.get("/markets/{condition_id}", self._one),
            web.get("/clob-markets/{condition_id}", self._parameters),
            web.get("/markets-by-token/{token_id}", self._by_token),
        ]

    def _page(self, row: Callable[[Listing], dict[str, object]]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            return answer(page(self._source.listings, request.query.get("next_cursor"), PAGE, row))

        return handle

    async def _one(self, request: web.Request) -> web.Response:
        return answer(market_row(self._source, self._listing(request)))

    async def _parameters(self, request: web.Request) -> web.Response:
        listing = self._listing(request)
        market, fees, rewards = listing.market, listing.fees, listing.rewards
        return answer(
            {
                "c": market.condition_id,
                "v": market.version,
                "t": [{"t": token.token_id, "o": token.outcome} for token in market.tokens],
                "mos": market.min_size // SHARE,
                "mts": number(market.tick),
                "mbf": 0,
                "tbf": 0,
                "ao": market.accepting_orders,
                "nr": market.neg_risk,
                "fd": {"r": fees.rate / RATE_ONE, "e": fees.exponent, "to": True},
                "r": {
                    "mi": rewards.min_size // SHARE if rewards else 0,
                    "ma": rewards.max_spread / CENT if rewards else 0,
                },
                "gst": None,
                "oas": 0,
                **({"itode": True} if listing.taker_delay else {}),
            }
        )

    async def _by_token(self, request: web.Request) -> web.Response:
        found = self._source.wire(token_id(request.match_info["token_id"]))
        if found is None:
            raise Refused(404, NO_MARKET)
        market = found[0].market
        return answer(
            {"condition_id": market.condition_id, "primary_token_id": market.yes, "secondary_token_id": market.no}
        )

    def _listing(self, request: web.Request) -> Listing:
        wanted = request.match_info["condition_id"]
        for listing in self._source.listings:
            if listing.market.condition_id == wanted:
                return listing
        raise Refused(404, NO_MARKET)

"""What a market is called and what it belongs to (protocol reference, section 3.3): one market, or several at once."""

from __future__ import annotations

import orjson
from aiohttp import web

from pmm.exchange.answers import BAD_PAYLOAD, NO_MARKET, TOO_MANY, Refused, answer
from pmm.exchange.source import Source
from pmm.sim.catalog import Listing

MARKETS_MAX = 500


class LiveActivity:
    """The handlers; they read the source and change nothing."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/markets/live-activity/{condition_id}", self._one),
            web.post("/markets/live-activity", self._many),
        ]

    async def _one(self, request: web.Request) -> web.Response:
        wanted = request.match_info["condition_id"]
        for listing in self._source.listings:
            if listing.market.condition_id == wanted:
                return answer(_row(listing))
        raise Refused(404, NO_MARKET)

    async def _many(self, request: web.Request) -> web.Response:
        """A list of condition ids; unknown ones are left out."""
        try:
            wanted = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise Refused(400, BAD_PAYLOAD) from None
        if not isinstance(wanted, list) or not all(isinstance(one, str) for one in wanted):
            raise Refused(400, BAD_PAYLOAD)
        if len(wanted) > MARKETS_MAX:
            raise Refused(400, TOO_MANY)
        listings = {listing.market.condition_id: listing for listing in self._source.listings}
        return answer([_row(listings[one]) for one in dict.fromkeys(wanted) if one in listings])


def _row(listing: Listing) -> dict[str, object]:
    market = listing.market
    return {
        "condition_id": market.condition_id,
        "id": int(listing.market_id),
        "question": market.question,
        "market_slug": market.slug,
        "event_slug": market.event_slug,
        "series_slug": "",
        "icon": "",
        "image": "",
        "tags": [listing.category],
    }

"""The market lists of the order book service (protocol reference, section 3.3)."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from pmm.exchange.answers import NO_MARKET, Handler, Refused, answer, number, token_id
from pmm.exchange.pages import page
from pmm.exchange.prices import catalogue_price
from pmm.exchange.rewards import CENT, reward_terms
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
            "/markets": self._market,
            "/sampling-markets": self._market,
            "/simplified-markets": self._simplified,
            "/sampling-simplified-markets": self._simplified,
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
        return answer(self._market(self._listing(request)))

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

    def _market(self, listing: Listing) -> dict[str, object]:
        market = listing.market
        return {
            "enable_order_book": True,
            **self._simplified(listing),
            "accepting_order_timestamp": listing.created,
            "minimum_order_size": market.min_size // SHARE,
            "minimum_tick_size": number(market.tick),
            "question_id": market.condition_id,
            "question": market.question,
            "description": listing.description,
            "market_slug": market.slug,
            "end_date_iso": market.end_date,
            "game_start_time": None,
            "seconds_delay": listing.seconds_delay,
            "fpmm": "",
            "maker_base_fee": 0,
            "taker_base_fee": 0,
            "notifications_enabled": True,
            "neg_risk": market.neg_risk,
            "neg_risk_market_id": "",
            "neg_risk_request_id": "",
            "icon": "",
            "image": "",
            "is_50_50_outcome": False,
            "tags": [listing.category],
        }

    def _simplified(self, listing: Listing) -> dict[str, object]:
        market = listing.market
        return {
            "condition_id": market.condition_id,
            "rewards": reward_terms(listing),
            "tokens": [
                {
                    "token_id": token.token_id,
                    "outcome": token.outcome,
                    "price": float(catalogue_price(self._source.wire(token.token_id))),
                    "winner": False,
                }
                for token in market.tokens
            ],
            "active": market.active,
            "closed": market.closed,
            "archived": False,
            "accepting_orders": market.accepting_orders,
        }

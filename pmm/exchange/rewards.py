"""What a maker reads about rewards and rebates (protocol reference, section 3.10).

Rebates are paid when the control endpoint says that a day is over.  Liquidity rewards are told and never paid, so
earnings are empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from aiohttp import web

from pmm.exchange.answers import NO_MARKET, Refused, answer
from pmm.exchange.auth import Auth
from pmm.exchange.pages import page
from pmm.exchange.prices import catalogue_price
from pmm.exchange.reward_search import matching, page_size, searchable
from pmm.exchange.source import Source
from pmm.model import SECOND, SHARE, ConditionId, Money, Nanos, money_text
from pmm.sim.catalog import Listing, Rewards

CURRENT_PAGE = 500
MARKET_PAGE = 100
# What rewards are paid in: pUSD.
ASSET = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
# Spreads of rewards are told in cents.
CENT = 100
REBATES_MAX = 10_000


class RewardReads:
    """The handlers; `note` what was paid, and it is told."""

    def __init__(self, source: Source, auth: Auth) -> None:
        self._source = source
        self._auth = auth
        self._rebates: deque[dict[str, str]] = deque(maxlen=REBATES_MAX)

    def note(self, paid: Iterable[tuple[ConditionId, str, Money]], at: Nanos) -> None:
        """Remember rebates that were paid: market, wallet and amount."""
        date = datetime.fromtimestamp(at / SECOND, UTC).date().isoformat()
        for market, account, money in paid:
            row = {"date": date, "condition_id": market, "asset_address": ASSET, "maker_address": account}
            self._rebates.append({**row, "rebated_fees_usdc": money_text(money)})

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rewards/markets/current", self._current),
            web.get("/rewards/markets/multi", self._search),
            web.get("/rewards/markets/{condition_id}", self._market),
            web.get("/rewards/user", self._earnings),
            web.get("/rewards/user/total", self._nothing),
            web.get("/rewards/user/percentages", self._percentages),
            web.get("/rewards/user/markets", self._earnings),
            web.get("/rebates/current", self._current_rebates),
            web.get("/fees/builder-fees/{code}", _builder_fees),
        ]

    async def _current(self, request: web.Request) -> web.Response:
        paying = [listing for listing in self._source.listings if listing.rewards and not listing.market.closed]
        return answer(page(paying, request.query.get("next_cursor"), CURRENT_PAGE, _current))

    async def _market(self, request: web.Request) -> web.Response:
        wanted = request.match_info["condition_id"]
        found = [one for one in self._source.listings if one.market.condition_id == wanted]
        if not found:
            raise Refused(404, NO_MARKET)
        paying = [one for one in found if one.rewards]
        return answer(page(paying, request.query.get("next_cursor"), MARKET_PAGE, self._detail))

    async def _search(self, request: web.Request) -> web.Response:
        paying = [one for one in self._source.listings if one.rewards and not one.market.closed]
        rows = [(one, searchable(self._source, one, self._detail(one))) for one in paying]
        found = matching(request, rows)
        return answer(page(found, request.query.get("next_cursor"), page_size(request), dict))

    def _detail(self, listing: Listing) -> dict[str, object]:
        market = listing.market
        return {
            **_current(listing),
            "question": market.question,
            "market_slug": market.slug,
            "event_slug": market.event_slug,
            "image": "",
            "market_competitiveness": 0,
            "tokens": [
                {
                    "token_id": token.token_id,
                    "outcome": token.outcome,
                    "price": float(catalogue_price(self._source.wire(token.token_id))),
                }
                for token in market.tokens
            ],
        }

    async def _earnings(self, request: web.Request) -> web.Response:
        await self._auth.key(request)
        return answer(page([], request.query.get("next_cursor"), MARKET_PAGE, _current))

    async def _nothing(self, request: web.Request) -> web.Response:
        await self._auth.key(request)
        return answer([])

    async def _current_rebates(self, request: web.Request) -> web.Response:
        date, maker = request.query.get("date"), request.query.get("maker_address", "").lower()
        rows = [row for row in self._rebates if row["maker_address"] == maker and date in {None, row["date"]}]
        return answer(rows)

    async def _percentages(self, request: web.Request) -> web.Response:
        await self._auth.key(request)
        return answer({})


async def _builder_fees(_: web.Request) -> web.Response:
    return answer({"builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0})


def _current(listing: Listing) -> dict[str, object]:
    rewards = listing.rewards or Rewards(0, 0, 0)
    return {
        "condition_id": listing.market.condition_id,
        "rewards_max_spread": rewards.max_spread / CENT,
        "rewards_min_size": rewards.min_size // SHARE,
        "rewards_config": [
            {
                "id": 0,
                "asset_address": ASSET,
                "start_date": _day(listing.created),
                "end_date": "2500-12-31",
                "rate_per_day": rewards.usd_a_day,
                "total_rewards": 0,
            }
        ],
        "sponsored_daily_rate": 0,
        "sponsors_count": 0,
        "native_daily_rate": rewards.usd_a_day,
        "total_daily_rate": rewards.usd_a_day,
    }


def reward_terms(listing: Listing) -> dict[str, object]:
    """What market lists say about rewards; `max_spread` in cents."""
    rewards = listing.rewards
    if rewards is None:
        return {"rates": None, "min_size": 0, "max_spread": 0}
    return {
        "rates": [{"asset_address": ASSET, "rewards_daily_rate": rewards.usd_a_day}],
        "min_size": rewards.min_size // SHARE,
        "max_spread": rewards.max_spread / CENT,
    }


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()

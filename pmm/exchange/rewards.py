"""What a maker reads about rewards and rebates (protocol reference, section 3.10).

Earnings of a day are those that were paid for it; of the day that is not over, what would be paid now.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from aiohttp import web

from pmm.eip712 import SignatureType
from pmm.exchange.answers import NO_MARKET, Refused, answer
from pmm.exchange.auth import Auth
from pmm.exchange.pages import page
from pmm.exchange.prices import catalogue_price
from pmm.exchange.reward_search import matching, page_size, searchable
from pmm.exchange.wallets import Wallets
from pmm.model import SECOND, SHARE, USD, ConditionId, Money, Nanos, money_text
from pmm.sim.catalog import Listing, Rewards
from pmm.sim.venue import Venue

CURRENT_PAGE = 500
MARKET_PAGE = 100
# What rewards are paid in: pUSD.
ASSET = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"
# Spreads of rewards are told in cents.
CENT = 100


class RewardReads:
    """The handlers."""

    def __init__(self, venue: Venue, auth: Auth, wallets: Wallets) -> None:
        self._source = venue
        self._payday = venue.payday
        self._auth = auth
        self._wallets = wallets

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rewards/markets/current", self._current),
            web.get("/rewards/markets/multi", self._search),
            web.get("/rewards/markets/{condition_id}", self._market),
            web.get("/rewards/user", self._earnings),
            web.get("/rewards/user/total", self._total),
            web.get("/rewards/user/percentages", self._percentages),
            web.get("/rewards/user/markets", self._markets),
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

    # --- what somebody earned -------------------------------------------------------------------------------------

    async def _earnings(self, request: web.Request) -> web.Response:
        wallets = await self._own(request)
        rows = [
            {
                "date": _asked(request) or self._today,
                "condition_id": market,
                "asset_address": ASSET,
                "maker_address": wallet,
                "earnings": money / USD,
                "asset_rate": 1,
            }
            for wallet in wallets
            for market, money in self._earned(wallet, _asked(request)).items()
        ]
        return answer(page(rows, request.query.get("next_cursor"), MARKET_PAGE, dict))

    async def _total(self, request: web.Request) -> web.Response:
        """Per wallet and asset; there is one asset."""
        rows = [
            {
                "date": _asked(request) or self._today,
                "asset_address": ASSET,
                "maker_address": wallet,
                "earnings": sum(self._earned(wallet, _asked(request)).values()) / USD,
                "asset_rate": 1,
            }
            for wallet in await self._own(request)
        ]
        return answer([row for row in rows if row["earnings"]])

    async def _percentages(self, request: web.Request) -> web.Response:
        shares = [self._payday.percentages(wallet) for wallet in await self._own(request)]
        return answer({market: sum(one.get(market, 0.0) for one in shares) for share in shares for market in share})

    async def _markets(self, request: web.Request) -> web.Response:
        """Every market that pays, with what the wallet earned there."""
        date, rows = _asked(request), []
        for wallet in await self._own(request):
            earned, shares = self._earned(wallet, date), self._payday.percentages(wallet)
            for one in self._source.listings:
                if one.rewards is not None:
                    market = one.market.condition_id
                    earnings = [{"asset_address": ASSET, "earnings": earned.get(market, 0) / USD, "asset_rate": 1}]
                    own = {"earning_percentage": shares.get(market, 0.0), "earnings": earnings}
                    rows.append({**self._detail(one), "maker_address": wallet, **own})
        return answer(page(rows, request.query.get("next_cursor"), MARKET_PAGE, dict))

    async def _own(self, request: web.Request) -> list[str]:
        """The wallets of whoever asks: all, or the one that `maker_address` or `signature_type` selects."""
        signer = (await self._auth.key(request)).address
        wallets = self._wallets.of(signer)
        maker, kind = request.query.get("maker_address"), request.query.get("signature_type")
        if maker:
            return [wallet for wallet in wallets if wallet == maker.lower()]
        if kind in {str(one.value) for one in SignatureType}:
            return [wallet for wallet in wallets if wallet == self._wallets.wallet(signer, SignatureType(int(kind)))]
        return wallets

    def _earned(self, wallet: str, date: str | None) -> dict[ConditionId, Money]:
        """By market, for a day."""
        earned: Counter[ConditionId] = Counter()
        for paid in self._payday.rewards:
            if paid.account == wallet and _date(paid.at) == (date or self._today):
                earned[paid.market] += paid.money
        if date in {None, self._today}:
            earned.update(self._payday.earned(wallet))
        return dict(earned)

    @property
    def _today(self) -> str:
        return _date(self._source.now)

    async def _current_rebates(self, request: web.Request) -> web.Response:
        date, maker = _asked(request), request.query.get("maker_address", "").lower()
        rows = [
            {
                "date": _date(paid.at),
                "condition_id": paid.market,
                "asset_address": ASSET,
                "maker_address": paid.account,
                "rebated_fees_usdc": money_text(paid.money),
            }
            for paid in self._payday.rebates
            if paid.account == maker
        ]
        return answer([row for row in rows if date in {None, row["date"]}])


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


def _asked(request: web.Request) -> str | None:
    return request.query.get("date") or None


def _date(at: Nanos) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).date().isoformat()

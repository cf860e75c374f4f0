"""The catalogue's JSON objects of one market and one event (protocol reference, section 6.2)."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from pmm.exchange.answers import number
from pmm.exchange.prices import Found, catalogue_price
from pmm.exchange.rewards import ASSET
from pmm.exchange.source import Source
from pmm.model import GRID, SHARE, USD, Price, money_text
from pmm.sim.catalog import Listing
from pmm.sim.fees import RATE_ONE


def market_document(source: Source, listing: Listing) -> dict[str, object]:
    """A market with a reference to its event."""
    return {**_market(source, listing), "events": [_event_head(source, [listing])]}


def event_document(source: Source, members: Sequence[Listing]) -> dict[str, object]:
    """An event with all of its markets."""
    return {**_event_head(source, members), "markets": [_market(source, listing) for listing in members]}


def _market(source: Source, listing: Listing) -> dict[str, object]:
    market = listing.market
    found = [source.wire(token.token_id) for token in market.tokens]
    volume = source.volume(market.condition_id)
    return {
        "id": listing.market_id,
        "question": market.question,
        "conditionId": market.condition_id,
        "slug": market.slug,
        "resolutionSource": "",
        "endDate": market.end_date,
        "category": listing.category,
        "liquidity": money_text(market.liquidity),
        "startDate": listing.created,
        "image": "",
        "icon": "",
        "description": listing.description,
        "outcomes": _list_text([token.outcome for token in market.tokens]),
        "outcomePrices": _list_text([catalogue_price(one) for one in found]),
        "volume": money_text(volume),
        "active": market.active,
        "closed": market.closed,
        "archived": False,
        "createdAt": listing.created,
        "updatedAt": listing.created,
        "groupItemTitle": listing.group,
        "questionID": market.condition_id,
        "enableOrderBook": True,
        "orderPriceMinTickSize": number(market.tick),
        "orderMinSize": market.min_size // SHARE,
        "volumeNum": volume / USD,
        "liquidityNum": market.liquidity / USD,
        "volume24hr": volume / USD,
        "volumeClob": volume / USD,
        "liquidityClob": market.liquidity / USD,
        "clobTokenIds": _list_text([token.token_id for token in market.tokens]),
        "positionIds": [token.token_id for token in market.tokens] if market.version == "v2" else None,
        "version": market.version,
        "acceptingOrders": market.accepting_orders,
        "negRisk": market.neg_risk,
        "negRiskMarketID": market.neg_risk_id or "",
        "feesEnabled": listing.fees.rate > 0,
        "feeSchedule": {
            "rate": listing.fees.rate / RATE_ONE,
            "exponent": listing.fees.exponent,
            "takerOnly": True,
            "rebateRate": listing.fees.rebate / RATE_ONE,
        },
        "rfqEnabled": False,
        "secondsDelay": listing.seconds_delay,
        "makerBaseFee": 0,
        "takerBaseFee": 0,
        "rewardsMinSize": listing.rewards.min_size // SHARE if listing.rewards else 0,
        "rewardsMaxSpread": listing.rewards.max_spread / 100 if listing.rewards else 0,
        **_programmes(listing),
        **_resolution(found),
        **_prices(source, listing),
    }


def _programmes(listing: Listing) -> dict[str, object]:
    """What the market pays for resting orders a day; left out, as the venue does, where it pays nothing."""
    if listing.rewards is None:
        return {}
    programme = {
        "id": listing.market_id,
        "conditionId": listing.market.condition_id,
        "assetAddress": ASSET,
        "rewardsAmount": 0,
        "rewardsDailyRate": listing.rewards.usd_a_day,
        "startDate": listing.created[:10],
        "endDate": "2500-12-31",
    }
    return {"clobRewards": [programme]}


def _resolution(found: Sequence[Found | None]) -> dict[str, object]:
    """Left out, as the venue does, while there is none."""
    resolved = any(one is not None and one[0].verdict is not None for one in found)
    return {"umaResolutionStatus": "resolved"} if resolved else {}


def _prices(source: Source, listing: Listing) -> dict[str, object]:
    """The touch and last trade of the first outcome; a field without a value is left out, as the venue does."""
    found = source.wire(listing.market.yes)
    if found is None:
        return {}
    wire, outcome = found
    book = wire.books[outcome]
    last: Price | None = wire.last_price
    if last is not None and wire.last_outcome is not outcome:
        last = GRID - last
    prices = {"bestBid": book.best_bid, "bestAsk": book.best_ask, "spread": book.spread, "lastTradePrice": last}
    return {key: number(price) for key, price in prices.items() if price is not None}


def _event_head(source: Source, members: Sequence[Listing]) -> dict[str, object]:
    first = members[0]
    volume = sum(source.volume(listing.market.condition_id) for listing in members)
    return {
        "id": first.event_id,
        "ticker": first.market.event_slug,
        "slug": first.market.event_slug,
        "title": first.event_title,
        "description": first.description,
        "startDate": first.created,
        "endDate": first.market.end_date,
        "active": any(listing.market.active for listing in members),
        "closed": all(listing.market.closed for listing in members),
        "archived": False,
        "liquidity": sum(listing.market.liquidity for listing in members) / USD,
        "volume": volume / USD,
        "volume24hr": volume / USD,
        "enableOrderBook": True,
        "negRisk": first.market.neg_risk,
        "negRiskMarketID": first.market.neg_risk_id or "",
        "enableNegRisk": first.market.neg_risk,
        "negRiskAugmented": False,
        "tags": [{"id": "1", "label": first.category, "slug": first.category.lower()}],
    }


def _list_text(values: Sequence[str]) -> str:
    """A list as the catalogue writes it: JSON inside a JSON string."""
    return orjson.dumps(list(values)).decode()

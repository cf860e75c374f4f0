"""Answers of the venue's REST services to records of the model: the only place where their text becomes numbers.

Whatever does not have the promised shape raises BadAnswer with the name of the field; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from pmm.errors import BadAnswer
from pmm.model import (
    GRID,
    MONEY_DECIMALS,
    PRICE_DECIMALS,
    RATE_DECIMALS,
    RATE_ONE,
    TICKS,
    BookPage,
    FeeSchedule,
    Level,
    Market,
    MarketStats,
    Money,
    Price,
    RewardTerms,
    Token,
)
from pmm.venues.polymarket import fields
from pmm.venues.polymarket.fields import Record

# The venue writes the greatest spread that is rewarded in cents.
CENT_DECIMALS = 2
# One and two were seen; a fee is taken to this power exactly, so it must not grow without bound.
FEE_EXPONENT_MAX = 8


@dataclass(frozen=True, slots=True)
class VenueEvent:
    """A question with all its markets, as the venue groups them."""

    event_id: str
    slug: str
    title: str
    markets: tuple[Market, ...]
    active: bool
    closed: bool
    neg_risk: bool
    volume: Money
    end_date: str | None


def market(answer: object, *, event_slug: str | None = None) -> Market:
    """One market of the metadata service.  A market whose tokens are not there yet has none, and is not tradable."""
    record = fields.record(answer, "market")
    tokens = _tokens(record)
    return Market(
        condition_id=fields.text(record, "conditionId"),
        slug=fields.text(record, "slug"),
        question=fields.text(record, "question"),
        tokens=tokens,
        tick=_tick(record, required=bool(tokens)),
        min_size=fields.size(record.get("orderMinSize"), "orderMinSize") or 0,
        neg_risk=record.get("negRisk") is True,
        active=record.get("active") is True,
        closed=record.get("closed") is True,
        accepting_orders=record.get("acceptingOrders") is True and record.get("enableOrderBook") is True,
        end_date=fields.optional_text(record, "endDate"),
        event_slug=event_slug or _parent(record),
        volume=_money(record, "volume"),
        liquidity=_money(record, "liquidity"),
        version=_version(record),
        game_start=fields.optional_text(record, "gameStartTime"),
        neg_risk_id=fields.optional_text(record, "negRiskMarketID"),
        fees=_fees(record),
        rewards=_rewards(record),
        stats=_stats(record),
    )


def event(answer: object) -> VenueEvent:
    """One event of the metadata service, with its markets; those of a neg-risk event know how many there are.

    To an augmented one outcomes may be added (protocol reference, section 4.5), so that nobody knows.
    """
    record = fields.record(answer, "event")
    slug = fields.text(record, "slug")
    markets = [market(each, event_slug=slug) for each in array(record.get("markets") or [], "markets")]
    neg_risk = record.get("negRisk") is True
    if neg_risk and record.get("negRiskAugmented") is not True:
        markets = [replace(each, event_size=len(markets)) for each in markets]
    return VenueEvent(
        event_id=fields.text(record, "id"),
        slug=slug,
        title=fields.text(record, "title"),
        markets=tuple(markets),
        active=record.get("active") is True,
        closed=record.get("closed") is True,
        neg_risk=neg_risk,
        volume=_money(record, "volume"),
        end_date=fields.optional_text(record, "endDate"),
    )


def book(answer: object) -> BookPage:
    """One order book; the order of the levels on the wire does not matter."""
    record = fields.record(answer, "book")
    bids = _levels(record, "bids")
    asks = _levels(record, "asks")
    return BookPage(
        token=fields.text(record, "asset_id"),
        condition_id=fields.text(record, "market"),
        timestamp_ms=_milliseconds(record),
        bids=tuple(sorted(bids, key=lambda level: -level.price)),
        asks=tuple(sorted(asks, key=lambda level: level.price)),
        tick=fields.price(record.get("tick_size"), "tick_size"),
        min_size=fields.size(record.get("min_order_size"), "min_order_size"),
        neg_risk=record.get("neg_risk") is True,
        last_trade=fields.price(record.get("last_trade_price"), "last_trade_price"),
        hash=fields.optional_text(record, "hash") or "",
    )


def array(answer: object, name: str) -> Sequence[object]:
    """A list of anything, or BadAnswer."""
    if not isinstance(answer, list):
        raise BadAnswer(f"{name} is not a list")
    return answer


def page(answer: object, key: str) -> tuple[Sequence[object], str | None]:
    """The records of one page and the cursor of the next one, None after the last."""
    record = fields.record(answer, "page")
    cursor = record.get("next_cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise BadAnswer("next_cursor is not text")
    return array(record.get(key), key), cursor or None


def _version(record: Record) -> str:
    """Which protocol the market trades under; records older than the field are all of the first."""
    version = record.get("version")
    if version is None:
        return "v1"
    if version not in {"v1", "v2"}:
        raise BadAnswer(f"market {record.get('slug')} is of unknown version {version!r}")
    return str(version)


def _tokens(record: Record) -> tuple[Token, ...]:
    """Tokens in the order of the outcomes; none when the venue has not named all of them."""
    ids = record.get("positionIds") if _version(record) == "v2" else record.get("clobTokenIds")
    outcomes = _strings(record.get("outcomes"), "outcomes")
    named = _strings(ids, "token ids")
    if not named or len(named) != len(outcomes) or not all(text.isdecimal() for text in named):
        return ()
    return tuple(Token(token_id, outcome) for token_id, outcome in zip(named, outcomes, strict=True))


def _strings(value: object, name: str) -> list[str]:
    """A list of texts, which the venue mostly writes as JSON inside a JSON string."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise BadAnswer(f"{name} is not a list in a string") from error
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadAnswer(f"{name} is not a list of texts")
    return value


def _tick(record: Record, *, required: bool) -> Price:
    """The price step; 0 where a market without tokens names none."""
    tick = fields.price(record.get("orderPriceMinTickSize"), "orderPriceMinTickSize")
    if tick is None and not required:
        return 0
    if tick not in TICKS:
        raise BadAnswer(f"market {record.get('slug')}: orderPriceMinTickSize is no known price step")
    return tick


def _fees(record: Record) -> FeeSchedule | None:
    """The schedule; None where the venue states none, zero where it states that there are no fees."""
    if record.get("feeSchedule") is None:
        return FeeSchedule(0, 1, taker_only=True, rebate=0) if record.get("feesEnabled") is False else None
    schedule = fields.record(record["feeSchedule"], "feeSchedule")
    rate = fields.units(schedule.get("rate"), RATE_DECIMALS, "feeSchedule rate")
    exponent = fields.units(schedule.get("exponent"), 0, "feeSchedule exponent")
    rebate = fields.units(schedule.get("rebateRate"), RATE_DECIMALS, "feeSchedule rebateRate")
    if rate is None or exponent is None:
        raise BadAnswer("feeSchedule has no rate or no exponent")
    if rate < 0 or not 0 <= exponent <= FEE_EXPONENT_MAX or not 0 <= (rebate or 0) <= RATE_ONE:
        raise BadAnswer("feeSchedule is out of range")
    if record.get("feesEnabled") is False:
        rate = 0
    return FeeSchedule(rate, exponent, schedule.get("takerOnly") is True, rebate)


def _rewards(record: Record) -> RewardTerms | None:
    """The terms of liquidity rewards; None where the venue says nothing of them."""
    terms = RewardTerms(
        min_size=fields.size(record.get("rewardsMinSize"), "rewardsMinSize"),
        max_spread=fields.units(record.get("rewardsMaxSpread"), CENT_DECIMALS, "rewardsMaxSpread"),
        per_day=_rewards_per_day(record),
    )
    return None if terms == RewardTerms(None, None, None) else terms


def _rewards_per_day(record: Record) -> Money | None:
    """The sum of the daily rates of all programmes."""
    if record.get("clobRewards") is None:
        return None
    programmes = [fields.record(each, "clobRewards") for each in array(record["clobRewards"], "clobRewards")]
    rates = [fields.rounded(each.get("rewardsDailyRate"), MONEY_DECIMALS, "rewardsDailyRate") for each in programmes]
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def _stats(record: Record) -> MarketStats:
    return MarketStats(
        best_bid=fields.rounded(record.get("bestBid"), PRICE_DECIMALS, "bestBid"),
        best_ask=fields.rounded(record.get("bestAsk"), PRICE_DECIMALS, "bestAsk"),
        spread=fields.rounded(record.get("spread"), PRICE_DECIMALS, "spread"),
        last_trade=fields.rounded(record.get("lastTradePrice"), PRICE_DECIMALS, "lastTradePrice"),
        volume_24h=fields.rounded(record.get("volume24hr"), MONEY_DECIMALS, "volume24hr"),
        competitive=fields.rounded(record.get("competitive"), RATE_DECIMALS, "competitive"),
    )


def _parent(record: Record) -> str | None:
    events = record.get("events")
    first = events[0] if isinstance(events, list) and events else None
    return fields.optional_text(first, "slug") if isinstance(first, dict) else None


def _levels(record: Record, key: str) -> list[Level]:
    levels = []
    for each in array(record.get(key), key):
        entry = fields.record(each, key)
        price = fields.price(entry.get("price"), f"{key} price")
        size = fields.size(entry.get("size"), f"{key} size")
        if price is None or size is None or not 0 < price < GRID or size < 0:
            raise BadAnswer(f"{key} holds a level that cannot be")
        if size:
            levels.append(Level(price, size))
    if len({level.price for level in levels}) != len(levels):
        raise BadAnswer(f"{key} holds a price twice")
    return levels


def _milliseconds(record: Record) -> int:
    text = str(record.get("timestamp", ""))
    if not text.isdecimal() or len(text) > 15:
        raise BadAnswer("timestamp is not in milliseconds")
    return int(text)


def _money(record: Record, key: str) -> Money:
    """A statistic in micro-USD, rounded down; new markets have none, which is zero."""
    number = fields.number(record.get(key), key)
    return 0 if number is None else int(number.scaleb(MONEY_DECIMALS))

"""How much a market is worth making, from what the catalogue and the book say: five parts in 0..1 and their mean.

| part | formula | why |
| --- | --- | --- |
| volume | `V / (V + volume_half)` | V is what was traded in 24 hours, in USD: without takers nothing is earned |
| spread | `2 S B / (S^2 + B^2)` | S is ask minus bid, B is `spread_best`: a narrow one pays little, a wide one never |
| reward | `R / (R + score_half C)` | R is paid a day, in USD; C is the score of those who compete for it, in shares |
| time | `T / (T + time_half)` | T is until the end, or until a game begins: near it, prices jump |
| terms | `(K + F) / 2` | K is `1 - tick / S`, room to improve; F is `f / (f + rebate_half)` |

f is what a maker gets back for a share that is filled, in USD: `rebate x rate x (p(1-p))^exponent` at the middle p.

C is what the book of the first outcome would score if it were one maker's, by the venue's own formula.  A level of
size z, at least the least size, at a distance s within the greatest spread v of the middle, counts
`z ((v - s) / v)^2`.  The middle lies between the prices at which the least size is reached; A is the sum of the bids
and B of the asks.  Then `C = max(min(A, B), A/3, B/3)`, the shares that score as much on both sides at the middle;
outside of [0.10, 0.90] it is `min(A, B)`.  Without a middle nobody scores and C is 0.  Accounts are not seen: shared
among several, the same sizes score from half of C to two thirds more, and outside of [0.10, 0.90] at most C.

Where no book was read, which is so for kept pages and where the venue does not say least size or greatest spread,
the part is `R / (R + reward_half L)` instead, L being the liquidity of the catalogue in USD.  `competition` in the
answer says which it was: `{"from": "book", "score": C}`, `{"from": "liquidity", "usd": L}`, or null without a reward.

A part whose facts are missing is None and counts as 0: nothing speaks for such a market.  Without a known fee, F is 0.
The score is the mean of the parts by `Weights`.  Everything is exact, and counted in steps of 1/RATE_ONE, rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction

from pmm.core.reward_score import page_score
from pmm.model import GRID, RATE_ONE, SECOND, USD, BookPage, ConditionId, Market, Money, Nanos, Price, Size

HOUR: Nanos = 3_600 * SECOND
DAY: Nanos = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part counts for, relative to the others, in 1/RATE_ONE.  Refuses negative ones and all zero."""

    volume: int = 300_000
    spread: int = 350_000
    reward: int = 150_000
    time: int = 100_000
    terms: int = 100_000

    def __post_init__(self) -> None:
        if min(self.all) < 0 or not sum(self.all):
            raise ValueError("weights are not negative, and one of them is above zero")

    @property
    def all(self) -> tuple[int, ...]:
        return self.volume, self.spread, self.reward, self.time, self.terms


@dataclass(frozen=True, slots=True)
class Scales:
    """Where each part is half of what it can be, and for the spread where it is the most."""

    volume_half: Money = 10_000 * USD
    spread_best: Price = 400
    # Daily reward per share of competing score, in 1/RATE_ONE: a share on both sides binds about 1 USD, so 1 % a day.
    score_half: int = 10_000
    # Daily reward per USD of liquidity, in 1/RATE_ONE: of 1 USD about a tenth of a share scores.
    reward_half: int = 1_000
    time_half: Nanos = 7 * DAY
    # USD per share, in 1/RATE_ONE: a rate of 0.04 with a rebate of a quarter at even odds.
    rebate_half: int = 2_500

    def __post_init__(self) -> None:
        if min(getattr(self, each.name) for each in fields(self)) <= 0:
            raise ValueError("scales are above zero")


@dataclass(frozen=True, slots=True)
class Parts:
    """In 1/RATE_ONE; None where the facts are missing."""

    volume: int | None
    spread: int | None
    reward: int | None
    time: int | None
    terms: int | None

    @property
    def all(self) -> tuple[int | None, ...]:
        return self.volume, self.spread, self.reward, self.time, self.terms


class Source(StrEnum):
    """What told how many compete for a reward."""

    BOOK = "book"
    LIQUIDITY = "liquidity"


@dataclass(frozen=True, slots=True)
class Competition:
    """Who else wants the reward: a score in shares from a book, and USD where liquidity stands in for it."""

    source: Source
    amount: Size | Money


@dataclass(frozen=True, slots=True)
class Scored:
    """`competition` is None where no reward is known."""

    market: Market
    score: int
    parts: Parts
    competition: Competition | None


def rank(
    markets: list[Market],
    now: Nanos,
    weights: Weights | None = None,
    scales: Scales | None = None,
    competing: Mapping[ConditionId, Size] | None = None,
) -> list[Scored]:
    """Every market with its score, best first; equal ones by slug.  Leave out before what `obstacles` names.

    `competing` holds the scores of the books that were read, by `competing_score`.
    """
    weights, scales, known = weights or Weights(), scales or Scales(), competing or {}
    scored = [score(market, now, weights, scales, known.get(market.condition_id)) for market in markets]
    return sorted(scored, key=lambda one: (-one.score, one.market.slug, one.market.condition_id))


def score(market: Market, now: Nanos, weights: Weights, scales: Scales, competing: Size | None = None) -> Scored:
    """One market; `competing` is None where no book was read."""
    competition = _competition(market, competing)
    parts = Parts(
        volume=_volume(market, scales),
        spread=_spread(market, scales),
        reward=_reward(market, competition, scales),
        time=_time(market, now, scales),
        terms=_terms(market, scales),
    )
    total = sum(weight * (part or 0) for weight, part in zip(weights.all, parts.all, strict=True))
    return Scored(market, total // sum(weights.all), parts, competition)


def wants_book(market: Market) -> bool:
    """Whether the book of its first token tells more of the competition than the catalogue does."""
    return bool(market.tokens and _per_day(market) and _within(market))


def competing_score(market: Market, page: BookPage) -> Size:
    """What rests in the book of the first token within the reward terms.  Raises ValueError unless `wants_book`."""
    within = _within(market)
    if within is None:
        raise ValueError(f"the venue does not say what {market.slug} pays for")
    return page_score(page, *within)


def _within(market: Market) -> tuple[Size, Price] | None:
    """Least size and greatest spread of what is paid, where both are known and something can be within."""
    terms = market.rewards
    if terms is None or terms.min_size is None or terms.max_spread is None or terms.max_spread <= 0:
        return None
    return terms.min_size, terms.max_spread


def obstacles(market: Market, now: Nanos, *, time_left: Nanos = DAY) -> list[str]:
    """Why the market cannot be made now, in one word each; empty where it can."""
    ends, begins = market.ends_at, market.game_starts_at
    soon = {
        "ends-soon": ends is not None and ends - now < time_left,
        "game-soon": begins is not None and begins - now < time_left,
    }
    return [*market.flaws, *(word for word, holds in soon.items() if holds)]


def _volume(market: Market, scales: Scales) -> int | None:
    traded = market.stats.volume_24h
    return None if traded is None else _half(max(traded, 0), scales.volume_half)


def _spread(market: Market, scales: Scales) -> int | None:
    spread, best = _gap(market), scales.spread_best
    return None if spread is None else 2 * spread * best * RATE_ONE // (spread**2 + best**2)


def _per_day(market: Market) -> Money | None:
    return market.rewards.per_day if market.rewards else None


def _competition(market: Market, competing: Size | None) -> Competition | None:
    if _per_day(market) is None:
        return None
    if competing is None:
        return Competition(Source.LIQUIDITY, max(market.liquidity, 0))
    return Competition(Source.BOOK, competing)


def _reward(market: Market, competition: Competition | None, scales: Scales) -> int | None:
    per_day = _per_day(market)
    if per_day is None or competition is None:
        return None
    half = scales.score_half if competition.source is Source.BOOK else scales.reward_half
    return _half(max(per_day, 0) * RATE_ONE, half * competition.amount)


def _time(market: Market, now: Nanos, scales: Scales) -> int | None:
    known = [at for at in (market.ends_at, market.game_starts_at) if at is not None]
    return _half(max(min(known) - now, 0), scales.time_half) if known else None


def _terms(market: Market, scales: Scales) -> int | None:
    spread = _gap(market)
    if spread is None:
        return None
    room = max(spread - market.tick, 0) * RATE_ONE // spread
    return (room + (_rebate(market, scales) or 0)) // 2


def _rebate(market: Market, scales: Scales) -> int | None:
    fees, stats = market.fees, market.stats
    if fees is None or fees.rebate is None or stats.best_bid is None or stats.best_ask is None:
        return None
    middle = Fraction(stats.best_bid + stats.best_ask, 2 * GRID)
    per_share = Fraction(fees.rate * fees.rebate, RATE_ONE) * (middle * (1 - middle)) ** fees.exponent
    return int(per_share * RATE_ONE // (per_share + scales.rebate_half))


def _gap(market: Market) -> Price | None:
    """The spread between two prices that can be; the catalogue's own number is also there when a side is empty."""
    bid, ask = market.stats.best_bid, market.stats.best_ask
    return ask - bid if bid is not None and ask is not None and 0 < bid < ask < GRID else None


def _half(amount: int, half: int) -> int:
    """0 at nothing, a half at `half`, near 1 far above it."""
    return amount * RATE_ONE // (amount + half) if amount else 0

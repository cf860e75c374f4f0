"""How much a market is worth making, from what the catalogue says about it: five parts in 0..1 and their mean.

| part | formula | why |
| --- | --- | --- |
| volume | `V / (V + volume_half)` | V is what was traded in 24 hours, in USD: without takers nothing is earned |
| spread | `2 S B / (S^2 + B^2)` | S is ask minus bid, B is `spread_best`: a narrow one pays little, a wide one never |
| reward | `R / (R + reward_half C)` | R is paid a day, in USD; C stands for the score of those who compete for it |
| time | `T / (T + time_half)` | T is until the end, or until a game begins: near it, prices jump |
| terms | `(K + F) / 2` | K is `1 - tick / S`, room to improve; F is `f / (f + rebate_half)` |

f is what a maker gets back for a share that is filled, in USD: `rebate x rate x (p(1-p))^exponent` at the middle p.
C is the liquidity of the catalogue, in USD, since the score itself needs every order of the book.
A part whose facts are missing is None and counts as 0: nothing speaks for such a market.  Without a known fee, F is 0.
The score is the mean of the parts by `Weights`.  Everything is exact, and counted in steps of 1/RATE_ONE, rounded down.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction

from pmm.model import GRID, RATE_ONE, SECOND, USD, Market, Money, Nanos, Price

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
    # Daily reward per USD of liquidity, in 1/RATE_ONE: 1 USD for 1,000 USD.
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


@dataclass(frozen=True, slots=True)
class Scored:
    market: Market
    score: int
    parts: Parts


def rank(
    markets: list[Market], now: Nanos, weights: Weights | None = None, scales: Scales | None = None
) -> list[Scored]:
    """Every market with its score, best first; equal ones by slug.  Leave out before what `obstacles` names."""
    weights, scales = weights or Weights(), scales or Scales()
    scored = [score(market, now, weights, scales) for market in markets]
    return sorted(scored, key=lambda one: (-one.score, one.market.slug, one.market.condition_id))


def score(market: Market, now: Nanos, weights: Weights, scales: Scales) -> Scored:
    parts = Parts(
        volume=_volume(market, scales),
        spread=_spread(market, scales),
        reward=_reward(market, scales),
        time=_time(market, now, scales),
        terms=_terms(market, scales),
    )
    total = sum(weight * (part or 0) for weight, part in zip(weights.all, parts.all, strict=True))
    return Scored(market, total // sum(weights.all), parts)


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


def _reward(market: Market, scales: Scales) -> int | None:
    per_day = market.rewards.per_day if market.rewards else None
    if per_day is None:
        return None
    return _half(max(per_day, 0) * RATE_ONE, scales.reward_half * max(market.liquidity, 0))


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

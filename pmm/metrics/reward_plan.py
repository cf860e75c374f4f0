"""How a purse is best shared among markets that pay for resting orders: `pmm markets allocate`.

Every market is a pool (`pmm.core.allocation`): it pays R a day, a share on both sides at a distance d from the middle
scores ((v - d) / v)^2 within its greatest spread v, the book scores C, and a share on both sides binds 1 - 2 d USD.
What fills bring or cost is not known beforehand and is not counted; neither is who else reads this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pmm.core.allocation import Allocation, Pool, allocate
from pmm.core.reward_score import Paid, page_score
from pmm.model import GRID, SHARE, USD, BookPage, Market, Money, Price, Size, TokenId


@dataclass(frozen=True, slots=True)
class Planned:
    """What to quote in one market: `size` on both sides; `income` in micro-USD a day, `capital` in micro-USD."""

    market: Market
    size: Size
    capital: Money
    income: Money
    share: float
    competing: Size


@dataclass(frozen=True, slots=True)
class Plan:
    """The best first; `price` is what one more USD would earn a day, `missed` what a better plan earns at most more."""

    markets: tuple[Planned, ...]
    income: Money
    capital: Money
    price: float
    missed: Money


def plan(
    markets: Sequence[Market], books: Mapping[TokenId, BookPage], capital: Money, distance: Price, most: Size
) -> Plan:
    """Share `capital` among markets whose book (of the first token) is known, with at most `most` in one."""
    found = [
        (market, pool)
        for market in markets
        if market.yes in books and (pool := pool_of(market, books[market.yes], distance, most)) is not None
    ]
    told = allocate([pool for _, pool in found], capital / USD)
    rows = [
        _planned(market, pool, size) for (market, pool), size in zip(found, told.sizes, strict=True) if size >= 1e-6
    ]
    return _summed(sorted(rows, key=lambda one: (-one.income, one.market.slug)), told)


def pool_of(market: Market, page: BookPage, distance: Price, most: Size) -> Pool | None:
    """None where nothing is paid, where the distance is out of reach, or the least size more than the most."""
    paid = Paid.of(market.rewards)
    if paid is None or distance >= paid.spread_max or 2 * distance >= GRID:
        return None
    least = max(paid.size_min, market.min_size, SHARE)
    if least > most:
        return None
    return Pool(
        reward=paid.per_day / USD,
        weight=((paid.spread_max - distance) / paid.spread_max) ** 2,
        competing=page_score(page, paid.size_min, paid.spread_max) / SHARE,
        capital=1 - 2 * distance / GRID,
        least=least / SHARE,
        most=most / SHARE,
    )


def _planned(market: Market, pool: Pool, size: float) -> Planned:
    scored = size * pool.weight
    return Planned(
        market=market,
        size=round(size * SHARE),
        capital=round(size * pool.capital * USD),
        income=round(pool.income(size) * USD),
        share=scored / (scored + pool.competing),
        competing=round(pool.competing * SHARE),
    )


def _summed(rows: Sequence[Planned], told: Allocation) -> Plan:
    missed = int((told.bound - told.income) * USD)
    income, capital = sum(one.income for one in rows), sum(one.capital for one in rows)
    return Plan(tuple(rows), income, capital, told.price, missed)

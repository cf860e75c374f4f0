"""How much to quote in each of many reward markets with one purse: water-filling (strategy reference, section 1.9).

A market j pays R a day for a score; ours is n w (size n, weight w of its distance), that of the others is C.  With a
running cost of c a share and day, and k USD of capital bound by a share, this is to be made greatest:

    sum_j  R n w / (n w + C) - c n        under  sum_j k n <= K  and  n = 0 or least <= n <= most

Every term is concave, so that for one price of capital lambda each market answers for itself

    n(lambda) = (sqrt(R w C / (c + lambda k)) - C) / w    within its bounds

and takes part while lambda is below its return: (R w / C - c) / k, or what the least size earns on its capital.  The
capital that is wanted falls with lambda; the right one is found by Newton's method inside of a bracket.

A least size is all or nothing, so that at one lambda a market may be too much with and too little without.  Both ways
are followed, the most promising first, until nothing better is possible or `WORK_MAX` is spent; `bound` tells what no
allocation can exceed, so that the difference to `income` is the most that may have been missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf, isfinite, sqrt
from typing import NamedTuple

# Evaluations of one market at one price: some milliseconds in all.
WORK_MAX = 12_000
# The search for a price ends when it spends the capital to this part of it, or after so many looks.
NEAR_ENOUGH = 1e-10
LOOKS_MAX = 100
# USD a share and day: less is no cost at all.
NOTHING = 1e-100
# Newton's steps before the prices at which markets drop out are halved instead: they hinder him.
NEWTON_MAX = 6
# An allocation that is better by less than this part of it is no better.
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class Pool:
    """One market, in USD, shares and days.

    reward      paid a day for the whole of the score, R
    weight      what a share of ours scores at its distance: ((v - s) / v)^2, w
    competing   the score of all others, C
    cost        of a share and day besides capital, less what its fills earn; may be less than nothing, c
    capital     USD that a share binds, k
    least, most shares, between which the size has to lie, or be nothing
    """

    reward: float
    weight: float
    competing: float
    cost: float = 0.0
    capital: float = 1.0
    least: float = 0.0
    most: float = inf

    def __post_init__(self) -> None:
        """Raises ValueError for what has no answer: without competition or a least size, less is always better."""
        numbers = (self.reward, self.weight, self.competing, self.cost, self.capital, self.least)
        positive = min(self.reward, self.weight, self.capital, self.competing + self.least) > 0
        if not (all(map(isfinite, numbers)) and positive and min(self.competing, self.least, self.most) >= 0):
            raise ValueError(f"not a pool that can be shared in: {self}")

    def income(self, size: float) -> float:
        """USD a day of `size` shares: what the pool pays less the running cost."""
        scored = size * self.weight
        return self.reward * scored / (scored + self.competing) - self.cost * size if size > 0 else 0.0

    @property
    def worth(self) -> float:
        """The price of capital, USD a day and USD, below which it takes part."""
        if self.most < self.least or self.most == 0:
            return -inf
        if self.least == 0:
            return (self.reward * self.weight / self.competing - self.cost) / self.capital
        return self.income(self.least) / (self.capital * self.least)

    def wanted(self, price: float = 0.0) -> float:
        """The size that earns most if it takes part, while a USD of capital costs `price` a day: n(lambda)."""
        net = self.cost + price * self.capital
        if net < NOTHING:
            return self.most
        free = (sqrt(self.reward * self.weight * self.competing / net) - self.competing) / self.weight
        return min(max(free, self.least), self.most)


@dataclass(frozen=True, slots=True)
class Allocation:
    """Shares of every pool in their order, USD a day that they earn, and the USD that they bind.

    `price` is what one more USD would earn a day; `bound` is what no allocation can exceed.
    """

    sizes: tuple[float, ...]
    income: float
    capital: float
    price: float
    bound: float


def allocate(pools: Sequence[Pool], capital: float) -> Allocation:
    """Share `capital` USD (infinity for no limit) among pools.

    Raises ValueError for capital below nothing, and where nothing at all limits a size.
    """
    if not capital >= 0 or (capital == inf and any(pool.cost <= 0 and pool.most == inf for pool in pools)):
        raise ValueError(f"{capital} USD cannot be shared: it is below nothing, or nothing limits a size")
    return _Search(pools, capital).run()


class _Row(NamedTuple):
    """A pool as the search needs it: free size = a / sqrt(c + price k) - b."""

    a: float
    b: float
    cost: float
    capital: float
    least: float
    most: float
    worth: float
    number: int


class _Found(NamedTuple):
    """The price at which the capital is spent, what is in at it, and what only just is not (all or nothing)."""

    price: float
    rows: list[_Row]
    torn: list[_Row]


class _Search:
    """Branch and bound over the markets that are torn between in and out; nearly always none or one."""

    def __init__(self, pools: Sequence[Pool], capital: float) -> None:
        self._pools = pools
        self._capital = capital
        self._work = 0
        self._best: tuple[float, float, dict[int, float]] = (0.0, 0.0, {})
        # The bound of each node (negated), a number that only tells nodes apart, its rows, and the one that is torn.
        self._open: list[tuple[float, int, list[_Row], int]] = []

    def run(self) -> Allocation:
        rows = [_row(pool, number) for number, pool in enumerate(self._pools) if pool.worth > 0]
        self._follow(rows)
        heap = self._open
        while heap and -heap[0][0] > self._best[0] * (1 + EQUAL) and self._work <= WORK_MAX:
            _, _, rows, chosen = heappop(heap)
            self._follow([row for row in rows if row.number != chosen])
            self._follow([row._replace(worth=inf) if row.number == chosen else row for row in rows])
        income, price, sizes = self._best
        income, bound = self._trimmed(sizes, income), -heap[0][0] if heap else income
        told = tuple(sizes.get(number, 0.0) for number in range(len(self._pools)))
        return Allocation(told, income, self._used(sizes), price, max(income, bound))

    def _follow(self, rows: list[_Row]) -> None:
        """Note the best that surely is possible with these; where one is torn, note what it may be at most."""
        if _floor(rows) > self._capital:
            return
        found = _solve(rows, self._capital, self._spend)
        if not found.torn:
            self._note(found)
            return
        # Those that are in for sure, with all the capital.
        self._note(_solve([row._replace(worth=inf) for row in found.rows], self._capital, self._spend))
        sizes = self._sizes(found)
        bound = self._income(sizes) + found.price * (self._capital - self._used(sizes))
        heappush(self._open, (-bound, self._work, rows, found.torn[0].number))

    def _note(self, found: _Found) -> None:
        sizes = self._sizes(found)
        income = self._income(sizes)
        if income > self._best[0]:
            self._best = (income, found.price, sizes)

    def _trimmed(self, sizes: dict[int, float], income: float) -> float:
        """Take what rounding spends too much from the one with the most to give; returns the income."""
        excess = self._used(sizes) - self._capital
        if excess <= 0:
            return income
        spare = {number: size - self._pools[number].least for number, size in sizes.items()}
        number = max(spare, key=lambda number: spare[number] * self._pools[number].capital)
        sizes[number] -= min(spare[number], excess / self._pools[number].capital)
        return self._income(sizes)

    def _used(self, sizes: Mapping[int, float]) -> float:
        return sum(self._pools[number].capital * size for number, size in sizes.items())

    def _sizes(self, found: _Found) -> dict[int, float]:
        return {row.number: self._pools[row.number].wanted(found.price) for row in found.rows}

    def _income(self, sizes: Mapping[int, float]) -> float:
        return sum(self._pools[number].income(size) for number, size in sizes.items())

    def _spend(self, looks: int) -> None:
        self._work += looks


def _solve(rows: list[_Row], capital: float, spend: Callable[[int], None]) -> _Found:
    """The price at which what is wanted binds just the capital; too much is wanted at `low`, not so at `high`."""
    low = max(0.0, max((-row.cost / row.capital for row in rows if row.most == inf), default=0.0))
    high = 2 * max((_ceiling(row) for row in rows), default=0.0) + NEAR_ENOUGH  # beyond every price that may be it
    rows = [row for row in rows if row.worth > low]
    price = low
    for look in range(LOOKS_MAX):
        spend(len(rows))
        wanted, slope, edge = _wanted(rows, price)
        if abs(wanted - capital) <= NEAR_ENOUGH * capital or (wanted <= capital and price == 0):
            break
        if wanted > capital:
            low = price
            rows = [row for row in rows if row.worth > low]
        elif wanted + edge > capital:
            torn = [row for row in rows if row.worth == price and row.least > 0]
            return _Found(price, [row for row in rows if row.worth > price], torn)
        else:
            high = price
        edges = [row.worth for row in rows if low < row.worth < high and row.least > 0] if look >= NEWTON_MAX else []
        price = price - (wanted - capital) / slope if slope and wanted < inf else low
        if edges:
            price = sorted(edges)[len(edges) // 2]
        elif not low < price < high:
            price = (low + high) / 2
        if not low < price < high:
            price = high
            break
    return _Found(price, [row for row in rows if row.worth > price], [])


def _wanted(rows: Iterable[_Row], price: float) -> tuple[float, float, float]:
    """Capital wanted at a price, its derivative, and what more would be wanted just below."""
    total = slope = edge = 0.0
    for a, b, cost, capital, least, most, worth, _ in rows:
        if worth <= price:
            edge += capital * least if worth == price else 0.0
            continue
        net = cost + price * capital
        if net < NOTHING:
            total += capital * most
            continue
        root = sqrt(net)
        size = a / root - b
        if size >= most:
            size = most
        elif size <= least:
            size = least
        else:
            slope -= a * capital * capital / (2 * net * root)
        total += capital * size
    return total, slope, edge


def _row(pool: Pool, number: int) -> _Row:
    a, b = sqrt(pool.reward * pool.competing / pool.weight), pool.competing / pool.weight
    return _Row(a, b, pool.cost, pool.capital, pool.least, pool.most, pool.worth, number)


def _ceiling(row: _Row) -> float:
    """A price from which on it wants no more than it must."""
    floor = ((row.a / (row.least + row.b)) ** 2 - row.cost) / row.capital
    return floor if row.worth == inf else max(floor, row.worth)


def _floor(rows: Iterable[_Row]) -> float:
    """The capital of those that have to take part."""
    return sum(row.capital * row.least for row in rows if row.worth == inf)

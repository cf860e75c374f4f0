"""Water-filling over 1,000 markets beside plain bisection on the price of capital: python -m benchmarks.allocation.

Both get the same seeded markets, a third of them with a least size, and purses from nearly nothing to nearly enough.
The peer halves the price sixty times and leaves out what does not pay; it spends what is left over by least sizes on
nothing, so that it may earn a little less and never more.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf, sqrt
from random import Random
from statistics import median

from pmm.core.allocation import Pool, allocate

MARKETS = 1_000
ROUNDS = 15
PURSES = (100.0, 1_000.0, 5_000.0, 20_000.0, 200_000.0)
BUDGET_MS = 5.0
HALVINGS = 60


def markets(count: int, seed: int = 1) -> list[Pool]:
    dice = Random(seed)
    return [
        Pool(
            reward=dice.uniform(1, 500),
            weight=dice.uniform(0.05, 1),
            competing=dice.uniform(100, 50_000),
            cost=dice.uniform(-0.002, 0.01),
            capital=dice.uniform(0.9, 1),
            least=dice.choice((0, 0, 20, 50, 100, 200)),
            most=dice.choice((500, 2_000, inf)),
        )
        for _ in range(count)
    ]


def bisection(pools: Sequence[Pool], capital: float) -> float:
    """USD a day that the peer earns."""
    low, high = 0.0, max(pool.worth for pool in pools)
    for _ in range(HALVINGS):
        price = (low + high) / 2
        if sum(pool.capital * _wanted(pool, price) for pool in pools) > capital:
            low = price
        else:
            high = price
    return sum(pool.income(_wanted(pool, high)) for pool in pools)


def _wanted(pool: Pool, price: float) -> float:
    if price >= pool.worth:
        return 0.0
    net = pool.cost + price * pool.capital
    if net <= 0:
        return pool.most
    free = (sqrt(pool.reward * pool.weight * pool.competing / net) - pool.competing) / pool.weight
    return min(max(free, pool.least), pool.most)


def _income(pools: Sequence[Pool], capital: float) -> float:
    return allocate(pools, capital).income


def _timed(act: Callable[[], float]) -> tuple[float, float]:
    """Median milliseconds and what it returned."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        told = act()
        took.append(time.perf_counter_ns() - began)
    return median(took) / 1e6, told


def main() -> int:
    pools, worst = markets(MARKETS), 0.0
    print(f"{MARKETS} markets, median of {ROUNDS} rounds; at most {BUDGET_MS:g} ms")
    heads = ("purse", "ours ms", "peer ms", "ratio", "ours USD/day", "peer USD/day", "missed at most")
    print(" ".join(f"{head:>14}" for head in heads))
    for purse in PURSES:
        told = allocate(pools, purse)
        ours, income = _timed(partial(_income, pools, purse))
        peer, theirs = _timed(partial(bisection, pools, purse))
        worst = max(worst, ours)
        row = (purse, ours, peer, peer / ours, income, theirs, told.bound - told.income)
        print(" ".join(f"{number:14,.2f}" for number in row))
    return 0 if worst <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())

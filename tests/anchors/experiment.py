"""The numerical experiment of Avellaneda and Stoikov (2008), section 3.3, for any pair of quotes.

A mid that moves by +-sigma sqrt(dt) each step, and fills on either side with probability lambda dt, taken literally and
capped at one, where lambda = A exp(-k distance).  The exact Poisson probability 1 - exp(-lambda dt) brings 10 to 12 %
less profit: it is here to show that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

# Distance of the bid below the mid and of the ask above it, for an inventory and a time that is left.
Quotes = Callable[[int, float], tuple[float, float]]

# Inventories for which quotes are tabulated; those beyond quote as the last one does.
REACH = 80
# Paths that are walked together: what fits into a cache.
BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class World:
    """The paper's parameters (strategy reference, 4.1): mid and money in USD, time in units of the horizon."""

    sigma: float = 2.0
    horizon: float = 1.0
    steps: int = 200
    intensity: float = 140.0
    decay: float = 1.5
    poisson: bool = False

    @property
    def dt(self) -> float:
        return self.horizon / self.steps


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the paths came to; `ce` is the certainty equivalent at the risk aversion of the run."""

    spread: float
    profit: float
    profit_std: float
    final: float
    final_std: float
    ce: float


def run(quotes: Quotes, gamma: float, paths: int, seed: int, world: World | None = None) -> Outcome:
    """Walk so many paths and tell their means and deviations."""
    world = world or World()
    tables = [_table(quotes, world.horizon - step * world.dt) for step in range(world.steps)]
    dice = np.random.default_rng(seed)
    profits, finals, spreads = [], [], []
    left = paths
    while left > 0:
        count = min(left, BLOCK)
        profit, final, spread = _walk(tables, count, dice, world)
        profits.append(profit)
        finals.append(final)
        spreads.append(spread * count)
        left -= count
    profit, final = np.concatenate(profits), np.concatenate(finals)
    return Outcome(
        sum(spreads) / paths,
        float(profit.mean()),
        float(profit.std()),
        float(final.mean()),
        float(final.std()),
        certainty_equivalent(profit, gamma),
    )


def certainty_equivalent(profit: np.ndarray, gamma: float) -> float:
    """-ln(mean exp(-gamma profit)) / gamma, shifted so that nothing overflows."""
    least = float(profit.min())
    return least - log(float(np.exp(-gamma * (profit - least)).mean())) / gamma


def _table(quotes: Quotes, left: float) -> np.ndarray:
    """Distances by inventory from -REACH to REACH: bid, ask."""
    return np.array([quotes(held, left) for held in range(-REACH, REACH + 1)]).T.copy()


def _walk(
    tables: list[np.ndarray], count: int, dice: np.random.Generator, world: World
) -> tuple[np.ndarray, np.ndarray, float]:
    dt, step_size = world.dt, world.sigma * sqrt(world.dt)
    mid, cash = np.zeros(count), np.zeros(count)
    held = np.zeros(count, dtype=np.int64)
    spread = 0.0
    for table in tables:
        chances = np.minimum(world.intensity * dt * np.exp(-world.decay * table), 1.0)
        if world.poisson:
            chances = 1.0 - np.exp(-world.intensity * dt * np.exp(-world.decay * table))
        row = np.clip(held + REACH, 0, 2 * REACH)
        below, above = table[0][row], table[1][row]
        bought = dice.random(count) < chances[0][row]
        sold = dice.random(count) < chances[1][row]
        cash += sold * (mid + above) - bought * (mid - below)
        held += bought.astype(np.int64) - sold.astype(np.int64)
        spread += float((below + above).mean())
        mid += np.where(dice.integers(0, 2, count, dtype=np.int8), step_size, -step_size)
    return cash + held * mid, held, spread / len(tables)


def symmetric(average: float) -> Quotes:
    """Half of a constant spread on either side, whatever is held."""
    return lambda _held, _left: (average / 2, average / 2)

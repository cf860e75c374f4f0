"""The true probability of an event: a random walk of its log-odds with a pull home and occasional jumps.

This is the one place of the pretend venue that works with floats: nobody trades on the truth itself, only on prices.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pmm.model import MILLISECOND, SECOND, Nanos
from pmm.sim.dice import Dice

# How finely the walk is drawn; finer changes nothing that a trader who wakes twice a second could see.
STEP = 250 * MILLISECOND
_STEPS_PER_MINUTE = 60 * SECOND / STEP


@dataclass(frozen=True, slots=True)
class TruthParams:
    """How the true probability moves.

    drift_per_minute        deviation of the log-odds after one minute without jumps: 0.06 is 1.5 cents at 50 %
    pull_per_minute         the part of the distance to the starting log-odds that is taken back in a minute
    jump_every_s            mean seconds between two pieces of news
    jump_size               deviation of the jump of the log-odds that one piece of news causes
    floor, ceiling          the walk is reflected here, so prices stay where quoting makes sense
    """

    drift_per_minute: float = 0.06
    pull_per_minute: float = 0.04
    jump_every_s: float = 150.0
    jump_size: float = 0.16
    floor: float = 0.08
    ceiling: float = 0.92


class Truth:
    """The walk of one market; `probability` is its present value."""

    def __init__(self, params: TruthParams, start: float, pace: float, dice: Dice) -> None:
        self._params = params
        self._dice = dice
        self._low, self._high = _log_odds(params.floor), _log_odds(params.ceiling)
        self._home = self._odds = min(max(_log_odds(start), self._low), self._high)
        self._sigma = params.drift_per_minute * math.sqrt(pace / _STEPS_PER_MINUTE)
        self._pull = params.pull_per_minute * pace / _STEPS_PER_MINUTE
        self._jump_chance = pace * STEP / SECOND / params.jump_every_s
        self.probability = _probability(self._odds)

    def wake(self, now: Nanos) -> Nanos:  # noqa: ARG002 - steps are equal
        """Move by one step and return the time until the next one."""
        odds = self._odds + self._dice.gauss(0.0, self._sigma) + self._pull * (self._home - self._odds)
        if self._dice.random() < self._jump_chance:
            odds += self._dice.gauss(0.0, self._params.jump_size)
        self._odds = _reflect(odds, self._low, self._high)
        self.probability = _probability(self._odds)
        return STEP


def _reflect(value: float, low: float, high: float) -> float:
    if value < low:
        value = 2 * low - value
    elif value > high:
        value = 2 * high - value
    return min(max(value, low), high)


def _log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))

"""Coherent probabilities of the outcomes of an event: the nearest ones that sum to 1.

Prices p_i of claims of which exactly one pays are moved in log-odds by one common step (strategy reference, 3.5):

    mu_i = expit(logit p_i + lambda),    sum of mu_i = 1

That is the smallest divergence D = sum of [mu_i ln(mu_i / p_i) + (1 - mu_i) ln((1 - mu_i) / (1 - p_i))] from the prices
among all coherent probabilities (the Bregman projection of a per-claim LMSR); D itself measures, in units of its
liquidity, how far the prices were from coherent.  The sum grows with lambda, so that its root is found by Newton's
method inside a bracket that always holds it: where a step leaves the bracket, it is halved instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# A price of a claim is never surer than this, so that log-odds stay finite: far below the finest tick (1e-4).
SURE = 1e-9
# Newton doubles the digits with every step; halving alone needs fewer than this for any bracket that SURE allows.
STEPS_MAX = 80
# What is left of the sum is spread over all outcomes: far less than any price can show.
TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Projection:
    """`probabilities` sum to 1; `shift` is lambda, in log-odds."""

    prices: tuple[float, ...]
    probabilities: tuple[float, ...]
    shift: float

    @property
    def divergence(self) -> float:
        """D, in units of liquidity: how far the prices were from coherent; 0 where they were."""
        return max(0.0, math.fsum(map(_divergence, self.probabilities, self.prices)))


def project(prices: Sequence[float]) -> Projection:
    """The coherent probabilities nearest to these prices; 0 and 1 are taken for nearly so.

    Raises ValueError for fewer than two prices, as what alone may happen has no odds, and for one outside [0, 1].
    """
    if len(prices) < 2 or not all(0 <= price <= 1 for price in prices):
        raise ValueError("an event has two prices from 0 to 1 at least")
    inside = tuple(min(max(price, SURE), 1 - SURE) for price in prices)
    logits = [math.log(price / (1 - price)) for price in inside]
    shift = _root(logits)
    moved = [_expit(x + shift) for x in logits]
    total = math.fsum(moved)
    return Projection(inside, tuple(mu / total for mu in moved), shift)


def _root(logits: Sequence[float]) -> float:
    """Where the moved probabilities sum to 1: between the steps that bring the largest, and the smallest, to 1/n."""
    even = -math.log(len(logits) - 1)
    low, high = even - max(logits), even - min(logits)
    shift = min(max(0.0, low), high)
    for _ in range(STEPS_MAX):
        moved = [_expit(x + shift) for x in logits]
        excess = math.fsum(moved) - 1
        if abs(excess) <= TOLERANCE:
            break
        low, high = (low, shift) if excess > 0 else (shift, high)
        slope = math.fsum(mu * (1 - mu) for mu in moved)
        step = shift - excess / slope if slope > 0 else low
        following = step if low < step < high else (low + high) / 2
        if following == shift:
            break
        shift = following
    return shift


def _expit(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    odds = math.exp(x)
    return odds / (1 + odds)


def _divergence(mu: float, price: float) -> float:
    """Of one claim."""
    against = (1 - mu) * math.log((1 - mu) / (1 - price)) if mu < 1 else 0.0
    return against + (mu * math.log(mu / price) if mu > 0 else 0.0)

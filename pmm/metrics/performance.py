"""How well a run quoted: how long, how near, how much it held, and what of the reward was ours.

Shares of time are shares of samples, which are taken at equal distances: `samples` come of one market, oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pmm.core.step import RewardSample
from pmm.metrics.sample import Sample
from pmm.model import SECOND, ConditionId, Money, Nanos, Price, Size

DAY: Nanos = 86_400 * SECOND
# Two samples further apart than this belong to different sittings: nothing is said of the time between them.
APART_MAX: Nanos = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Performance:
    """Of one market; shares are 0 to 1, None where there was nothing to take a share of.

    `uptime` with both sides working while there was a price; `at_best` and `one_tick` of the sides that worked, no
    worse than the best price of others, or at most a tick; `mean_held` and `most_held` in micro-shares of either
    outcome; `reward_share` of what scored, `reward` what that pays; `drawdown` the greatest fall of equity.
    """

    samples: int
    span: Nanos
    uptime: float | None
    at_best: float | None
    one_tick: float | None
    mean_held: Size
    most_held: Size
    reward_share: float | None
    reward: Money
    drawdown: Money
    equity: Money | None


def performance(samples: Sequence[Sample], tick: Price = 100) -> Performance:
    """The figures of one market's samples."""
    priced = [one for one in samples if one.mid2 is not None]
    behind = [distance for one in priced for distance in _behind(one)]
    held = [abs(one.position) for one in samples]
    curve = [one.equity for one in samples if one.equity is not None]
    return Performance(
        samples=len(samples),
        span=sum(gap for gap, _ in _gaps(samples)),
        uptime=_share(one.bid is not None and one.ask is not None for one in priced),
        at_best=_share(distance <= 0 for distance in behind),
        one_tick=_share(distance <= tick for distance in behind),
        mean_held=sum(held) // len(held) if held else 0,
        most_held=max(held, default=0),
        reward_share=_reward_share(samples),
        reward=sum(gap * _rate(one) for gap, one in _gaps(samples)) // DAY,
        drawdown=drawdown(curve),
        equity=curve[-1] if curve else None,
    )


def drawdown(curve: Iterable[Money]) -> Money:
    """The greatest fall from a height before it, never negative."""
    peak, deepest = None, 0
    for equity in curve:
        peak = equity if peak is None else max(peak, equity)
        deepest = max(deepest, peak - equity)
    return deepest


def together(markets: Mapping[ConditionId, Sequence[Sample]]) -> list[tuple[Nanos, Money]]:
    """Equity of all markets over time; one that has no price keeps its last equity."""
    known: dict[ConditionId, Money] = {}
    curve: list[tuple[Nanos, Money]] = []
    for at, market, sample in sorted(_told(markets), key=lambda told: told[:2]):
        if sample.equity is not None:
            known[market] = sample.equity
        if curve and curve[-1][0] == at:
            curve.pop()
        curve.append((at, sum(known.values())))
    return curve


def _told(markets: Mapping[ConditionId, Sequence[Sample]]) -> Iterable[tuple[Nanos, ConditionId, Sample]]:
    return ((one.at, market, one) for market, samples in markets.items() for one in samples)


def _behind(one: Sample) -> Iterable[Price]:
    """By how much each side that works is worse than the best price of others."""
    if one.bid is not None and one.best_bid is not None:
        yield one.best_bid - one.bid
    if one.ask is not None and one.best_ask is not None:
        yield one.ask - one.best_ask


def _share(hits: Iterable[bool]) -> float | None:
    told = list(hits)
    return sum(told) / len(told) if told else None


def _gaps(samples: Sequence[Sample]) -> Iterable[tuple[Nanos, Sample]]:
    """How long each sample held until the next one, where they are of one sitting."""
    return ((after.at - one.at, one) for one, after in pairwise(samples) if after.at - one.at <= APART_MAX)


def _reward_share(samples: Sequence[Sample]) -> float | None:
    """The mean share of what scored; a sample where nothing did counts as none of ours."""
    shares = [one.reward_share for one in samples if one.reward_share is not None]
    return sum(shares) / len(shares) if shares else None


def _rate(one: Sample) -> Money:
    """What the market pays us a day as long as it stays as it is."""
    if one.own_score is None or one.others_score is None or one.reward_per_day is None:
        return 0
    return RewardSample(one.at, one.market, one.own_score, one.others_score, one.reward_per_day).rate

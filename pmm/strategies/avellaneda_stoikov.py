"""Avellaneda and Stoikov (2008): the mid is a Brownian motion, fills thin out with distance, utility is exponential.

    r = s - q gamma sigma^2 tau                                  reservation price (8), (29)
    ask - bid = gamma sigma^2 tau + (2/gamma) ln(1 + gamma/k)    around it (30)

High-frequency trading in a limit order book, Quantitative Finance 8(3), 217-224.  It knows no bound of the inventory,
no jumps and no adverse selection, and near the end of its horizon it quotes tightest and without skew, which is the
worst moment for a claim that is about to resolve: here it is an anchor to compare others with, not what to trade with.

Orders of D shares obey the same formulas with gamma D for gamma and inventory counted in orders (strategy reference,
1.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.calendar import end_of
from pmm.core.fill_curve import learnt, margin
from pmm.core.ladder import Rungs, ladder, unquotable
from pmm.core.view import Targets, Term, View
from pmm.model import GRID, SECOND, SHARE

DAY_S = 86_400.0


def reservation(mid: float, position: float, gamma: float, variance: float, horizon: float) -> float:
    """r = s - q gamma sigma^2 tau: what one more share is worth to whoever holds `position` of them (USD).

    `variance` is sigma^2 in USD^2 per second, `horizon` tau in seconds, or both in any one unit of time.
    """
    return mid - position * gamma * variance * horizon


def spread(gamma: float, variance: float, horizon: float, decay: float) -> float:
    """Ask minus bid in USD: gamma sigma^2 tau + (2/gamma) ln(1 + gamma/k), whatever is held."""
    return gamma * variance * horizon + 2 * margin(gamma, decay)


def average_spread(gamma: float, variance: float, horizon: float, decay: float) -> float:
    """The mean of `spread` over the whole horizon: gamma sigma^2 T / 2 + (2/gamma) ln(1 + gamma/k)."""
    return spread(gamma, variance, horizon / 2, decay)


def distances(position: float, gamma: float, variance: float, horizon: float, decay: float) -> tuple[float, float]:
    """How far below the mid the bid is and how far above it the ask, in USD; either may be negative."""
    shift = reservation(0.0, position, gamma, variance, horizon)
    half = spread(gamma, variance, horizon, decay) / 2
    return half - shift, half + shift


@dataclass(frozen=True, slots=True)
class AvellanedaStoikovParams:
    """`gamma` in 1/USD for one share, `decay` k of fills in 1/USD.  The horizon ends with the market, and is `horizon`
    seconds long at most.  `volatility` in USD per square root of a day is believed where less is measured, and `decay`
    as long as few takers were seen: 1/k is how deep they reach.
    """

    gamma: float = 0.01
    decay: float = 100.0
    volatility: float = 0.03
    horizon: float = DAY_S
    rungs: Rungs = field(default_factory=Rungs)


class AvellanedaStoikov:
    name = "avellaneda_stoikov"

    def __init__(self, params: AvellanedaStoikovParams | None = None) -> None:
        self.params = params or AvellanedaStoikovParams()

    def decide(self, view: View) -> Targets:
        params, mid2 = self.params, view.mid2
        problem = unquotable(view, params.rungs.size)
        if problem or mid2 is None:
            return Targets(reason=problem)
        mid, held, left = mid2 / 2 / GRID, params.rungs.held(view.position), self._left(view)
        gamma = params.gamma * params.rungs.size / SHARE
        variance = max(view.signals.variance, params.volatility**2 / DAY_S)
        worth = reservation(mid, held, gamma, variance, left)
        decay = self._decay(view)
        half = spread(gamma, variance, left, decay) / 2
        terms = (
            Term("mid", mid, "USD"),
            Term("position", view.position / SHARE, "shares"),
            Term("variance", variance, "USD^2/s"),
            Term("time left", left, "s"),
            Term("decay of fills", decay, "1/USD"),
            Term("reservation price", worth, "USD"),
            Term("half spread", half, "USD"),
        )
        return ladder(view, worth - half, worth + half, params.rungs, terms)

    def _decay(self, view: View) -> float:
        """k in 1/USD: nobody trades nearer to the price than half a tick."""
        signals = view.signals
        reach = max(signals.reach, view.market.tick / 2 / GRID)
        return 1 / learnt(1 / self.params.decay, reach, signals.takers)

    def _left(self, view: View) -> float:
        """Seconds to the end of the horizon."""
        end, longest = end_of(view.market), self.params.horizon
        return longest if end is None else min(max(end - view.at, 0) / SECOND, longest)

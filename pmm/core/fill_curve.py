"""How fills thin out with distance: lambda(d) = A exp(-k d).

`A` is the rate of fills of one order at distance 0 (1/s) and `k` how fast it falls (1/USD).  Where distance is the only
thing that matters, a maker with exponential utility and risk aversion gamma asks for (1/gamma) ln(1 + gamma/k) on
either side: Avellaneda and Stoikov (2008), equation (30), and Gueant, Lehalle and Fernandez-Tapia (2013).

gamma is in 1/USD and belongs to orders of one share.  For orders of D shares it is gamma D, and inventory is counted in
orders: profit per share of an order then obeys the same equations.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p, sqrt

# So many takers that were seen say as much as what was believed before any was.
PRIOR_TAKERS = 20.0


@dataclass(frozen=True, slots=True)
class Problem:
    """What the quotes of a maker are the best answer to, if its inventory is bounded.

    `sigma` in USD per square root of a second, `arrival` A in 1/s, `decay` k in 1/USD, `gamma` in 1/USD for one order,
    `limit` Q in orders, `impact` xi, by which a fill moves the price, in USD.  Formulas: Gueant, Lehalle and
    Fernandez-Tapia (2013), strategy reference, 1.2.
    """

    sigma: float
    arrival: float
    decay: float
    gamma: float
    limit: int
    impact: float = 0.0

    @property
    def alpha(self) -> float:
        """k gamma sigma^2 / 2 in 1/s: what holding costs."""
        return self.decay * self.gamma * self.sigma**2 / 2

    @property
    def eta(self) -> float:
        """A (1 + gamma/k)^-(1 + k/gamma) exp(-k xi / 2) in 1/s: what fills bring."""
        return intensity(self.arrival, self.gamma, self.decay) * exp(-self.decay * self.impact / 2)

    @property
    def margin(self) -> float:
        """The distance that is the same on both sides whatever is held, in USD."""
        return margin(self.gamma, self.decay) + self.impact / 2

    @property
    def skew(self) -> float:
        """G in USD: how much further one order more of inventory shifts both quotes."""
        return sqrt(self.alpha / self.eta) / self.decay


def margin(gamma: float, decay: float) -> float:
    """(1/gamma) ln(1 + gamma/k) in USD: half of what a spread is for its fills alone; 1/k for gamma = 0."""
    share = gamma / decay
    return log1p(share) / gamma if share > 1e-12 else 1 / decay


def intensity(arrival: float, gamma: float, decay: float) -> float:
    """eta = A (1 + gamma/k)^-(1 + k/gamma) in 1/s: the rate of fills at the margin, weighed by what they are worth.

    It is A/e for gamma = 0.
    """
    return arrival * exp(-(1 + gamma / decay) * margin(gamma, decay) * decay)


def learnt(believed: float, measured: float, takers: float) -> float:
    """What to believe of the curve after so many takers, who showed what was `measured`."""
    return believed + (measured - believed) * takers / (takers + PRIOR_TAKERS)

"""Gueant, Lehalle and Fernandez-Tapia (2013): Avellaneda-Stoikov with a bound of the inventory, exact and stationary.

With alpha = k gamma sigma^2 / 2 and eta = A (1 + gamma/k)^-(1 + k/gamma), the factors v_q of the value function solve

    dv_q/dt = alpha q^2 v_q - eta (v_{q-1} + v_{q+1}),   v_q(T) = exp(-k xi q^2 / 2),   |q| <= Q

and the best quotes lie at

    bid distance = (1/k) ln(v_q / v_{q+1}) + (1/gamma) ln(1 + gamma/k) + xi/2        none at q = Q
    ask distance = (1/k) ln(v_q / v_{q-1}) + (1/gamma) ln(1 + gamma/k) + xi/2        none at q = -Q

where xi is the adverse move that a fill brings (eta falls by exp(-k xi / 2)).  Long before the end they come near

    bid distance = (1/gamma) ln(1 + gamma/k) + xi/2 + (2q + 1)/2 G
    ask distance = (1/gamma) ln(1 + gamma/k) + xi/2 - (2q - 1)/2 G
    G = sqrt(sigma^2 gamma / (2 k A) (1 + gamma/k)^(1 + k/gamma) exp(k xi / 2)) = sqrt(alpha/eta) / k

Dealing with the inventory risk, Mathematics and Financial Economics 7, 477-507.  Inventory is counted in orders.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from math import ceil, exp, log, sqrt

from pmm.core.fill_curve import Problem
from pmm.core.ladder import Rungs, ladder, unquotable
from pmm.core.view import Targets, Term, View
from pmm.model import GRID, SHARE

DAY_S = 86_400.0
HOUR_S = 3_600.0

# Inventories that a table may hold: its time grows with the third power.
LIMIT_MAX = 100
# What the last fill may cost at the end, in units of 1/k: beyond, nobody would trade at all.
TERMINAL_MAX = 20.0
# A chunk of time in units of the fastest rate: within it no value grows beyond what a float holds.
CHUNK = 30.0
# A term of a series that is so small a part of its sum does not count.
NEGLIGIBLE = 1e-17
# What a chunk of time changes at least while the values are not stationary yet.
SETTLED = 1e-12
# After so many Q^2 units of the fastest rate nothing is left of the slowest mode: a test holds it against the modes.
STATIONARY = 80.0
# Tables are kept for volatilities that differ by this part, so that a new one is not needed at every move.
COARSE = 1.05
# What a fill is held to move the price by at most, in units of 1/k: beyond, the model would not trade at all.
IMPACT_MAX = 2.0
# Halvings of an interval until a float cannot tell its ends apart.
HALVINGS = 200


@dataclass(frozen=True, slots=True)
class GlftParams:
    """`gamma` in 1/USD for one share, `arrival` A in fills per hour and `decay` k in 1/USD of one order.  `volatility`
    in USD per square root of a day is believed where less is measured.

    `exact` takes the table for the bound of the inventory instead of the closed form, with `horizon` seconds left, None
    for an end that never comes; it does not ask for what fills move the price by.
    """

    gamma: float = 0.05
    arrival: float = 10.0
    decay: float = 100.0
    volatility: float = 0.03
    exact: bool = False
    horizon: float | None = None
    rungs: Rungs = field(default_factory=Rungs)


class Glft:
    name = "glft"

    def __init__(self, params: GlftParams | None = None) -> None:
        self.params = params or GlftParams()

    def decide(self, view: View) -> Targets:
        params, mid2 = self.params, view.mid2
        problem = unquotable(view, params.rungs.size)
        if problem or mid2 is None:
            return Targets(reason=problem)
        mid, held, situation = mid2 / 2 / GRID, params.rungs.held(view.position), self._situation(view)
        far = self._distances(held, situation)
        terms = (
            Term("mid", mid, "USD"),
            Term("position", view.position / SHARE, "shares"),
            Term("volatility", situation.sigma, "USD/s^1/2"),
            Term("impact of a fill", situation.impact, "USD"),
            Term("margin", situation.margin, "USD"),
            Term("skew of an order", situation.skew, "USD"),
            *(
                Term(f"{side} distance", one, "USD")
                for side, one in (("bid", far.bid), ("ask", far.ask))
                if one is not None
            ),
        )
        bid = mid - (situation.margin if far.bid is None else far.bid)
        ask = mid + (situation.margin if far.ask is None else far.ask)
        return ladder(view, bid, ask, params.rungs, terms)

    def _situation(self, view: View) -> Problem:
        """What is to be answered, for orders of the size of the best level."""
        params, signals = self.params, view.signals
        sigma = max(sqrt(signals.variance), params.volatility / sqrt(DAY_S))
        impact = max((signals.bid_markout + signals.ask_markout) / 2, 0.0)
        return Problem(
            COARSE ** ceil(log(sigma) / log(COARSE)) if params.exact else sigma,
            params.arrival / HOUR_S,
            params.decay,
            params.gamma * params.rungs.size / SHARE,
            min(max(ceil(params.rungs.orders), 1), LIMIT_MAX),
            0.0 if params.exact else min(impact, IMPACT_MAX / params.decay),
        )

    def _distances(self, held: float, situation: Problem) -> Distances:
        if self.params.exact:
            return exact_distances(held, situation, self.params.horizon)
        return closed_distances(held, situation)


@dataclass(frozen=True, slots=True)
class Distances:
    """How far below the mid to bid and how far above it to ask, in USD; None where inventory is at its bound."""

    bid: float | None
    ask: float | None


def closed_distances(position: float, problem: Problem, drift: float = 0.0) -> Distances:
    """The stationary closed form; `position` in orders, `drift` of the mid in USD per second.

    It knows no bound by itself: quotes that would pass it are left out here.
    """
    lean = drift * problem.skew / (problem.gamma * problem.sigma**2) if drift else 0.0
    bid = problem.margin + (2 * position + 1) / 2 * problem.skew - lean
    ask = problem.margin - (2 * position - 1) / 2 * problem.skew + lean
    return _bounded(position, problem.limit, bid, ask)


def exact_distances(position: float, problem: Problem, horizon: float | None = None) -> Distances:
    """The exact quotes with `horizon` seconds left, None for an end that never comes.

    Between two whole inventories they are interpolated.  Raises ValueError for what `log_values` refuses.
    """
    values, decay, limit = log_values(problem, horizon), problem.decay, problem.limit
    down = [(values[abs(held)] - values[abs(held + 1)]) / decay for held in range(-limit, limit)]
    bid = problem.margin + _between(down, position + limit)
    ask = problem.margin + _between(down, limit - position)
    return _bounded(position, limit, bid, ask)


@lru_cache(maxsize=512)
def log_values(problem: Problem, horizon: float | None = None) -> tuple[float, ...]:
    """ln(v_q / v_0) for q = 0..Q, which is the same for -q; kept for the problems that were asked for last.

    Values are held as logarithms and advanced as ratios to their neighbours, so that nothing underflows near |q| = Q.
    Raises ValueError for a limit outside 1..`LIMIT_MAX`, and for an impact that would stop all trading at the end.
    """
    if not 1 <= problem.limit <= LIMIT_MAX:
        raise ValueError(f"a limit of {problem.limit} orders is not within 1 to {LIMIT_MAX}")
    fastest = 2 * (problem.alpha * problem.limit**2 + problem.eta)
    if horizon is None or fastest * horizon > STATIONARY * problem.limit**2:
        return _stationary(problem)
    penalty = problem.decay * problem.impact / 2
    if penalty * (2 * problem.limit - 1) > TERMINAL_MAX:
        raise ValueError(f"an impact of {problem.impact} USD leaves nothing to trade for")
    logs = [-penalty * held**2 for held in range(problem.limit + 1)]
    left, settled = horizon, False
    while left > 0 and not settled:
        before = logs
        left, logs = _advance(problem, logs, left)
        settled = all(abs(new - old) < SETTLED for new, old in zip(logs, before, strict=True))
    return tuple(logs)


def _advance(problem: Problem, logs: list[float], left: float) -> tuple[float, list[float]]:
    """One chunk of time further from the end: exp(chunk (c - M)) applied as a series without a negative term.

    Even inventories only: what comes from -1 to 0 comes from 1 as well.  Returns the time that is left.
    """
    last, eta = problem.limit, problem.eta
    stay = [problem.alpha * (last**2 - held**2) for held in range(last + 1)]
    grow = [eta * exp(new - old) for old, new in pairwise(logs)]
    out = [2 * grow[0], *grow[1:], 0.0]
    back = [0.0, *(eta * exp(old - new) for old, new in pairwise(logs))]
    chunk = min(left, CHUNK / max(map(sum, zip(stay, out, back, strict=True))))
    term = total = [1.0] * (last + 1)
    count = 0
    while any(part > NEGLIGIBLE * whole for part, whole in zip(term, total, strict=True)):
        count += 1
        share = chunk / count
        higher, lower = [*term[1:], 0.0], [0.0, *term[:-1]]
        term = [
            share * (a * x + b * y + c * z)
            for a, x, b, y, c, z in zip(stay, term, out, higher, back, lower, strict=True)
        ]
        total = [whole + part for whole, part in zip(total, term, strict=True)]
    grown = [old + log(whole) for old, whole in zip(logs, total, strict=True)]
    return left - chunk, [value - grown[0] for value in grown]


def _stationary(problem: Problem) -> tuple[float, ...]:
    """The values long before the end: the eigenvector of the least eigenvalue, as ratios from the bound inwards."""
    low, high = -2 * problem.eta, 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _ratios(problem, middle) is None:
            high = middle
        else:
            low = middle
    ratios = _ratios(problem, low)
    assert ratios is not None, "below the least eigenvalue every ratio is positive"
    return tuple(accumulate((-log(ratio) for ratio in ratios), initial=0.0))


def _ratios(problem: Problem, eigenvalue: float) -> list[float] | None:
    """v_{q-1} / v_q for q = 1..Q at an eigenvalue, or None where it lies above the least one."""
    ratios: list[float] = []
    beyond = 0.0
    for held in range(problem.limit, 0, -1):
        ratio = (problem.alpha * held**2 - eigenvalue) / problem.eta - beyond
        if ratio <= 0:
            return None
        ratios.append(ratio)
        beyond = 1 / ratio
    return ratios[::-1] if -eigenvalue / problem.eta - 2 * beyond >= 0 else None


def _between(values: list[float], place: float) -> float:
    """A table read between its places, and as at its ends beyond them."""
    place = min(max(place, 0.0), len(values) - 1.0)
    below = min(int(place), len(values) - 2)
    return values[below] + (place - below) * (values[below + 1] - values[below])


def _bounded(position: float, limit: int, bid: float, ask: float) -> Distances:
    return Distances(bid if position < limit else None, ask if position > -limit else None)

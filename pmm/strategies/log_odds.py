"""Quote in log-odds, where inventory that is held to the end and takers that know have closed forms.

    p    fair price: its level of the last seconds, kept within the touch, and moved a little by the imbalance of the
         book and by the flow of takers
    x    = logit(p) - gamma_T q c        what another share is worth to us (CARA, which is LMSR); c is the part of the
                                         inventory that is not expected to be traded away before the end.  Among the
                                         outcomes of one event, the same as a softmax over all of them
    h    = h0 + 2 artanh(mu)             half-spread in log-odds against takers that know (Glosten-Milgrom); for each
                                         side mu is what fills cost there, by 2 p (1 - p), less what they gained on the
                                         other side: that much was the market's drift, and nobody's knowledge
    m    = (1/g) ln(1 + g/k) - tick/2    the distance in USD that fills ask for (Gueant-Lehalle-Fernandez-Tapia, g is
                                         gamma times the size of an order; half a tick comes of rounding outward).  1/k
                                         is how deep takers were seen to reach
    d    = m + G/2 + s                   inventory asks for G/2, and s is for what moves before we can:
                                         sigma sqrt(reaction / 2 pi), and jumps by their part of fills
    bid  = S(x - w h) - w d + b - G n    w widens while a market trends, in an event and near its end; n is inventory in
    ask  = S(x + w h) + w d - b - G n    orders; b is what the venue pays back for a fill, rho f (p (1 - p))^e

sigma^2 is what was measured, jumps at their rate times their size squared at least, and in addition a share of
phi(Phi^-1(p))^2 / tau, which a score with tau seconds left must still move by.  Half-spreads stay within bounds;
rounding and the clamp come last.  A working order that is near enough to where it is wanted stays where it is, for its
place in the queue.

Sources: strategy reference, 1.2 to 1.6, 1.10.  Every input pushes one way: more variance, a nearer end or costlier
fills never quote narrower, more inventory never quotes higher.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, pi, sqrt

from pmm.core import claim
from pmm.core.calendar import end_of
from pmm.core.claim import expit, logit
from pmm.core.fees import rebate_per_share
from pmm.core.fill_curve import Problem, learnt
from pmm.core.ladder import Rungs, ladder, unquotable
from pmm.core.regime import Regime
from pmm.core.signals import Signals
from pmm.core.view import Targets, Term, View
from pmm.model import GRID, SECOND, SHARE

DAY_S = 86_400.0
HOUR_S = 3_600.0
# Takers often reach through several prices, and pay more at those further out.
LEVELS = 3
# The last second of a market is as near to its end as any later one.
LEFT_MIN_S = 1.0
# The book and the flow move the fair price by no more than this, in USD, however wide the touch is.
REACH_MAX = 0.01
# GLFT's skew is linear in inventory: beyond the limit it has nothing to say.
SKEW_ORDERS_MAX = 50.0
# Rounding outward adds so much of a tick on average.
ROUNDED = 0.5


@dataclass(frozen=True, slots=True)
class LogOddsParams:
    """What no signal says.

    gamma        risk aversion for what is held to the end, 1/USD
    half_life    hours in which half of an inventory is expected to be traded away
    carry_min    part of the inventory that is carried to the end at least
    gamma_short  risk aversion for inventory that is traded away again, 1/USD
    arrival      fills per hour of an order at the fair price, believed as long as few takers were seen
    reach        the same of the ticks of distance that thin them out to 1/e: deeper books have a coarser tick
    volatility   believed where less is measured, USD per square root of a day
    score_share  part of the variance that a score would have which is believed
    jump_size    of a jump in log-odds
    reaction     seconds from a move of the market to our cancel's effect
    base         half-spread in log-odds before anything is known of fills
    trust        part of what fills cost that is expected of the next ones: a single jump is no habit
    imbalance    part of half the touch by which a wholly one-sided book moves the fair price; `flow` the same
    half_min     bounds of a half-spread, USD
    half_max
    touch        part of half the width of the touch that a half-spread is at least: a wide one knows no fair price
    tolerance    part of a half-spread by which a working order may lie elsewhere than wanted
    widen_*      factors of the half-spread
    """

    gamma: float = 0.002
    half_life: float = 6.0
    carry_min: float = 0.25
    gamma_short: float = 0.05
    arrival: float = 100.0
    reach: float = 1.25
    volatility: float = 0.03
    score_share: float = 0.25
    jump_size: float = 0.4
    reaction: float = 0.3
    base: float = 0.01
    trust: float = 0.5
    imbalance: float = 0.3
    flow: float = 0.1
    half_min: float = 0.002
    half_max: float = 0.1
    touch: float = 0.3
    tolerance: float = 0.75
    widen_trending: float = 1.15
    widen_event: float = 1.3
    widen_near_resolution: float = 1.5
    rungs: Rungs = field(default_factory=lambda: Rungs(levels=LEVELS))


@dataclass(frozen=True, slots=True)
class Prices:
    """Where to bid and to ask (USD) before rounding, and what that was made from."""

    bid: float
    ask: float
    terms: tuple[Term, ...]


class LogOdds:
    name = "log_odds"

    def __init__(self, params: LogOddsParams | None = None) -> None:
        self.params = params or LogOddsParams()

    def decide(self, view: View) -> Targets:
        problem = unquotable(view, self.params.rungs.size)
        if problem:
            return Targets(reason=problem)
        prices = self.prices(view)
        slack = self.params.tolerance * (prices.ask - prices.bid) / 2
        return ladder(view, prices.bid, prices.ask, self.params.rungs, prices.terms, slack)

    def prices(self, view: View) -> Prices:
        """The view must have a mid."""
        params = self.params
        fair, left = self._fair(view), _seconds_left(view)
        carried = max(params.carry_min, 0.5 ** (left / HOUR_S / params.half_life))
        x = _log_odds(view, fair.p, params.gamma * carried)
        variance = self._variance(view, fair.p, left)
        width = self._width(view, fair, variance)
        worth, shift = expit(x), width.skew * _held(view, params.rungs)
        bid = worth - width.of(worth - expit(x - width.bid_odds)) - shift
        ask = worth + width.of(expit(x + width.ask_odds) - worth) - shift
        terms = (
            *fair.terms(),
            Term("position", view.position / SHARE, "shares"),
            Term("carried to the end", carried),
            Term("worth of a share", worth, "USD"),
            Term("shift by inventory", 0.0 - shift, "USD"),
            Term("time left", left, "s"),
            Term("variance", variance, "USD^2/s"),
            *width.terms(),
            Term("wanted bid", bid, "USD"),
            Term("wanted ask", ask, "USD"),
        )
        return Prices(bid, ask, terms)

    def _fair(self, view: View) -> Fair:
        best_bid, best_ask, signals = view.best_bid, view.best_ask, view.signals
        assert best_bid is not None, "a market without a bid is not quoted"
        assert best_ask is not None, "a market without an ask is not quoted"
        low, high = best_bid / GRID, best_ask / GRID
        mid, half_touch = (low + high) / 2, (high - low) / 2
        level = mid if signals.level is None else max(low, min(signals.level, high))
        lean = self.params.imbalance * signals.imbalance + self.params.flow * signals.flow
        return Fair(mid, half_touch, level, max(-1.0, min(lean, 1.0)) * min(half_touch, REACH_MAX))

    def _variance(self, view: View, p: float, left: float) -> float:
        """USD^2 per second: what was measured, jumps at least, and what a score must still move by."""
        params = self.params
        jumps = view.signals.jumps * self._jump(p) ** 2
        measured = max(view.signals.variance, params.volatility**2 / DAY_S, jumps)
        score = params.score_share * claim.score_variance(p, left) if left < inf else 0.0
        return measured + score

    def _width(self, view: View, fair: Fair, variance: float) -> Width:
        params, signals, p = self.params, view.signals, fair.p
        orders = Problem(
            sqrt(variance),
            self._arrival(signals),
            1 / self._reach(view),
            params.gamma_short * params.rungs.size / SHARE,
            limit=1,
        )
        informed = [claim.informed_share(p, params.trust * cost) for cost in _costs(signals)]
        return Width(
            odds=tuple(params.base + claim.informed_half_spread(mu) for mu in informed),
            fills=max(orders.margin - ROUNDED * view.market.tick / GRID, 0.0),
            skew=orders.skew,
            late=self._late(view, p, variance),
            wide=self._widening(view.regime),
            rebate=rebate_per_share(view.market.fees, p),
            least=max(params.half_min, params.touch * fair.half_touch),
            most=params.half_max,
        )

    def _arrival(self, signals: Signals) -> float:
        """Takers of one side per second."""
        return learnt(self.params.arrival / HOUR_S, signals.arrival, signals.takers)

    def _reach(self, view: View) -> float:
        """1/k in USD."""
        tick, signals = view.market.tick / GRID, view.signals
        return learnt(self.params.reach * tick, signals.reach, signals.takers)

    def _late(self, view: View, p: float, variance: float) -> float:
        """USD lost to moves that come before our cancel: by diffusion, and by jumps in their part of fills."""
        params = self.params
        one_way = view.signals.jumps / 2
        swept = one_way / (one_way + self._arrival(view.signals))
        return sqrt(variance * params.reaction / (2 * pi)) + swept * self._jump(p)

    def _jump(self, p: float) -> float:
        """USD."""
        return self.params.jump_size * p * (1 - p)

    def _widening(self, regime: Regime) -> float:
        params = self.params
        widened = {
            Regime.TRENDING: params.widen_trending,
            Regime.EVENT: params.widen_event,
            Regime.NEAR_RESOLUTION: params.widen_near_resolution,
        }
        return widened.get(regime, 1.0)


@dataclass(frozen=True, slots=True)
class Fair:
    """`mid` and half the width of the touch of others, the price of the last seconds within that touch, and by how much
    the book and the flow move it; USD.
    """

    mid: float
    half_touch: float
    level: float
    lean: float

    @property
    def p(self) -> float:
        return max(self.mid - self.half_touch, min(self.level + self.lean, self.mid + self.half_touch))

    def terms(self) -> tuple[Term, ...]:
        return (
            Term("mid", self.mid, "USD"),
            Term("level of the last seconds", self.level, "USD"),
            Term("lean of book and flow", self.lean, "USD"),
        )


@dataclass(frozen=True, slots=True)
class Width:
    """What half-spreads are made of: `odds` of bid and ask in log-odds, `wide` a factor, everything else in USD."""

    odds: tuple[float, ...]
    fills: float
    skew: float
    late: float
    wide: float
    rebate: float
    least: float
    most: float

    @property
    def bid_odds(self) -> float:
        return self.wide * self.odds[0]

    @property
    def ask_odds(self) -> float:
        return self.wide * self.odds[1]

    def of(self, informed: float) -> float:
        """A half-spread, of which `informed` is what log-odds ask for."""
        wanted = informed + self.wide * (self.fills + self.skew / 2 + self.late) - self.rebate
        return max(self.wide * self.least, min(wanted, self.most))

    def terms(self) -> tuple[Term, ...]:
        return (
            Term("bid half-spread against the informed", self.odds[0], "logit"),
            Term("ask half-spread against the informed", self.odds[1], "logit"),
            Term("fills ask for", self.fills, "USD"),
            Term("inventory asks for", self.skew / 2, "USD"),
            Term("moves before we do", self.late, "USD"),
            Term("widened", self.wide, "times"),
            Term("rebate", self.rebate, "USD"),
        )


def _costs(signals: Signals) -> tuple[float, float]:
    """What fills of either side cost, USD per share: what one loses and the other gains, the market's drift did."""
    bid, ask = signals.bid_markout, signals.ask_markout
    return bid + min(ask, 0.0), ask + min(bid, 0.0)


def _seconds_left(view: View) -> float:
    """To the end of the market; infinite where it has none."""
    end = end_of(view.market)
    return inf if end is None else max((end - view.at) / SECOND, LEFT_MIN_S)


def _held(view: View, rungs: Rungs) -> float:
    return max(-SKEW_ORDERS_MAX, min(rungs.held(view.position), SKEW_ORDERS_MAX))


def _log_odds(view: View, p: float, gamma: float) -> float:
    """Log-odds of what one more share is worth to us, with what we hold in all outcomes of the event."""
    event, held = view.event, view.position / SHARE
    if event is None:
        return logit(p) - gamma * held
    holdings = [size / SHARE for size in event.holdings]
    holdings[event.index] = held
    priced = claim.event_log_odds(event.probabilities, holdings, gamma, event.index)
    unheld = claim.event_log_odds(event.probabilities, [0.0] * len(holdings), gamma, event.index)
    return logit(p) + priced - unheld

"""How much may hang on trades that can still fail: beyond it, only what brings the position home is quoted.

    unsettled = shares of trades that are neither confirmed nor failed, of both tokens, bought or sold
    worth     = unsettled shares at the mid of their token, in micro-USD
    share     = unsettled / (unsettled + settled shares of both tokens)

Either of two limits is enough: more worth than `max_worth`, or more than `max_percent` of the shares where they are
worth more than `least_worth`; every position is unsettled at first, and a small one that stays so costs little.  The
rule lets go at four fifths of the limit.

Settings: `rules.max_unsettled` in USD, `rules.max_unsettled_percent`, `rules.least_unsettled` in USD.  Source: up to
24.3 % of filled orders reverted in a bad week (reliability reference, point 3 of the one-page version; F18).
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import MarketFacts, RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import GRID, USD, ConditionId, Money, money_text, size_text

# Hundredths of a limit at which it lets go.
RELEASE_PERCENT = 80


@dataclass(frozen=True, slots=True)
class UnsettledLimits:
    """`max_worth` and `least_worth` in micro-USD, `max_percent` in hundredths of the shares; None is no limit."""

    max_worth: Money | None = 100 * USD
    max_percent: int | None = 90
    least_worth: Money = 50 * USD


class UnsettledShare:
    """Remembers the markets in which it has tripped."""

    name = "unsettled_share"
    per_market = True

    def __init__(self, limits: UnsettledLimits) -> None:
        self.limits = limits
        self._tripped: set[ConditionId] = set()

    def judge(self, view: RiskView) -> Standing:
        facts = view.market
        assert facts is not None, "asked for every market"
        market = facts.view.market.condition_id
        reason = self._beyond(facts, RELEASE_PERCENT if market in self._tripped else 100)
        if reason is None:
            self._tripped.discard(market)
            return ALLOW
        self._tripped.add(market)
        return Trip(Stage.REDUCE, reason)

    def _beyond(self, facts: MarketFacts, percent: int) -> str | None:
        """Why so many hundredths of a limit are passed, or None."""
        limits, worth, unsettled = self.limits, unsettled_worth(facts), facts.unsettled
        if limits.max_worth is not None and worth * 100 > limits.max_worth * percent:
            return f"{money_text(worth)} USD are not settled, {money_text(limits.max_worth)} are allowed"
        together = unsettled + facts.position.yes_held.settled + facts.position.no_held.settled
        if limits.max_percent is None or worth * 100 <= limits.least_worth * percent:
            return None
        if unsettled * 10_000 <= together * limits.max_percent * percent:
            return None
        shares, of = size_text(unsettled), size_text(together)
        return f"{shares} of {of} shares are not settled, {limits.max_percent} % are allowed"


def unsettled_worth(facts: MarketFacts) -> Money:
    """What hangs on trades that may still fail, in micro-USD rounded up; at even odds where there is no mid."""
    mid2 = facts.view.mid2 or GRID
    held = facts.position
    return -(-(held.yes_held.pending * mid2 + held.no_held.pending * (2 * GRID - mid2)) // (2 * GRID))

"""How near to its end, or to the start of its game, a market is still quoted.

    left = the earlier of the market's end and its game's start - now

Prices jump when the outcome becomes known, and whoever rests then is the one who pays: within `reduce` only what brings
the position home is quoted, within `cancel` nothing.  Once the date has passed nothing is quoted either: nobody says
how long a game lasts, and a market that trades on after its end waits for its resolution.  A market without dates is
quoted.

Settings: `rules.near_end_reduce` and `rules.near_end_cancel` in seconds.  Source: the rule near resolution of the
strategy reference, section 1.4; behaviour B097, no quotes in the last hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import SECOND, Market, Nanos

HOUR: Nanos = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class NearEndLimits:
    """Nanoseconds before the end; exactly so long before, the stage holds."""

    reduce: Nanos = 2 * HOUR
    cancel: Nanos = HOUR


class NearEnd:
    name = "near_end"
    per_market = True

    def __init__(self, limits: NearEndLimits) -> None:
        self.limits = limits

    def judge(self, view: RiskView) -> Standing:
        assert view.market is not None, "asked for every market"
        comes = _first_date(view.market.view.market)
        if comes is None:
            return ALLOW
        when, what = comes
        left = when - view.at
        if left <= self.limits.cancel:
            return Trip(Stage.CANCEL, _text(what, left, self.limits.cancel))
        if left <= self.limits.reduce:
            return Trip(Stage.REDUCE, _text(what, left, self.limits.reduce))
        return ALLOW


def _first_date(market: Market) -> tuple[Nanos, str] | None:
    known = ((market.game_starts_at, "its game begins"), (market.ends_at, "it ends"))
    return min(((when, what) for when, what in known if when is not None), default=None)


def _text(what: str, left: Nanos, limit: Nanos) -> str:
    """The limit, and not what is left, which would be another text every second."""
    return f"{what} within {limit // SECOND} s" if left > 0 else f"{what}: that time has passed"

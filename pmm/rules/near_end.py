"""How near to its end, or to the start of its game, a market is still quoted.

    left = the earlier of the market's end and its game's start - now

Prices jump when the outcome becomes known, and whoever rests then is the one who pays: within `reduce` only what brings
the position home is quoted, within `cancel` nothing.  The venue says when a game starts and never when it is over: for
`game_length` after its start nothing is quoted, then only the end counts (of most games the venue gives the start as
the end).  A market that trades on after its end waits for its resolution and is not quoted; one without dates is.

The regime (`pmm.core.regime`) knows the same dates and says how careful a model should be; this rule is what holds
whatever the model makes of that.

Settings: `rules.near_end_reduce`, `rules.near_end_cancel` and `regime.game_length` in seconds.  Source: the rule near
resolution of the strategy reference, section 1.4; behaviour B097, no quotes in the last hour.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import SECOND, Market, Nanos

HOUR: Nanos = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class NearEndLimits:
    """Nanoseconds: `reduce` and `cancel` before the date, both included, `game_length` after the start of a game."""

    reduce: Nanos = 2 * HOUR
    cancel: Nanos = HOUR
    game_length: Nanos = 6 * HOUR


class NearEnd:
    name = "near_end"
    per_market = True

    def __init__(self, limits: NearEndLimits) -> None:
        self.limits = limits

    def judge(self, view: RiskView) -> Standing:
        assert view.market is not None, "asked for every market"
        comes = self._first_date(view.market.view.market, view.at)
        if comes is None:
            return ALLOW
        when, what = comes
        left = when - view.at
        if left <= self.limits.cancel:
            return Trip(Stage.CANCEL, _text(what, left, self.limits.cancel))
        if left <= self.limits.reduce:
            return Trip(Stage.REDUCE, _text(what, left, self.limits.reduce))
        return ALLOW

    def _first_date(self, market: Market, at: Nanos) -> tuple[Nanos, str] | None:
        start, end = market.game_starts_at, market.ends_at
        game = None if start is None or at - start >= self.limits.game_length else (start, "its game begins")
        return min((date for date in (game, None if end is None else (end, "it ends")) if date), default=None)


def _text(what: str, left: Nanos, limit: Nanos) -> str:
    """The limit, and not what is left, which would be another text every second."""
    return f"{what} within {limit // SECOND} s" if left > 0 else f"{what}: that time has passed"

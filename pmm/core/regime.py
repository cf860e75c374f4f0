"""What kind of time it is in a market.

A market becomes more careful at once, and after a trend or an event it stays careful for a while, so that it does not
flap.  What the calendar says holds from its minute on and ends with it.  REDUCE_ONLY and HALTED bind every strategy; of
the others a quoting model makes what it wants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pmm.core.calendar import Calendar, CalendarLimits
from pmm.fsm import Row, Table
from pmm.model import SECOND, Nanos


class Regime(StrEnum):
    """From the freest to the most careful."""

    QUIET = "QUIET"
    TRENDING = "TRENDING"
    EVENT = "EVENT"
    NEAR_RESOLUTION = "NEAR_RESOLUTION"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"


_CALM = "neither drift nor jump for as long as such a state holds, no game, and the end is far"
_TREND = "the price drifts further than its variance explains"
_EVENT = "the whole touch jumped, or the game is about to start or runs"
_NEAR = "the end is near: a single piece of news may decide"
_CUTOFF = "the end is so near that positions are only taken home"
_OVER = "the market is closed, does not take orders, or its end has come"
_AGAIN = "the market is open again, or its end was put off"

REGIME = Table(
    "regime",
    "QUIET",
    [
        Row("QUIET", "trend", "TRENDING", _TREND),
        Row("QUIET", "event", "EVENT", _EVENT),
        Row("QUIET", "near", "NEAR_RESOLUTION", _NEAR),
        Row("QUIET", "cutoff", "REDUCE_ONLY", _CUTOFF),
        Row("QUIET", "over", "HALTED", _OVER),
        Row("TRENDING", "calm", "QUIET", _CALM),
        Row("TRENDING", "event", "EVENT", _EVENT),
        Row("TRENDING", "near", "NEAR_RESOLUTION", _NEAR),
        Row("TRENDING", "cutoff", "REDUCE_ONLY", _CUTOFF),
        Row("TRENDING", "over", "HALTED", _OVER),
        Row("EVENT", "calm", "QUIET", _CALM),
        Row("EVENT", "trend", "TRENDING", "the event is over and the price still drifts"),
        Row("EVENT", "near", "NEAR_RESOLUTION", _NEAR),
        Row("EVENT", "cutoff", "REDUCE_ONLY", _CUTOFF),
        Row("EVENT", "over", "HALTED", _OVER),
        Row("NEAR_RESOLUTION", "calm", "QUIET", _AGAIN),
        Row("NEAR_RESOLUTION", "trend", "TRENDING", _AGAIN),
        Row("NEAR_RESOLUTION", "event", "EVENT", _AGAIN),
        Row("NEAR_RESOLUTION", "cutoff", "REDUCE_ONLY", _CUTOFF),
        Row("NEAR_RESOLUTION", "over", "HALTED", _OVER),
        Row("REDUCE_ONLY", "calm", "QUIET", _AGAIN),
        Row("REDUCE_ONLY", "trend", "TRENDING", _AGAIN),
        Row("REDUCE_ONLY", "event", "EVENT", _AGAIN),
        Row("REDUCE_ONLY", "near", "NEAR_RESOLUTION", _AGAIN),
        Row("REDUCE_ONLY", "over", "HALTED", _OVER),
        Row("HALTED", "calm", "QUIET", _AGAIN),
        Row("HALTED", "trend", "TRENDING", _AGAIN),
        Row("HALTED", "event", "EVENT", _AGAIN),
        Row("HALTED", "near", "NEAR_RESOLUTION", _AGAIN),
        Row("HALTED", "cutoff", "REDUCE_ONLY", _AGAIN),
    ],
)

_TRIGGERS = {row.dest: row.trigger for row in REGIME.rows}
_RANK = {regime: rank for rank, regime in enumerate(Regime)}
# Deviations of the drift at which a trend begins, and below which it is over.
TREND_BEGINS = 3.0
TREND_ENDS = 1.5


@dataclass(frozen=True, slots=True)
class RegimeLimits:
    """`hold` is how long a trend, and the wake of a jump, last at least."""

    calendar: CalendarLimits = field(default_factory=CalendarLimits)
    hold: Nanos = 60 * SECOND


@dataclass(slots=True)
class RegimeWatch:
    """The regime of one market: `judge` it when time passed or the book moved."""

    limits: RegimeLimits = field(default_factory=RegimeLimits)
    calendar: Calendar = field(default_factory=Calendar)
    state: str = field(default=REGIME.initial)
    since: Nanos = 0

    @property
    def regime(self) -> Regime:
        return Regime(self.state)

    def judge(self, at: Nanos, *, tradable: bool, trend_score: float, jumped_at: Nanos | None) -> str | None:
        """The trigger that this moment amounts to, or None where it changes nothing.

        `trend_score` counts deviations of the drift, `jumped_at` is when the touch last jumped.
        """
        wanted = self._dated(at, tradable=tradable) or self._stirred(at, trend_score, jumped_at)
        if wanted == self.state:
            return None
        calmer = _RANK[wanted] < _RANK[Regime(self.state)]
        if calmer and self.state in ("TRENDING", "EVENT") and at - self.since < self.limits.hold:
            return None
        self.since = at
        return _TRIGGERS[wanted]

    def _dated(self, at: Nanos, *, tradable: bool) -> Regime | None:
        """What the venue and the calendar say, whatever the price does."""
        calendar = self.calendar
        if not tradable or calendar.over(at):
            return Regime.HALTED
        if calendar.cut_off(at):
            return Regime.REDUCE_ONLY
        return Regime.NEAR_RESOLUTION if calendar.near(at) else None

    def _stirred(self, at: Nanos, trend_score: float, jumped_at: Nanos | None) -> Regime:
        if self.calendar.game(at) or (jumped_at is not None and at - jumped_at < self.limits.hold):
            return Regime.EVENT
        begins = TREND_ENDS if self.state == "TRENDING" else TREND_BEGINS
        return Regime.TRENDING if abs(trend_score) >= begins else Regime.QUIET

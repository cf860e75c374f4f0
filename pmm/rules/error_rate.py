"""How many refusals a minute are tolerated: when there are more, quoting rests for a while and goes on by itself.

An error is an order that the venue refused, or a strategy that failed.  `per_minute` of them within 60 seconds cancel
everything for `cooldown`; those that a rest was taken for do not count again, those during it do.

Settings: `risk.max_errors_per_minute`, `risk.error_cooldown` in seconds.  Source: failure 9 of the reliability
reference, a venue that refuses up to 60 % of what is sent for days.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import SECOND, Nanos

MINUTE: Nanos = 60 * SECOND


@dataclass(frozen=True, slots=True)
class ErrorRateLimits:
    """`per_minute` is the count that is too many, `cooldown` the rest in nanoseconds."""

    per_minute: int = 5
    cooldown: Nanos = 60 * SECOND


class ErrorRate:
    """Remembers the last rest that it asked for, and when: refusals up to then have been counted."""

    name = "error_rate"
    per_market = False

    def __init__(self, limits: ErrorRateLimits) -> None:
        self.limits = limits
        self._counted: Nanos = -1
        self._rest: Trip | None = None

    def judge(self, view: RiskView) -> Standing:
        at, rest = view.at, self._rest
        if rest is not None and at < self._counted + self.limits.cooldown:
            return rest
        since = max(at - MINUTE, self._counted + 1)
        recent = sum(1 for _ in takewhile(lambda error: error >= since, reversed(view.account.errors)))
        if recent < self.limits.per_minute:
            return ALLOW
        reason = f"{recent} refusals within a minute, {self.limits.per_minute} are too many"
        self._counted, self._rest = at, Trip(Stage.CANCEL, reason, at + self.limits.cooldown)
        return self._rest

"""How old the knowledge of a book may be: without a change, a proof or a read for longer, nothing is quoted on it.

    age = now - when the market's book was last changed, proven by a hash or a REST read, or read over REST

Never the time since the market moved: a quiet market is compared with REST every few seconds, and each comparison that
shows the same book makes it young again.  Trust (`pmm.core.trust`, `pmm.core.silence`) already ends quoting when a
connection is silent and REST does not confirm, when hashes or reads contradict a book, and when a snapshot does not
come.  This rule is the belt to those braces: it holds whatever trust believes, in particular where data of other
markets flows through the connection and every comparison of this one fails.  A market without any book is trust's
matter alone.

Setting: `rules.stale_after` in seconds, several times the interval of comparisons (5 s).  Source: invariant I3 and
failure 2 of the reliability reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, Stage, Standing, Trip
from pmm.model import SECOND, Nanos


@dataclass(frozen=True, slots=True)
class StaleDataLimits:
    """Nanoseconds."""

    max_age: Nanos = 30 * SECOND


class StaleData:
    name = "stale_data"
    per_market = True

    def __init__(self, limits: StaleDataLimits) -> None:
        self.limits = limits

    def judge(self, view: RiskView) -> Standing:
        assert view.market is not None, "asked for every market"
        known_at, limit = view.market.data_at, self.limits.max_age
        if known_at is None or view.at - known_at <= limit:
            return ALLOW
        age = f"{(view.at - known_at) // SECOND} s"
        return Trip(Stage.CANCEL, f"nothing has proven the book for {age}, {limit // SECOND} s are allowed")

"""How many messages may be sent: a bot that sends without end is stopped from placing more.

    messages of the last second and of the last minute: placements, cancels and questions about orders

An order is refused where one more would pass either limit.  Cancels and questions are never refused: only placing is
what a runaway does of its own accord.  Limits are counts of the whole account.

Settings: `rules.messages_per_second` and `rules.messages_per_minute`.  Source: message throttles of RTS 6 article 15
(reliability reference, section 1.5); Knight Capital, 45 minutes without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pmm.core.risk_view import RiskView
from pmm.core.rule import ALLOW, OrderVerdict, Refuse, Wish
from pmm.model import SECOND, Nanos


@dataclass(frozen=True, slots=True)
class MessageRateLimits:
    per_second: int = 100
    per_minute: int = 3_000


class MessageRate:
    name = "message_rate"

    def __init__(self, limits: MessageRateLimits) -> None:
        self.limits = limits

    def check(self, wish: Wish, view: RiskView) -> OrderVerdict:  # noqa: ARG002 - whatever it would be
        sent, limits = view.account.messages, self.limits
        if _full(sent, limits.per_second, view.at - SECOND):
            return Refuse(f"{limits.per_second} messages within a second are allowed")
        if _full(sent, limits.per_minute, view.at - 60 * SECOND):
            return Refuse(f"{limits.per_minute} messages within a minute are allowed")
        return ALLOW


def _full(sent: Sequence[Nanos], limit: int, since: Nanos) -> bool:
    """Whether so many lie after a moment already: the oldest that would have to leave is still inside."""
    return len(sent) >= limit and sent[-limit] > since

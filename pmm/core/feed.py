"""Is market data flowing?  One state machine per connection, and the one question: `problem(at)`.

A connection counts as running when data has arrived, never because it is open; a PONG is not data.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.events import FeedNews
from pmm.fsm import Row, Table
from pmm.model import SECOND, Nanos

FEED = Table(
    "feed",
    "STOPPED",
    [
        Row("STOPPED", "start", "STARTING", "the bot begins to connect and subscribe"),
        Row("STARTING", "synced", "RUNNING", "the first market data has arrived"),
        Row("STARTING", "lost", "STARTING", "the socket closed before any data; the next attempt follows"),
        Row("STARTING", "stale", "STARTING", "opened anew and still silent; the next attempt follows"),
        Row("STARTING", "fail", "ERROR", "no data ever within the starting limit, or no attempt is left"),
        Row("RUNNING", "lost", "STARTING", "the socket closed, cleanly or not; the next attempt follows"),
        Row("RUNNING", "stale", "STARTING", "the socket is open but silent beyond the limit; it is opened anew"),
        Row("RUNNING", "fail", "ERROR", "no attempt is left, or a book that was subscribed never came"),
        Row("ERROR", "reset", "STOPPED", "the operator or the caller allows a new start"),
        Row("STARTING", "stop", "STOPPED", "the bot ends"),
        Row("RUNNING", "stop", "STOPPED", "the bot ends"),
        Row("ERROR", "stop", "STOPPED", "the bot ends"),
        Row("STOPPED", "stop", "STOPPED", "stopping twice is harmless"),
    ],
)


@dataclass(frozen=True, slots=True)
class FeedLimits:
    """How long silence is accepted: after opening, before the first data; and between two data frames."""

    starting: Nanos = 10 * SECOND
    stale: Nanos = 60 * SECOND


@dataclass(slots=True)
class Connection:
    """The state of one socket as its own reports and frames tell it.

    `verified_at` is when REST last showed a book that this connection carries to be right: silence is no fault then.
    """

    limits: FeedLimits
    state: str = field(default=FEED.initial)
    opened_at: Nanos | None = None
    data_at: Nanos | None = None
    verified_at: Nanos = 0
    cause: str = ""

    def on_news(self, news: FeedNews, at: Nanos) -> str | None:
        """The trigger that a report about the socket amounts to, or None where it changes nothing."""
        if news is FeedNews.OPENED:
            self.opened_at = at
            return None
        if news is FeedNews.CONNECTING:
            return "start" if self.state == "STOPPED" else None
        self.opened_at = None
        if self.state not in ("STARTING", "RUNNING"):
            return None
        return "fail" if news is FeedNews.GAVE_UP else "lost"

    def on_data(self, at: Nanos) -> str | None:
        self.data_at = at
        return "synced" if self.state == "STARTING" else None

    def overdue(self, at: Nanos) -> str | None:
        """The trigger that time alone amounts to: silence after opening, or silence of a running feed.

        A feed that never had data fails at once; one that had some may be opened anew until no attempt is left.
        """
        if self.state == "STARTING" and self.opened_at is not None and at - self.opened_at >= self.limits.starting:
            self.opened_at = None  # judged; the next opening is judged anew
            return "fail" if self.data_at is None else "stale"
        if self.state == "RUNNING" and self.silence(at) >= self.limits.stale:
            self.opened_at = None
            return "stale"
        return None

    def silence(self, at: Nanos) -> Nanos:
        """How long a running connection brought nothing that REST has not proven to be all there was to bring."""
        assert self.data_at is not None, "a running feed has seen data"
        return at - max(self.data_at, self.verified_at)

    def bookless(self, at: Nanos) -> bool:
        """Whether data flows for so long that every subscribed book should have come with it."""
        return self.state == "RUNNING" and self.opened_at is not None and at - self.opened_at >= self.limits.starting

    def problem(self, at: Nanos) -> str | None:
        """Why this connection cannot be quoted on, or None when it is healthy."""
        if self.state != "RUNNING":
            return f"feed is {self.state}" + (f": {self.cause}" if self.cause else "")
        if self.silence(at) >= self.limits.stale:
            return f"no market data for {self.silence(at) // SECOND} s"
        return None

"""What the venue allows at the moment, and when to try again (protocol reference, section 9).

A mode is believed from the answer that told it until the time that the answer gave, or a back-off, is over; then the
venue is NORMAL on trial, and the next refusal says otherwise.  What rested before a closed mode may be gone after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.step import StepBuilder
from pmm.events import VenueNews
from pmm.fsm import Row, Table
from pmm.model import SECOND, Nanos

VENUE = Table(
    "venue",
    "NORMAL",
    [
        Row("NORMAL", "normal", "NORMAL", "the venue repeats itself"),
        Row("NORMAL", "restarting", "RESTARTING", "425: the matching engine restarts"),
        Row("NORMAL", "post_only", "POST_ONLY", "503 post_only_mode: the minutes after a restart"),
        Row("NORMAL", "cancel_only", "CANCEL_ONLY", "503 cancel-only: new orders are refused, cancels are not"),
        Row("NORMAL", "disabled", "DISABLED", "503: trading is disabled, or nobody knows what the 503 means"),
        Row("RESTARTING", "elapsed", "NORMAL", "time to try again: the next refusal says otherwise"),
        Row("RESTARTING", "normal", "NORMAL", "the venue says that it is back"),
        Row("RESTARTING", "restarting", "RESTARTING", "another request was refused meanwhile"),
        Row("RESTARTING", "post_only", "POST_ONLY", "back from the restart, for makers only"),
        Row("RESTARTING", "cancel_only", "CANCEL_ONLY", "back from the restart, for cancels only"),
        Row("RESTARTING", "disabled", "DISABLED", "the restart ended in a disabled venue"),
        Row("POST_ONLY", "elapsed", "NORMAL", "the time that the venue gave is over"),
        Row("POST_ONLY", "normal", "NORMAL", "the venue says that it is back"),
        Row("POST_ONLY", "restarting", "RESTARTING", "the matching engine restarts once more"),
        Row("POST_ONLY", "post_only", "POST_ONLY", "another request was refused meanwhile"),
        Row("POST_ONLY", "cancel_only", "CANCEL_ONLY", "503 cancel-only after all"),
        Row("POST_ONLY", "disabled", "DISABLED", "503 disabled after all"),
        Row("CANCEL_ONLY", "elapsed", "NORMAL", "time to try again: the next refusal says otherwise"),
        Row("CANCEL_ONLY", "normal", "NORMAL", "the venue says that it is back"),
        Row("CANCEL_ONLY", "restarting", "RESTARTING", "425: the matching engine restarts"),
        Row("CANCEL_ONLY", "post_only", "POST_ONLY", "orders again, for makers only"),
        Row("CANCEL_ONLY", "cancel_only", "CANCEL_ONLY", "another request was refused meanwhile"),
        Row("CANCEL_ONLY", "disabled", "DISABLED", "cancels are refused as well now"),
        Row("DISABLED", "elapsed", "NORMAL", "time to try again: the next refusal says otherwise"),
        Row("DISABLED", "normal", "NORMAL", "the venue says that it is back"),
        Row("DISABLED", "restarting", "RESTARTING", "425: the matching engine restarts"),
        Row("DISABLED", "post_only", "POST_ONLY", "orders again, for makers only"),
        Row("DISABLED", "cancel_only", "CANCEL_ONLY", "cancels are taken again"),
        Row("DISABLED", "disabled", "DISABLED", "another request was refused meanwhile"),
    ],
)

# Orders of ours are post-only, so that POST_ONLY takes them.
CLOSED = {
    "RESTARTING": "the venue is restarting",
    "CANCEL_ONLY": "the venue takes cancels only",
    "DISABLED": "trading is disabled at the venue",
}
# How long the first wait is where the venue gives no time; every refused trial doubles it, up to the longest.
FIRST_WAIT = {"RESTARTING": SECOND, "CANCEL_ONLY": 5 * SECOND, "DISABLED": 5 * SECOND}
WAIT_MAX: Nanos = 30 * SECOND
# Post-only mode lasts about two minutes after a restart.
POST_ONLY_WAIT: Nanos = 120 * SECOND
# The times that a venue may give: less would let us spin, more is tried all the same.
GIVEN_MIN: Nanos = SECOND
GIVEN_MAX: Nanos = 600 * SECOND


@dataclass(slots=True)
class Venue:
    """`doubtful_since` is when a mode began that may have cost us orders, until a read made after it has shown them."""

    state: str = field(default=VENUE.initial)
    cause: str = ""
    retry_at: Nanos | None = None
    doubtful_since: Nanos | None = None
    _returned_at: Nanos | None = None
    _ended_at: Nanos | None = None
    _closed_before: bool = False
    _wait: Nanos = 0

    def on_news(self, news: VenueNews, out: StepBuilder) -> bool:
        """Take what an answer said; whether open orders have to be read now."""
        before = self.state
        returned = self._move(news.status.lower(), news.cause, out)
        if self.state == "NORMAL":
            self.retry_at = None
        elif news.retry_at is not None:
            self.retry_at = min(max(news.retry_at, news.at + GIVEN_MIN), news.at + GIVEN_MAX)
        elif self.state != before or self.retry_at is None:
            self.retry_at = news.at + self._next_wait(news.at)
        return returned

    def on_due(self, at: Nanos, out: StepBuilder) -> bool:
        """Try again when it is time; whether open orders have to be read now."""
        if self.retry_at is None or at < self.retry_at:
            return False
        self.retry_at = None
        return self._move("elapsed", "", out)

    def on_read(self, asked_at: Nanos) -> None:
        """Open orders were read: those of before are known again when the read was sent after the mode was over."""
        if self._returned_at is not None and asked_at >= self._returned_at:
            self.doubtful_since, self._closed_before = None, False

    def problem(self) -> str | None:
        """Why nothing may be placed, or None; cancels are tried always."""
        text = CLOSED.get(self.state)
        if text is not None:
            return f"{text}: {self.cause}" if self.cause else text
        return "the venue is back: open orders are read first" if self._closed_before else None

    def _move(self, trigger: str, cause: str, out: StepBuilder) -> bool:
        before, at = self.state, out.event.at
        out.move(VENUE, self, trigger, "venue", cause)
        self.cause = cause
        if self.state == before:
            return False
        if self.doubtful_since is None:
            self.doubtful_since = at
        if self.state in CLOSED:
            self._returned_at = None
            return False
        if before in CLOSED:
            self._closed_before, self._ended_at = True, at
        self._returned_at = at
        return True

    def _next_wait(self, at: Nanos) -> Nanos:
        """The wait for a mode that has just begun; longer than the last one when the trial after it failed."""
        first = FIRST_WAIT.get(self.state)
        if first is None:
            return POST_ONLY_WAIT
        failed_trial = self._ended_at is not None and at - self._ended_at < WAIT_MAX
        self._wait = min(2 * self._wait, WAIT_MAX) if failed_trial and self._wait else first
        return self._wait

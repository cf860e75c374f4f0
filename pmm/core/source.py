"""Where a market's book is read from: the socket, REST while the socket is sick, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm._fast import Book
from pmm.core.compare import load
from pmm.core.trust import FallbackLimits
from pmm.fsm import Row, Table
from pmm.model import BookPage, Nanos

SOURCE = Table(
    "source",
    "NONE",
    [
        Row("NONE", "trusted", "WEBSOCKET", "a book of the socket is trusted"),
        Row("NONE", "page", "REST", "the socket is sick for so long that REST stands in"),
        Row("WEBSOCKET", "untrusted", "NONE", "no book of the socket is trusted"),
        Row("REST", "page", "REST", "REST keeps the book warm"),
        Row("REST", "silent", "NONE", "REST does not answer any longer"),
        Row("REST", "healthy", "WEBSOCKET", "the socket was healthy without a break for the recovery delay"),
    ],
)


@dataclass(slots=True)
class Source:
    """Of one market.  `usable` says whether any connection has a trusted book of it, and since when that is so."""

    limits: FallbackLimits
    state: str = field(default=SOURCE.initial)
    usable: bool = False
    since: Nanos = 0
    read_at: Nanos | None = None
    page_at: Nanos | None = None
    book: Book | None = None

    def on_usable(self, at: Nanos, *, usable: bool) -> str | None:
        """The trigger that a change of the socket's books amounts to."""
        if usable is not self.usable:
            self.usable, self.since = usable, at
        if usable:
            return "trusted" if self.state == "NONE" else None
        return "untrusted" if self.state == "WEBSOCKET" else None

    def on_page(self, at: Nanos, page: BookPage) -> str | None:
        """Keep the book warm with a page; one whose levels make no sense is none."""
        if not self.engaged(at):
            return None
        try:
            self.book = load(page)
        except ValueError:
            return None
        self.page_at = at
        return "page"

    def engaged(self, at: Nanos) -> bool:
        """Whether REST has to stand in."""
        return self.state == "REST" or (not self.usable and at - self.since >= self.limits.after)

    def overdue(self, at: Nanos) -> str | None:
        """The trigger that time alone amounts to."""
        if self.state != "REST":
            return None
        if self.usable and at - self.since >= self.limits.recovery:
            return "healthy"
        return "silent" if self.page_at is not None and at - self.page_at >= self.limits.page_age else None

    def wants_page(self, at: Nanos) -> bool:
        """Whether the next page is due; asking is noted."""
        if not self.engaged(at) or (self.read_at is not None and at - self.read_at < self.limits.period):
            return False
        self.read_at = at
        return True

    def next_at(self, at: Nanos) -> Nanos | None:
        """When to look again."""
        if self.engaged(at):
            ahead = [(self.read_at or at) + self.limits.period]
            if self.page_at is not None:
                ahead.append(self.page_at + self.limits.page_age)
            if self.usable:
                ahead.append(self.since + self.limits.recovery)
            return min((when for when in ahead if when > at), default=at + self.limits.period)
        return None if self.usable else self.since + self.limits.after

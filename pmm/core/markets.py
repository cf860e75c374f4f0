"""One quoted market: its facts, its books, what we hold in it, and whether it may be quoted on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pmm._fast import Book
from pmm.core.book_copy import BookCopy
from pmm.core.position import Position
from pmm.core.source import SOURCE, Source
from pmm.core.step import StepBuilder
from pmm.model import GRID, ConditionId, Market, Nanos, Price


@dataclass(slots=True, eq=False)
class QuotedMarket:
    """`copies` are its books by connection, `lead` the one that is read; quoting reads the first token's book."""

    market: Market
    copies: dict[int, BookCopy]
    lead: BookCopy
    source: Source
    position: Position = field(default_factory=Position)
    dropped: bool = False
    _seen: tuple[Price | None, Price | None, str | None] | None = None
    _last_mid2: int = GRID

    @property
    def condition_id(self) -> ConditionId:
        return self.market.condition_id

    @property
    def book(self) -> Book:
        """The first token's book as its present source shows it; where there is none, as it was last known."""
        stand_in = self.source.book if self.source.state == "REST" else None
        return self.lead.book if stand_in is None else stand_in

    @property
    def held(self) -> bool:
        """Whether the book looks like the middle of a batch, so that nothing is decided on it."""
        return self.source.state == "WEBSOCKET" and self.lead.held

    def moved(self) -> bool:
        """Whether the best prices, or what forbids quoting, differ from when this was last asked."""
        if self.held:
            return False
        book = self.book
        seen = (book.best_bid, book.best_ask, self.problem())
        if seen == self._seen:
            return False
        self._seen = seen
        return True

    def mark2(self) -> int:
        """Twice the mid, or the last one there was: what holdings are valued at (even odds before the first)."""
        mid2 = self.book.mid2
        if mid2 is not None:
            self._last_mid2 = mid2
        return self._last_mid2

    def on_tick(self, tick: Price) -> None:
        if tick != self.market.tick:
            self.market = replace(self.market, tick=tick)

    def settle(self, at: Nanos, out: StepBuilder) -> None:
        """Read a trusted copy, if there is one, and say where the book is read now; orders stay where they are."""
        if not self.lead.usable:
            self.lead = next((copy for copy in self.copies.values() if copy.usable), self.lead)
        trigger = self.source.on_usable(at, usable=self.lead.usable)
        self.change_source(trigger, "" if self.lead.usable else self.lead.cause, out)

    def change_source(self, trigger: str | None, cause: str, out: StepBuilder) -> None:
        out.move(SOURCE, self.source, trigger, f"source {self.market.slug}", cause)

    def problem(self) -> str | None:
        """Why the market must not be quoted, or None."""
        if self.dropped:
            return "the market is dropped"
        if not self.market.tradable:
            return _closed(self.market)
        source = self.source
        if source.state == "NONE":
            return self._untrusted()
        if source.state == "REST" and not source.limits.quote_on_rest:
            return "the book is read over REST only, and feed.quote_on_rest is off"
        book = self.book
        if book.best_bid is None or book.best_ask is None:
            return "one side of the book is empty"
        return None

    def _untrusted(self) -> str:
        feed, copy = self.lead.feed, self.lead
        if feed.state != "RUNNING":
            return f"feed is {feed.state}" + (f": {feed.cause}" if feed.cause else "")
        if not copy.known or copy.trusted:
            return "no book yet"
        return copy.cause if copy.state == "SUSPECT" else f"the book is lost: {copy.cause}"


def _closed(market: Market) -> str:
    if market.closed:
        return "the market is closed"
    return "the market is not accepting orders" if market.active else "the market is not active"

"""One quoted market: its facts, its book, what we hold in it, and whether the book may be believed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pmm._fast import Book, Books
from pmm.core.position import Position
from pmm.model import GRID, Market, Price


@dataclass(slots=True)
class QuotedMarket:
    """`yes_index` and `no_index` name the books of the two tokens; quoting reads the first one."""

    market: Market
    yes_index: int
    no_index: int
    book: Book
    position: Position = field(default_factory=Position)
    doubtful: bool = False
    _snapshots_needed: int = 1
    _seen: tuple[Price | None, Price | None, str | None] | None = None
    _last_mid2: int = GRID

    def moved(self, books: Books) -> bool:
        """Whether the best prices, or what is wrong with the book, differ from when this was last asked."""
        seen = (self.book.best_bid, self.book.best_ask, self.problem(books))
        if seen == self._seen:
            return False
        self._seen = seen
        return True

    def mark2(self) -> int:
        """Twice the mid, or the last one there was: what holdings are valued at (even odds before the first)."""
        if self.book.mid2 is not None:
            self._last_mid2 = self.book.mid2
        return self._last_mid2

    def on_tick(self, tick: Price) -> None:
        self.market = replace(self.market, tick=tick)

    def forget(self, books: Books) -> None:
        """Believe the book again only after one more snapshot."""
        self._snapshots_needed = books.snapshots(self.yes_index) + 1

    def problem(self, books: Books) -> str | None:
        """Why the book must not be quoted on, or None."""
        if books.snapshots(self.yes_index) < self._snapshots_needed:
            return "no book yet"
        if self.book.best_bid is None or self.book.best_ask is None:
            return "one side of the book is empty"
        return self.doubt(books)

    def doubt(self, books: Books) -> str | None:
        """What cannot be true of the book, or None."""
        bid, ask = self.book.best_bid, self.book.best_ask
        if bid is not None and ask is not None and bid >= ask:
            return "the book is crossed"
        if not books.agrees(self.yes_index):
            return "the book contradicts the venue's best prices"
        return None

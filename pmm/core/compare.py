"""A book read over REST against ours: the same, older, ahead of us, or a contradiction.

Both carry the venue's time of the book's last change.  A page is a statement about our book only when it is not older
than it.
"""

from __future__ import annotations

from enum import StrEnum

from pmm._fast import ASK, BID, Book
from pmm.model import BookPage, Level


class Comparison(StrEnum):
    EQUAL = "equal"
    OLDER = "older"  # read before our newest change: no statement
    AMBIGUOUS = "ambiguous"  # the same millisecond and other levels: one of the two is in the middle of it
    AHEAD = "ahead"  # the venue changed something that the socket has not brought yet


def compare(page: BookPage, book: Book, timestamp_ms: int) -> Comparison:
    """Judge our book, last changed at `timestamp_ms`, by a page."""
    if same_levels(page, book):
        return Comparison.EQUAL
    if page.timestamp_ms < timestamp_ms:
        return Comparison.OLDER
    return Comparison.AHEAD if page.timestamp_ms > timestamp_ms else Comparison.AMBIGUOUS


def same_levels(page: BookPage, book: Book) -> bool:
    """Whether every level of both sides is the same."""
    return _pairs(page.bids) == book.levels(BID) and _pairs(page.asks) == book.levels(ASK)


def load(page: BookPage) -> Book:
    """The page as a book.  Raises ValueError for levels off its own tick."""
    book = Book(page.tick or 1)
    book.load(_pairs(page.bids), _pairs(page.asks))
    return book


def _pairs(levels: tuple[Level, ...]) -> list[tuple[int, int]]:
    return [(level.price, level.size) for level in levels]

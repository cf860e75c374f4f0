"""Check the hashes that messages carry against the books that follow from them (data reference, section 3).

A message may already carry the hash of a state that the next messages bring, so one that does not match stays open for
some messages and a moment.  The hash covers the price of the last trade, which changes before anybody is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from pmm._fast import GRID, Book, Books
from pmm.model import MILLISECOND, ConditionId, Nanos, Price, TokenId, last_trade_text, size_text
from pmm.recordings.facts import Facts

# The venue's own batches of one moment were never longer (data reference, section 3).
MESSAGES_MAX = 8
OPEN_MAX: Nanos = 100 * MILLISECOND
RECENT_MAX = 4


@dataclass
class HashCounts:
    """How the hashes fared: equal at once, equal after messages that came with them, never; or cut off before that."""

    matched: int = 0
    explained: int = 0
    unexplained: int = 0
    undecided: int = 0


@dataclass
class LastTrade:
    """The price of the last trade of a market as books carry it; None until something proves it.

    `recent` are the prices of its newest changes: what follows a trade is hashed with one of them before it is told.
    """

    text: str | None = None
    recent: deque[Price] = field(default_factory=lambda: deque(maxlen=RECENT_MAX))


@dataclass
class _Open:
    """A hash that has not matched.  `book` is what it came with, and `tried` are the last trades it was tried with."""

    at: Nanos
    timestamp: str
    hash: str
    book: Book
    tried: set[str] = field(default_factory=set)
    left: int = MESSAGES_MAX


class HashCheck:
    """The hashes of one token on one connection."""

    def __init__(
        self, books: Books, token: TokenId, market: ConditionId, fact: Facts, last: LastTrade, counts: HashCounts
    ) -> None:
        index = books.index(token)
        assert index is not None, "only tokens that are followed are checked"
        self._books, self._index = books, index
        self._token, self._market, self._fact, self._last, self._counts = token, market, fact, last, counts
        self._open: list[_Open] = []

    def look(self, at: Nanos, prices: Iterable[Price]) -> None:
        """Judge the book after a message that touched it; `prices` are those that the message carried for it."""
        self._last.recent.extendleft(prices)
        self._open = [one for one in self._open if not self._closed(one, at)]
        reported = self._books.reported_hash(self._index)
        if not reported:
            return
        book = self._books.book(self._index)
        one = _Open(at, str(self._books.timestamp_ms(self._index)), reported, book)
        texts = self._texts()
        if self._equal(one, book, texts):
            self._counts.matched += 1
        else:
            one.book, one.tried = book.copy(), set(texts)
            self._open.append(one)

    def end(self) -> None:
        """Nothing more comes: what is open cannot be decided."""
        self._counts.undecided += len(self._open)
        self._open = []

    def _closed(self, one: _Open, at: Nanos) -> bool:
        texts = self._texts()
        news = [text for text in texts if text not in one.tried]
        one.tried.update(news)
        # Either the book has got there, or the trade that the hash already knew of has become known.
        if self._equal(one, self._books.book(self._index), texts) or self._equal(one, one.book, news):
            self._counts.explained += 1
            return True
        one.left -= 1
        if one.left <= 0 and at - one.at > OPEN_MAX:
            self._counts.unexplained += 1
            return True
        return False

    def _equal(self, one: _Open, book: Book, texts: Iterable[str]) -> bool:
        """Whether a book has that hash; what proves true about the market is remembered."""
        flags = [self._fact.neg_risk] if self._fact.neg_risk is not None else [False, True]
        min_size = size_text(self._fact.min_size)
        for text in texts:
            for flag in flags:
                if book.hash(self._market, self._token, one.timestamp, min_size, flag, text) == one.hash:
                    self._last.text, self._fact.neg_risk = text, flag
                    return True
        return False

    def _texts(self) -> list[str]:
        """What the last trade may be: what is known, or the price of a recent change in the terms of either token."""
        recent = (
            text for price in self._last.recent for text in (last_trade_text(price), last_trade_text(GRID - price))
        )
        return list(dict.fromkeys([self._last.text or "", *recent]))

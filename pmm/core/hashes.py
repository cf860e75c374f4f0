"""The hash of the whole book that every message carries: does ours give the same?

What goes into a hash beside the book is known from the market's facts, except for the price of the last trade, which
changes before the venue tells (data reference, section 3): the candidates are what is known and what the newest change
allows.  One hash in twenty already contains the next messages, so a mismatch stays open for a while; it is closed by a
later match, or when the book has become the one that it stands for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pmm._fast import Books
from pmm.core.trust import TrustLimits
from pmm.model import GRID, ConditionId, Market, Nanos, Price, TokenId, last_trade_text, size_text

# Trades whose own events may still come after the hashes of the next ones: so many prices are remembered.
TRADES_KEPT = 4
# Mismatches of one token that are kept open; the oldest one decides, the newer ones only close earlier.
OPEN_MAX = 8


@dataclass(frozen=True, slots=True)
class Facts:
    """What goes into a hash beside the book."""

    condition_id: ConditionId
    tokens: tuple[TokenId, ...]
    min_size: str
    neg_risk: bool

    @classmethod
    def of(cls, market: Market) -> Facts:
        tokens = tuple(token.token_id for token in market.tokens)
        return cls(market.condition_id, tokens, size_text(market.min_size), market.neg_risk)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A hash that was not that of the book when it came."""

    hash: str
    timestamp: str
    at: Nanos
    message: int


@dataclass(slots=True)
class TokenHashes:
    """The open mismatches of one token of one connection.

    `explained` once any hash of it was understood; `newest` is the hash of the message with the newest time.
    """

    number: int
    index: int
    open: deque[Mismatch] = field(default_factory=lambda: deque(maxlen=OPEN_MAX))
    explained: bool = False
    newest: tuple[str, int] = ("", 0)

    def forget(self) -> None:
        """What comes next has nothing to do with what was."""
        self.open.clear()
        self.newest = ("", 0)


@dataclass(slots=True)
class HashWatch:
    """The hashes of one market on one connection."""

    facts: Facts
    tokens: tuple[TokenHashes, TokenHashes]
    trades: deque[str] = field(default_factory=lambda: deque([""], maxlen=TRADES_KEPT))
    messages: int = 0

    @property
    def mismatched(self) -> bool:
        """Whether a mismatch waits for what may explain it."""
        return bool(self.tokens[0].open or self.tokens[1].open)

    def refresh(self, facts: Facts) -> None:
        """Other facts, or another tick: whether hashes are understood has to show again."""
        self.facts = facts
        for token in self.tokens:
            token.explained = False
            token.forget()

    def forget(self) -> None:
        for token in self.tokens:
            token.forget()

    def note_price(self, price: Price) -> None:
        """The tape says that a trade took place at this price."""
        self.note_trade(last_trade_text(price))

    def note_trade(self, text: str) -> None:
        """The last trade may be this one."""
        if self.trades[0] != text:
            if text in self.trades:
                self.trades.remove(text)
            self.trades.appendleft(text)

    def note_snapshot(self, books: Books, indices: Iterable[int]) -> None:
        """Whole books of these tokens have come; the price in them is that of the market, whichever token traded."""
        for index in indices:
            price = books.last_trade(index)
            if price is not None:
                self.note_price(price)

    def note_possible(self, price: Price) -> None:
        """A REST read says that this was the last trade; what the stream says is tried first."""
        text = last_trade_text(price)
        if text not in self.trades:
            if len(self.trades) == TRADES_KEPT:
                self.trades.pop()
            self.trades.append(text)

    def check(self, token: TokenHashes, books: Books, at: Nanos) -> bool | None:
        """Judge the newest hash of a token: True proves the whole book, None says nothing."""
        proven = self._verify(token, books, self.trades[0])
        if proven is None:
            return None
        reported = books.reported_hash(token.index)
        stamp = books.timestamp_ms(token.index)
        late = stamp < token.newest[1]
        if not late:
            token.newest = reported, stamp
        if proven or self._guess(token, books):
            token.explained = True
            return self._gone_back(token, books, at) if late else self._close(token)
        closed = self._close_older(token, books)
        if closed is not None and int(closed.timestamp) >= stamp:
            return self._close(token)  # this message came late: the book is already that of a newer one
        self._open(token, Mismatch(reported, str(stamp), at, self.messages))
        return False

    def overdue(self, at: Nanos, limits: TrustLimits) -> TokenHashes | None:
        """A token with a mismatch that nothing has closed in time."""
        for token in self.tokens:
            if token.open:
                oldest = token.open[0]
                if at - oldest.at >= limits.grace or self.messages - oldest.message >= limits.grace_messages:
                    return token
        return None

    def _gone_back(self, token: TokenHashes, books: Books, at: Nanos) -> bool:
        """A message came late and its hash is that of the book: right only where the newest one says the same."""
        newest, stamp = token.newest
        if any(self._hash(token, books, str(stamp), text) == newest for text in self.trades):
            return self._close(token)
        if all(mismatch.hash != newest for mismatch in token.open):
            self._open(token, Mismatch(newest, str(stamp), at, self.messages))
        return False

    @staticmethod
    def _close(token: TokenHashes) -> bool:
        """Everything is explained."""
        if token.open:
            token.open.clear()
        return True

    @staticmethod
    def _open(token: TokenHashes, mismatch: Mismatch) -> None:
        if len(token.open) < OPEN_MAX:
            token.open.append(mismatch)

    def _guess(self, token: TokenHashes, books: Books) -> bool:
        """Whether any last trade that there may have been explains the newest hash."""
        for text in self._candidates(token.index, books):
            if self._verify(token, books, text):
                self.note_trade(text)
                return True
        return False

    def _verify(self, token: TokenHashes, books: Books, trade: str) -> bool | None:
        facts = self.facts
        return books.verify(token.index, facts.condition_id, facts.min_size, facts.neg_risk, trade)

    def _hash(self, token: TokenHashes, books: Books, timestamp: str, trade: str) -> str:
        facts, book = self.facts, books.book(token.index)
        token_id = facts.tokens[token.number]
        return book.hash(facts.condition_id, token_id, timestamp, facts.min_size, facts.neg_risk, trade)

    def _candidates(self, index: int, books: Books) -> Iterable[str]:
        """Every last trade there may have been, likely ones first; the newest known one was tried already."""
        seen = {self.trades[0]}
        for text in self._possible(index, books):
            if text not in seen:
                seen.add(text)
                yield text

    def _possible(self, index: int, books: Books) -> Iterator[str]:
        for changed, _, price, _ in books.changes:
            if changed == index:
                yield last_trade_text(price)
                yield last_trade_text(GRID - price)
        yield from tuple(self.trades)
        yield ""

    def _close_older(self, token: TokenHashes, books: Books) -> Mismatch | None:
        """Close the newest open mismatch that the book has become equal to meanwhile, and all before it."""
        for place in range(len(token.open) - 1, -1, -1):
            old = token.open[place]
            if any(self._hash(token, books, old.timestamp, text) == old.hash for text in self.trades):
                for _ in range(place + 1):
                    token.open.popleft()
                return old
        return None

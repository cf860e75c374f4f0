"""One market's two books as one connection tells them, and how far they are believed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmm._fast import Book, Books
from pmm.core.feed import Connection
from pmm.core.hashes import Facts, HashWatch, TokenHashes
from pmm.core.trust import TRUST, Evidence
from pmm.model import GRID, BookPage, ConditionId, Market, Nanos, TokenId


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something that cannot be true of a book, and since when it is seen; the middle of a batch looks like it."""

    evidence: Evidence
    text: str
    at: Nanos


@dataclass(frozen=True, slots=True)
class Ahead:
    """REST showed a book, read at `at`, that the socket has not brought."""

    page: BookPage
    at: Nanos


@dataclass(slots=True, eq=False)
class BookCopy:
    """`yes` and `no` name the books of the two tokens in the kernel of the connection.

    `believed_at` is when a snapshot or a proof last made it trusted.  `changed_at` and `proof_at` are receive times of
    the newest change and of the newest proof; `newest_ms` is the venue's time of the newest message that was proven,
    since a time can be spoiled like everything else.  `asked_ms` is the venue's millisecond whose proven book was asked
    for again because REST showed another one.  `retry_at` is when a read that failed is tried once more.
    """

    slug: str
    connection: int
    feed: Connection
    books: Books
    tokens: tuple[TokenId, TokenId]
    yes: int
    no: int
    book: Book
    mirror: Book
    hashes: HashWatch
    quoted: bool
    listed_at: Nanos
    state: str = field(default=TRUST.initial)
    since: Nanos = 0
    cause: str = ""
    believed_at: Nanos = 0
    changed_at: Nanos = 0
    proof_at: Nanos = 0
    failing_since: Nanos | None = None
    retry_at: Nanos | None = None
    retried: bool = False
    newest_ms: int = 0
    contradiction: Contradiction | None = None
    ahead: Ahead | None = None
    unchecked_at: Nanos | None = None
    unchecked_since: Nanos | None = None
    unchecked: set[int] = field(default_factory=set)
    asked_at: Nanos | None = None
    asked_ms: int = 0
    compared_at: Nanos | None = None
    doubts: deque[Nanos] = field(default_factory=deque)
    doubted: int = 0
    _lost: tuple[int, int] = (1, 1)
    _asked: tuple[int, int] = (1, 0)
    _seen: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return f"book {self.slug} on {self.connection}"

    @property
    def condition_id(self) -> ConditionId:
        return self.hashes.facts.condition_id

    @property
    def trusted(self) -> bool:
        return self.state == "TRUSTED"

    @property
    def usable(self) -> bool:
        """Whether it may be quoted on: believed, on a connection through which data flows."""
        return self.state == "TRUSTED" and self.feed.state == "RUNNING"

    @property
    def held(self) -> bool:
        """Whether the book looks like the middle of a batch: nothing is decided on it until it makes sense again."""
        return self.contradiction is not None

    @property
    def known(self) -> bool:
        """Whether there ever was a book."""
        return self.books.snapshots(self.yes) > 0

    @property
    def timestamp_ms(self) -> int:
        """The venue's time of the newest change of the first token's book."""
        return self.books.timestamp_ms(self.yes)

    def fresh(self, number: int) -> bool:
        """Whether the changes of a token (0 or 1) mean anything: its snapshot has come since the book was lost."""
        return self.books.snapshots(self.no if number else self.yes) >= self._lost[number]

    def corrections(self) -> Iterator[int]:
        """How many levels each snapshot of the last frame changed that came to a book which meant something."""
        differences, counts = self.books.differences, self._counts()
        for number, index in enumerate((self.yes, self.no)):
            levels = [count for at, count in differences if at == index]
            yield from levels[max(0, self._lost[number] - (counts[number] - len(levels))) :]

    def restored(self) -> bool:
        """Whether every snapshot has come that trust waits for."""
        yes, no = self._counts()
        return yes >= self._asked[0] and no >= self._asked[1]

    def new_snapshot(self) -> bool:
        """Whether a snapshot of either token has come since this was last asked."""
        counts, seen = self._counts(), self._seen
        self._seen = counts
        return counts != seen

    def forget(self) -> None:
        """Changes are missing: neither book means anything before its next snapshot; quoting reads only the first."""
        yes, no = self._counts()
        self._lost, self._asked = (yes + 1, no + 1), (yes + 1, 0)
        self._drop_open()

    def await_snapshots(self) -> None:
        """Something is wrong with one of the two: trust waits for a snapshot of each that there is."""
        yes, no = self._counts()
        self._asked = (yes + 1, no + 1 if no else 0)
        self._drop_open()

    def nonsense(self) -> tuple[Evidence, str] | None:
        """What cannot be true of the two books after a whole batch, or None."""
        books, bid, ask = self.books, self.book.best_bid, self.book.best_ask
        if bid is not None and ask is not None and bid >= ask:
            return Evidence.CROSSED, "the book is crossed"
        if not books.agrees(self.yes):
            return Evidence.TOUCH, "the book contradicts the venue's best prices"
        if not self.fresh(1):
            return None
        if not books.agrees(self.no):
            return Evidence.TOUCH, "the other token's book contradicts the venue's best prices"
        other_bid, other_ask = self.mirror.best_bid, self.mirror.best_ask
        if bid != (None if other_ask is None else GRID - other_ask) or ask != (
            None if other_bid is None else GRID - other_bid
        ):
            return Evidence.MIRROR, "the books of the two tokens are not each other's mirror"
        return None

    def _counts(self) -> tuple[int, int]:
        return self.books.snapshots(self.yes), self.books.snapshots(self.no)

    def _drop_open(self) -> None:
        self.contradiction = self.ahead = self.unchecked_at = self.unchecked_since = None
        self.retry_at, self.retried = None, False
        self.unchecked.clear()
        self.hashes.forget()


def open_copy(market: Market, connection: int, feed: Connection, books: Books, at: Nanos, *, quoted: bool) -> BookCopy:
    """Follow a market's tokens in the kernel of a connection."""
    yes, no = (books.add(token.token_id, market.tick) for token in market.tokens)
    watch = HashWatch(Facts.of(market), (TokenHashes(0, yes), TokenHashes(1, no)))
    return BookCopy(
        market.slug,
        connection,
        feed,
        books,
        (market.yes, market.no),
        yes,
        no,
        books.book(yes),
        books.book(no),
        watch,
        quoted,
        listed_at=at,
        since=at,
    )

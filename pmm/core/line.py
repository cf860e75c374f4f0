"""One connection: its socket's state, its own kernel, and the copies of books that come through it.

A kernel of its own means that losing one connection forgets nothing of another, and that two connections with the same
token never write into one book.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pmm._fast import Books
from pmm.commands import Reconnect
from pmm.core.agenda import Agenda
from pmm.core.book_copy import BookCopy, Contradiction
from pmm.core.feed import FEED, Connection
from pmm.core.resync import Reconnects, believe, doubt, lose
from pmm.core.step import StepBuilder
from pmm.core.trust import Evidence, TrustLimits, Verify
from pmm.events import Frame
from pmm.model import SECOND, Nanos

# As `Books.trades` has it: index of the token's book, taker's side (0 BUY, 1 SELL), price, size, the venue's time.
Print: TypeAlias = tuple[int, int, int, int, int]

# In sampled mode a book that changes without a break is checked at least so often.
UNCHECKED_MAX: Nanos = SECOND


@dataclass(slots=True)
class Tally:
    """What happened on a connection and moved nothing: for the record of a run.

    `hashes` judged, `mismatches` of them open at first, `unexplained` where the rule was never understood; messages
    with a time `backwards`; `corrections`, snapshots in the middle of a stream that changed levels, and how many
    `corrected_levels`.
    """

    hashes: int = 0
    mismatches: int = 0
    unexplained: int = 0
    backwards: int = 0
    corrections: int = 0
    corrected_levels: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """`copies` by the index of either token in `books`; `agenda` is where later looks are noted.

    `trades` are those of the last frame.
    """

    number: int
    feed: Connection
    limits: TrustLimits
    agenda: Agenda[object]
    reconnects: Reconnects
    books: Books = field(default_factory=Books)
    copies: dict[int, BookCopy] = field(default_factory=dict)
    compare: dict[BookCopy, None] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    trades: Sequence[Print] = ()
    _second: int = 0
    _checks_left: int = 0

    @property
    def name(self) -> str:
        return f"feed {self.number}"

    def carried(self) -> Iterable[BookCopy]:
        """Every copy once."""
        return (copy for index, copy in self.copies.items() if index == copy.yes)

    # --- frames ---------------------------------------------------------------------------------------------------

    def take(self, event: Frame, out: StepBuilder) -> Iterable[BookCopy]:
        """Apply a frame and judge what it touched; returns those copies."""
        books, at = self.books, event.at
        touched = books.feed(event.data)
        if touched < 0:
            self.trades = ()
            text = f"frame refused (code {touched})"
            self.lose(Evidence.REFUSED, text, out)
            self.reconnects.want(text)
            return tuple(self.carried())
        trades = self.trades = books.trades
        if touched == 0 and not trades:
            return ()
        self.feed.data_at = at
        if self.feed.state != "RUNNING":
            out.move(FEED, self.feed, self.feed.on_data(at), self.name, "data")
            self.agenda.note(self, at + self.limits.quiet)
        for index, _, price, _, _ in trades:
            self._trade(self.copies[index], price, at)
        if touched == 0:
            return ()
        indices = books.touched
        copies = self.copies
        first = copies[indices[0]]
        if touched == 1 or (touched == 2 and copies[indices[1]] is first):
            self._judge(first, indices, at, out)
            return (first,)
        return self._judge_many(indices, at, out)

    def lose(self, evidence: Evidence, text: str, out: StepBuilder) -> None:
        """No book of this connection means anything any more."""
        for copy in self.carried():
            lose(copy, evidence, text, out)
            self.agenda.note(copy, out.event.at + self.limits.snapshot)

    def doubt(self, copy: BookCopy, evidence: Evidence, text: str, out: StepBuilder, token: int = 0) -> None:
        """Stop believing a copy; `token` (0 or 1) is the one whose hash would prove that it was right after all."""
        copy.doubted = token
        doubt(copy, evidence, text, self.limits, self.reconnects, out)
        self.agenda.note(copy, out.event.at + self.limits.snapshot)

    def _judge_many(self, indices: list[int], at: Nanos, out: StepBuilder) -> Iterable[BookCopy]:
        groups: dict[BookCopy, list[int]] = {}
        for index in indices:
            groups.setdefault(self.copies[index], []).append(index)
        for copy, group in groups.items():
            self._judge(copy, group, at, out)
        return tuple(groups)

    def _judge(self, copy: BookCopy, indices: list[int], at: Nanos, out: StepBuilder) -> None:
        copy.changed_at = at
        copy.hashes.messages += 1
        checked = copy.new_snapshot() and self._on_snapshot(copy, indices, at, out)
        if copy.state == "LOST":
            return
        if copy.timestamp_ms < copy.newest_ms:
            self.tally.backwards += 1
        elif self.limits.verify is Verify.OFF:
            copy.newest_ms = copy.timestamp_ms
        nonsense = copy.nonsense()
        if nonsense is None:
            copy.contradiction = None
        elif copy.contradiction is None and copy.state == "TRUSTED":
            copy.contradiction = Contradiction(*nonsense, at)
            self.agenda.note(copy, at + self.limits.grace)
        if not checked and self.limits.verify is not Verify.OFF:
            self._verify(copy, indices, at, out)

    # --- snapshots ------------------------------------------------------------------------------------------------

    def _on_snapshot(self, copy: BookCopy, indices: list[int], at: Nanos, out: StepBuilder) -> bool:
        """A whole book: believed, unless it is older than what was known, or is not what its own hash says.

        Returns whether its hashes were judged here.
        """
        self._note_snapshot(copy, indices)
        if copy.fresh(0) and copy.timestamp_ms < copy.newest_ms:
            self.doubt(copy, Evidence.OLDER, "the snapshot is older than what was known", out)
            copy.await_snapshots()
            self.compare[copy] = None
            return True
        if copy.state == "TRUSTED" or not copy.restored():
            return False
        if self._spoiled(copy, indices, at):
            self.doubt(copy, Evidence.HASH, "the snapshot is not what its hash says", out)
            return True
        believe(copy, "snapshot", Evidence.SNAPSHOT, "a whole book has arrived", out)
        copy.newest_ms = copy.timestamp_ms
        return True

    def _note_snapshot(self, copy: BookCopy, indices: list[int]) -> None:
        copy.hashes.note_snapshot(self.books, indices)
        if copy.state == "TRUSTED":
            for levels in copy.corrections():
                self.tally.corrections += levels > 0
                self.tally.corrected_levels += levels

    def _spoiled(self, copy: BookCopy, indices: list[int], at: Nanos) -> bool:
        """Whether a snapshot that was asked for contradicts its own hash, where such hashes used to be understood.

        Where they never were, or not the last time either, REST is asked instead: the rule may have changed.
        """
        if self.limits.verify is Verify.OFF:
            return False
        spoiled = False
        for token in copy.hashes.tokens:
            if token.index not in indices:
                continue
            verdict = copy.hashes.check(token, self.books, at)
            self.tally.hashes += verdict is not None
            if verdict and token.number == 0:
                copy.proof_at = at
            if verdict is False:
                spoiled |= token.explained
                token.explained = False
                token.open.clear()
                self.tally.mismatches += 1
                self.compare[copy] = None
        return spoiled

    # --- hashes ---------------------------------------------------------------------------------------------------

    def _verify(self, copy: BookCopy, indices: list[int], at: Nanos, out: StepBuilder) -> None:
        """Check the hashes of a message's tokens, as far as the budget of this second goes.

        A mismatch is followed up whatever the budget says: the messages that may close it are few and come soon.
        """
        sampled = self.limits.verify is Verify.SAMPLED and not copy.hashes.mismatched
        if sampled and not self._affordable(len(indices), at):
            copy.unchecked_at = at
            copy.unchecked.update(0 if index == copy.yes else 1 for index in indices)
            if copy.unchecked_since is None:
                copy.unchecked_since = at
                self.agenda.note(copy, at + self.limits.grace)
            return
        copy.unchecked_since = None
        yes = copy.yes
        for index in indices:
            self._check(copy, 0 if index == yes else 1, at, out)

    def _affordable(self, checks: int, at: Nanos) -> bool:
        second = at // SECOND
        if second != self._second:
            self._second, self._checks_left = second, self.limits.checks_per_second
        self._checks_left -= checks
        return self._checks_left >= 0

    def _check(self, copy: BookCopy, number: int, at: Nanos, out: StepBuilder) -> None:
        if number and not copy.fresh(1):
            return
        watch = copy.hashes
        verdict = watch.check(watch.tokens[number], self.books, at)
        if verdict is None:
            return
        self.tally.hashes += 1
        if verdict:
            self._proof(copy, number, at, out)
            return
        self.tally.mismatches += 1
        self.agenda.note(copy, at + self.limits.grace)
        self._judge_hashes(copy, at, out)

    def _proof(self, copy: BookCopy, number: int, at: Nanos, out: StepBuilder) -> None:
        """The venue's hash is that of our book; it says nothing about now when it came with an old message."""
        stamp = copy.timestamp_ms
        if stamp < copy.newest_ms:
            return
        if number == 0:
            copy.proof_at, copy.newest_ms = at, stamp
        if copy.state == "SUSPECT" and number == copy.doubted and copy.nonsense() is None:
            believe(copy, "proof", Evidence.HASH, "the venue's hash is that of the book", out)

    def _trade(self, copy: BookCopy, price: int, at: Nanos) -> None:
        """The price of a trade may be what the open hashes were waiting for."""
        watch = copy.hashes
        watch.note_price(price)
        for token in watch.tokens:
            if token.open:
                watch.check(token, self.books, at)

    def _judge_hashes(self, copy: BookCopy, at: Nanos, out: StepBuilder) -> None:
        token = copy.hashes.overdue(at, self.limits)
        if token is None or copy.state != "TRUSTED":
            return
        if token.explained:
            whose = "other token's " if token.number else ""
            self.doubt(copy, Evidence.HASH, f"the {whose}book is not what the venue's hashes say", out, token.number)
        else:
            token.open.clear()
            self.tally.unexplained += 1
            self.compare[copy] = None

    # --- what is wanted -------------------------------------------------------------------------------------------

    def reconnect(self, out: StepBuilder) -> None:
        """Ask for the new connection that is wanted as its limits allow; none is where every book is trusted again."""
        if all(copy.trusted for copy in self.carried()):
            self.reconnects.drop()
            return
        self.reconnects.judge(self.carried())
        cause = self.reconnects.take(out.event.at)
        if cause:
            out.commands.append(Reconnect(self.number, cause))
        else:
            self.agenda.note(self, self.reconnects.next_at)

    def comparable(self, at: Nanos) -> Iterable[BookCopy]:
        """The books that have to be compared and may be now: each as often as the socket may need to catch up."""
        for copy in tuple(self.compare):
            due = (copy.compared_at or 0) + self.limits.catch_up
            if at >= due:
                copy.compared_at = at
                del self.compare[copy]
                yield copy
            else:
                self.agenda.note(copy, due)

    # --- time -----------------------------------------------------------------------------------------------------

    def look(self, copy: BookCopy, at: Nanos, out: StepBuilder) -> None:
        """Judge what may be overdue about a copy, and note when to look again."""
        limits = self.limits
        if copy.unchecked_since is not None and copy.unchecked_at is not None:
            due = min(copy.unchecked_at + limits.grace, copy.unchecked_since + UNCHECKED_MAX)
            if at >= due:
                copy.unchecked_since = None
                for number in sorted(copy.unchecked):  # the hash of the other one is old, and no news
                    self._check(copy, number, at, out)
                copy.unchecked.clear()
            else:
                self.agenda.note(copy, due)
        nonsense = copy.contradiction
        if nonsense is not None and copy.state == "TRUSTED":
            if at - nonsense.at >= limits.grace:
                self.doubt(copy, nonsense.evidence, nonsense.text, out)
            else:
                self.agenda.note(copy, nonsense.at + limits.grace)
        self._judge_hashes(copy, at, out)
        for token in copy.hashes.tokens:
            if token.open and copy.state == "TRUSTED":
                self.agenda.note(copy, token.open[0].at + limits.grace)

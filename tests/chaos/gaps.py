"""Differences between what the bot believes and what is true, and how long they may last.

The bound of ADR 0011, from the beginning of a difference to the moment when the book is not quoted on any more or is
right again:

    a message about that token follows   100 ms after it, by its hash; with sampled hashes up to 1.1 s more
    none does, other data flows          6.7 s: 5 s to the comparison, 1 s until it is due, 200 ms REST, 500 ms grace
    the whole connection is silent       2 s: 1 s, and the same of REST
    each REST read that fails or is old  one more period: 6 s, or 1 s in silence
    the other token's best prices        1 s: 100 ms without a frame after which they look right in passing

In a storm a second fault may strike before the first one is over, and what looks like one difference is several that
overlap: 500 ms more, since faults arrive up to 400 ms late.

The first line is for hashes that were understood before: where none ever was, they are no evidence but a reason to
compare at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from pmm.core.book_copy import BookCopy
from pmm.core.trust import Verify
from pmm.model import MILLISECOND, SECOND, Nanos
from tests.chaos.faults import Fault
from tests.chaos.truth import State

OTHER: Nanos = SECOND
OVERLAP: Nanos = 500 * MILLISECOND
HASH: Nanos = 100 * MILLISECOND
SAMPLING: Nanos = 1_100 * MILLISECOND
COMPARED: Nanos = 6_700 * MILLISECOND
COMPARE_AGAIN: Nanos = 6 * SECOND
FROZEN: Nanos = 2 * SECOND
FROZEN_AGAIN: Nanos = SECOND


@dataclass
class Gap:
    """A difference that was there while the book was quoted on: of which copy, and what became of it."""

    market: str
    connection: int
    began: Nanos
    understood: bool = True
    other: bool = False
    slack: Nanos = 0
    followed: Nanos | None = None
    heard: Nanos | None = None
    bad_reads: int = 0
    noticed: Nanos | None = None
    healed: Nanos | None = None
    evidence: str = ""

    @property
    def over(self) -> Nanos | None:
        """When nobody quoted on it any more."""
        times = [at for at in (self.noticed, self.healed) if at is not None]
        return min(times, default=None)

    def deadline(self, verify: Verify) -> Nanos:
        """When it has to be over."""
        return self.slack + self._deadline(verify)

    def _deadline(self, verify: Verify) -> Nanos:
        if self.other:
            return self.began + OTHER
        frozen = self.began + FROZEN + FROZEN_AGAIN * self.bad_reads
        if self.heard is not None and self.heard <= frozen:
            late = self.began + COMPARED + COMPARE_AGAIN * self.bad_reads
        else:
            late = frozen
        if self.followed is None or not self.understood or verify is Verify.OFF:
            return late
        return min(late, self.followed + HASH + (SAMPLING if verify is Verify.SAMPLED else 0))


@dataclass(frozen=True)
class Alarm:
    """A book was not quoted on any more although it was right."""

    market: str
    connection: int
    at: Nanos
    evidence: str


@dataclass
class Watched:
    """One copy of one market's books, and what it should show."""

    market: str
    connection: int
    copy: BookCopy | None = None
    due: deque[tuple[Nanos, State]] = field(default_factory=deque)
    truth: State | None = None
    usable: bool = False
    lost_at: Nanos | None = None
    gap: Gap | None = None
    aside: Gap | None = None

    def differs(self) -> bool:
        """Whether the book that quotes are made from is another one than the venue's."""
        copy, truth = self.copy, self.truth
        return copy is not None and truth is not None and copy.known and copy.book != truth.books[0]

    def contradicts(self) -> bool:
        """Whether the other token's best prices are wrong, and those of the first are right."""
        copy, truth = self.copy, self.truth
        if copy is None or truth is None or not copy.fresh(1):
            return False
        (yes, no), book, mirror = truth.books, copy.book, copy.mirror
        right = (book.best_bid, book.best_ask) == (yes.best_bid, yes.best_ask)
        return right and (mirror.best_bid, mirror.best_ask) != (no.best_bid, no.best_ask)

    def open(self) -> list[Gap]:
        """The differences that there are now."""
        return [gap for gap in (self.gap, self.aside) if gap is not None]


@dataclass
class Verdict:
    """What a run amounts to; times in ns.

    recoveries      from the moment when a book is not quoted on any more until it is again
    exposures       how long orders of ours were at the gateway while their book was wrong, each time
    pulls           from the doubt of a market's last book until its last order was gone
    freezes         from the first message that a dead connection lost until that was noticed, and the bad reads between
    placed_on_gap   ages of the differences on which quotes were sent
    """

    gaps: list[Gap] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    recoveries: list[Nanos] = field(default_factory=list)
    exposures: list[Nanos] = field(default_factory=list)
    pulls: list[Nanos] = field(default_factory=list)
    freezes: list[tuple[Nanos, int]] = field(default_factory=list)
    placed: int = 0
    placed_on_gap: list[Nanos] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

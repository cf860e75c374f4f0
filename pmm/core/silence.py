"""What silence says, and whom to ask about it: never the time since one market moved.

While data of any market flows through a connection, its quoted books are compared with REST reads only where no proof
came for a while.  When the whole connection is silent, its quoted books and its canary are read every second: a read
that shows news which the socket then does not bring is a frozen connection; reads that show the same books prove that
there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pmm.commands import Resubscribe
from pmm.core.book_copy import Ahead, BookCopy
from pmm.core.compare import Comparison, compare, same_levels
from pmm.core.line import Line
from pmm.core.resync import believe
from pmm.core.step import StepBuilder
from pmm.core.trust import Evidence, TrustLimits
from pmm.events import BookRead
from pmm.model import SECOND, Nanos


class Verdict(StrEnum):
    """What a read that was ahead of us amounts to."""

    CAUGHT_UP = "caught_up"
    MISSED = "missed"
    FROZEN = "frozen"


def to_compare(line: Line, at: Nanos) -> Iterable[BookCopy]:
    """The copies whose books should be read now; the question is noted on them."""
    feed, limits = line.feed, line.limits
    if feed.state != "RUNNING" or feed.data_at is None:
        return
    silent = at - feed.data_at >= limits.quiet
    for copy in line.carried():
        if copy.state != "LOST" and _due(copy, at, limits, silent=silent):
            copy.compared_at = at
            yield copy


def _due(copy: BookCopy, at: Nanos, limits: TrustLimits, *, silent: bool) -> bool:
    asked, data_at = copy.compared_at or 0, copy.feed.data_at or 0
    if silent:
        return asked < data_at + limits.quiet or at - asked >= limits.quiet
    proven = max(copy.proof_at, copy.since if copy.trusted else 0, asked)
    return copy.quoted and at - proven >= limits.compare_interval


def next_look(line: Line, at: Nanos) -> Nanos:
    """When silence is judged next: a second after the newest data, or after now."""
    quiet = line.limits.quiet
    data_at = line.feed.data_at or 0
    return data_at + quiet if data_at + quiet > at else at + quiet


def never_came(line: Line, at: Nanos) -> Iterable[BookCopy]:
    """Quoted copies that were subscribed when the connection opened and have no book though data flows for long."""
    opened_at = line.feed.opened_at
    if opened_at is None or not line.feed.bookless(at):
        return ()
    return (copy for copy in line.carried() if copy.quoted and copy.listed_at <= opened_at and not copy.known)


def on_read(line: Line, copy: BookCopy, event: BookRead, out: StepBuilder) -> None:
    """Judge a copy by a read of its first token's book."""
    if copy.state == "LOST":
        return
    if event.page is None:
        _failed(line, copy, event.at)
        return
    copy.retry_at, copy.retried = None, False
    page, at = event.page, event.at
    if page.last_trade is not None:
        copy.hashes.note_possible(page.last_trade)
    # Read so late after our newest change, and that change not proven by its own hash: another book is a contradiction.
    settled = event.asked_at - copy.changed_at >= line.limits.catch_up and copy.proof_at < copy.changed_at
    match compare(page, copy.book, copy.timestamp_ms):
        case Comparison.EQUAL:
            prove(line, copy, page.timestamp_ms, at, out)
        case Comparison.OLDER:
            copy.failing_since = copy.failing_since or at
            if settled and at - copy.failing_since >= line.limits.unverified:
                line.doubt(copy, Evidence.COMPARE, "REST reads keep showing another book", out)
        case Comparison.AMBIGUOUS if settled:
            line.doubt(copy, Evidence.COMPARE, "a REST read of the same moment shows another book", out)
        case Comparison.AMBIGUOUS if copy.proof_at < copy.changed_at:
            line.compare[copy] = None
        case Comparison.AMBIGUOUS if event.asked_at - copy.changed_at >= line.limits.catch_up:
            _ask_once(copy, page.timestamp_ms, out)
        case Comparison.AHEAD if copy.ahead is None:
            copy.ahead = Ahead(page, at)
            line.agenda.note(copy, at + line.limits.catch_up)


def _failed(line: Line, copy: BookCopy, at: Nanos) -> None:
    """A read failed: where a book waits for it to be believed again, it is tried once more."""
    copy.failing_since = copy.failing_since or at
    if copy.state == "SUSPECT" and not copy.retried:
        copy.retry_at = at + line.limits.retry
        line.agenda.note(copy, copy.retry_at)
    copy.retried = False


def retry_due(line: Line, copy: BookCopy, at: Nanos) -> bool:
    """Whether the read that failed should be tried once more now; that it is gets noted."""
    if copy.retry_at is None or copy.state != "SUSPECT":
        return False
    if at < copy.retry_at:
        line.agenda.note(copy, copy.retry_at)  # looked at for another reason
        return False
    copy.retry_at, copy.retried = None, True
    return True


def _ask_once(copy: BookCopy, timestamp_ms: int, out: StepBuilder) -> None:
    """A hash proves our book and REST shows another one of the same millisecond: either may be its middle.

    Two changes of one level that overtook each other look like this.  The hash outranks REST, so nothing is halted; a
    fresh snapshot settles it, and is asked for once in any millisecond of the venue.
    """
    if copy.asked_ms != timestamp_ms:
        copy.asked_ms = timestamp_ms
        cause = f"{copy.slug}: a REST read of a proven moment shows another book"
        out.commands.append(Resubscribe(copy.connection, copy.tokens, cause))


def prove(line: Line, copy: BookCopy, timestamp_ms: int, at: Nanos, out: StepBuilder) -> None:
    """A read shows our book."""
    copy.proof_at = line.feed.verified_at = at
    copy.newest_ms = max(copy.timestamp_ms, timestamp_ms)
    copy.ahead = copy.failing_since = None
    if copy.state == "SUSPECT" and copy.nonsense() is None:
        believe(copy, "proof", Evidence.COMPARE, "a REST read shows the same book", out)


def caught_up(line: Line, copy: BookCopy, at: Nanos) -> Verdict | None:
    """Judge a read that was ahead, once the socket had its time to bring the same."""
    ahead = copy.ahead
    if ahead is None:
        return None
    if at - ahead.at < line.limits.catch_up:
        line.agenda.note(copy, ahead.at + line.limits.catch_up)  # looked at for another reason, too early for this one
        return None
    copy.ahead = None
    if copy.timestamp_ms >= ahead.page.timestamp_ms or copy.proof_at > ahead.at or same_levels(ahead.page, copy.book):
        return Verdict.CAUGHT_UP
    silent = line.feed.data_at is None or line.feed.data_at < ahead.at
    return Verdict.FROZEN if silent else Verdict.MISSED


def unverifiable(copy: BookCopy, at: Nanos, limits: TrustLimits) -> bool:
    """Whether silence lasts and REST has no word about it either."""
    data_at = copy.feed.data_at or 0
    failing = copy.failing_since is not None and at - copy.failing_since >= limits.unverified - limits.quiet
    return failing and copy.trusted and at - max(data_at, copy.proof_at) >= limits.unverified


def silence_text(copy: BookCopy, at: Nanos) -> str:
    return f"silence for {(at - (copy.feed.data_at or 0)) // SECOND} s, and REST does not confirm the book"

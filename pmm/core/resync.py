"""The way back to trust, in stated steps.

    doubt -> SUSPECT -> resubscribe -> a snapshot within 2 s -> TRUSTED
                                    -> none: LOST, and the connection is opened anew
    three doubts within 60 s        -> the connection is opened anew
    lost, and no snapshot 2 s after the connection runs again -> resubscribe, 2 s later a new connection
    listed later, and no first snapshot: resubscribe each 10 s

A connection is opened anew at most once in 5 s, and ever more rarely, up to once a minute, while that does not help:
while not every book that it ever brought was believed again after the last time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmm.commands import Resubscribe
from pmm.core.book_copy import BookCopy
from pmm.core.step import StepBuilder
from pmm.core.trust import TRUST, Evidence, TrustLimits
from pmm.model import Nanos


@dataclass(slots=True)
class Reconnects:
    """When a connection may be opened anew; `wanted` is the cause while it has to wait.

    `helped` is whether the last time brought every book back; `pause` is the least time after one that did not.
    """

    limits: TrustLimits
    wanted: str = ""
    asked_at: Nanos | None = None
    pause: Nanos = 0
    helped: bool = False

    def want(self, cause: str) -> None:
        self.wanted = self.wanted or cause

    def drop(self) -> None:
        """The connection came back by itself, or nothing needs it any more."""
        self.wanted = ""

    def judge(self, copies: Iterable[BookCopy]) -> None:
        """Note whether the last time helped, by the books that the connection carries."""
        if self.asked_at is not None and not self.helped:
            self.helped = all(copy.believed_at >= self.asked_at for copy in copies if copy.known)

    @property
    def next_at(self) -> Nanos:
        """The earliest time that the next one may be asked for."""
        if self.asked_at is None:
            return 0
        return self.asked_at + (self.limits.reconnect if self.helped else self.pause)

    def take(self, at: Nanos) -> str:
        """The cause to reconnect for now, empty when there is none or it has to wait."""
        if not self.wanted or at < self.next_at:
            return ""
        again = self.asked_at is not None and not self.helped and at - self.next_at < self.limits.reconnect_max
        self.pause = min(2 * self.pause, self.limits.reconnect_max) if again else self.limits.reconnect
        cause, self.wanted, self.asked_at, self.helped = self.wanted, "", at, False
        return cause


def move(copy: BookCopy, trigger: str, evidence: Evidence, text: str, out: StepBuilder) -> None:
    """Take a row of the trust table and announce it with its evidence."""
    old = copy.state
    out.move(TRUST, copy, trigger, copy.name, text, evidence)
    if copy.state != old:
        copy.since, copy.cause = out.event.at, text


def believe(copy: BookCopy, trigger: str, evidence: Evidence, text: str, out: StepBuilder) -> None:
    """A snapshot or a proof."""
    move(copy, trigger, evidence, text, out)
    copy.believed_at = out.event.at
    copy.asked_at = copy.failing_since = None


def lose(copy: BookCopy, evidence: Evidence, text: str, out: StepBuilder) -> None:
    """Changes are missing for certain."""
    move(copy, "lose", evidence, text, out)
    copy.asked_at = copy.failing_since = None
    copy.forget()


def doubt(
    copy: BookCopy, evidence: Evidence, text: str, limits: TrustLimits, reconnects: Reconnects, out: StepBuilder
) -> None:
    """Stop believing, and take the first step back; a book in doubt already waits for that step to work."""
    at, fresh = out.event.at, copy.state != "SUSPECT"
    move(copy, "doubt", evidence, text, out)
    if not fresh:
        return
    copy.await_snapshots()
    copy.doubts.append(at)
    while at - copy.doubts[0] > limits.doubts_window:
        copy.doubts.popleft()
    cause = f"{copy.slug}: {text}"
    if len(copy.doubts) >= limits.doubts:
        copy.doubts.clear()
        copy.asked_at = at
        reconnects.want(f"{cause} ({limits.doubts} doubts within {limits.doubts_window // 10**9} s)")
    else:
        resubscribe(copy, cause, out)


def resubscribe(copy: BookCopy, cause: str, out: StepBuilder) -> None:
    copy.asked_at = out.event.at
    out.commands.append(Resubscribe(copy.connection, copy.tokens, cause))


def chase(copy: BookCopy, limits: TrustLimits, reconnects: Reconnects, out: StepBuilder) -> Nanos | None:
    """Take the next step for a book whose snapshot is overdue; returns when to look again."""
    at, feed = out.event.at, copy.feed
    if copy.trusted or feed.state != "RUNNING" or feed.opened_at is None:
        return None
    began = max(copy.asked_at or 0, feed.opened_at, copy.since if copy.asked_at is None else 0, copy.listed_at)
    if at - began < limits.snapshot:
        return began + limits.snapshot
    if not copy.known:
        return _ask_for_first(copy, limits, out)
    if copy.state == "SUSPECT":
        move(copy, "expire", Evidence.EXPIRED, f"no snapshot within {limits.snapshot // 10**9} s", out)
        copy.forget()
        reconnects.want(f"{copy.slug}: no fresh snapshot came")
    elif copy.asked_at is None or copy.asked_at < feed.opened_at:
        resubscribe(copy, f"{copy.slug}: no snapshot came", out)
    else:
        copy.asked_at = at
        reconnects.want(f"{copy.slug}: no snapshot came")
    return at + limits.snapshot


def _ask_for_first(copy: BookCopy, limits: TrustLimits, out: StepBuilder) -> Nanos:
    """A market that joined a running connection and never had a book: no reason to open that connection anew."""
    if copy.listed_at > (copy.feed.opened_at or 0):
        resubscribe(copy, f"{copy.slug}: its first book has not come", out)
    return out.event.at + limits.unverified

"""When the account is read: on a schedule, at once when somebody asks, and never two reads at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.commands import ReadAccount
from pmm.core.step import StepBuilder
from pmm.events import AccountRead
from pmm.model import MILLISECOND, SECOND, Nanos

# Between two reads, whoever asks for them.
GAP: Nanos = 250 * MILLISECOND
# After a read that failed; every further one doubles it, up to the interval.
FAILED_WAIT: Nanos = 500 * MILLISECOND
# A read that has not been answered for so long never will be: the gateway gives its calls a shorter deadline.
LOST: Nanos = 15 * SECOND
# Different causes that are kept apart; beyond them, one stands for all.
CAUSES_MAX = 32


@dataclass(slots=True)
class ReadSchedule:
    """`read_at` is when the last read that succeeded was sent: the account is known as of then."""

    interval: Nanos
    balance_interval: Nanos
    read_at: Nanos | None = None
    balances_at: Nanos | None = None
    failed: str = ""
    _failures: int = 0
    _sent_at: Nanos | None = None
    _under_way: bool = False
    _regular_at: Nanos = 0
    _wants_balances: bool = False
    _asked_balances: bool = False
    _without_balances: bool = False
    # By cause: when to send, and the earliest time of sending that satisfies everybody who asked.
    _wants: dict[str, tuple[Nanos, Nanos]] = field(default_factory=dict)

    def want(self, cause: str, at: Nanos, *, balances: bool = False) -> None:
        """Ask for a read that is sent at `at` or later; it may lie ahead.  It need not wait for an earlier failure."""
        key = cause if cause in self._wants or len(self._wants) < CAUSES_MAX else "several causes"
        first, last = self._wants.get(key, (at, at))
        self._wants[key] = min(first, at), max(last, at)
        self._wants_balances |= balances

    def on_read(self, read: AccountRead) -> bool:
        """Take an answer; whether it is one that says anything."""
        self._under_way, self.failed = False, read.failed
        # Balances that cannot be read must not keep orders and trades from being read: the next one is without them.
        self._without_balances = bool(read.failed) and self._asked_balances
        if read.failed:
            self._failures += 1
            self._wait(read.at + min(FAILED_WAIT << min(self._failures - 1, 8), self.interval))
            return False
        self._failures, self.read_at = 0, max(self.read_at or 0, read.asked_at)
        self._regular_at = self.read_at + self.interval
        if read.balances is not None:
            self.balances_at, self._wants_balances = read.asked_at, False
        self._wants = {
            cause: (first if first > read.asked_at else last, last)
            for cause, (first, last) in self._wants.items()
            if last > read.asked_at
        }
        return True

    def send(self, at: Nanos, out: StepBuilder) -> None:
        """Ask the gateway, when a read is due."""
        if at < self.next_at:
            return
        cause = next((cause for cause, (first, _) in self._wants.items() if first <= at), "schedule")
        old = self.balances_at is None or at - self.balances_at >= self.balance_interval
        self._asked_balances = (old or self._wants_balances) and not self._without_balances
        out.commands.append(ReadAccount(cause, balances=self._asked_balances))
        self._sent_at, self._under_way = at, True

    @property
    def next_at(self) -> Nanos:
        """When the next read is due."""
        due = min([self._regular_at, *(first for first, _ in self._wants.values())])
        if self._sent_at is None:
            return due
        return self._sent_at + LOST if self._under_way else max(due, self._sent_at + GAP)

    def _wait(self, until: Nanos) -> None:
        self._regular_at = max(self._regular_at, until)
        self._wants = {cause: (max(first, until), max(last, until)) for cause, (first, last) in self._wants.items()}

"""Is the account known and guarded well enough to place orders?  Live trading only; a dry run has no account.

Brings together what the venue allows, the heartbeat, the reads of orders, trades and balances, the user socket, the
orders of others, and the kill switch.  One question, `problem(at)`; cancels are never its matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pmm.account import OwnOrder
from pmm.commands import StopHeartbeat
from pmm.core.balance_check import BalanceCheck, Booked
from pmm.core.foreign import Foreign
from pmm.core.heartbeat import Heartbeat
from pmm.core.read_schedule import ReadSchedule
from pmm.core.step import StepBuilder
from pmm.core.sweep import Sweep
from pmm.core.venue_status import Venue
from pmm.events import AccountRead, Beat, FeedNews, UserSignal, VenueNews
from pmm.fsm import Row, Table
from pmm.model import MILLISECOND, SECOND, ConditionId, Nanos

# So many readings of balances in a row may fail before nothing is placed any more.
BALANCES_MISSED_MAX = 4

ACCOUNT = Table(
    "account",
    "UNREAD",
    [
        Row("UNREAD", "known", "KNOWN", "the user socket is open, and orders, trades and balances were read after it"),
        Row("KNOWN", "behind", "BEHIND", "the user socket is closed, or the last read is too old"),
        Row("BEHIND", "known", "KNOWN", "the user socket is open, and orders and trades were read after it"),
    ],
)


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """How often the account is read, how old the last read may be, and how long the user socket may be closed.

    `heartbeat_interval` is the time between two beats, None where no dead-man switch is armed.
    """

    read_interval: Nanos = 5 * SECOND
    balance_interval: Nanos = 30 * SECOND
    stale: Nanos = 15 * SECOND
    user_grace: Nanos = 800 * MILLISECOND  # quotes are to be gone within a second, the way to the venue included
    heartbeat_interval: Nanos | None = 5 * SECOND


@dataclass(slots=True)
class Knowledge:
    """The subject of the ACCOUNT table."""

    state: str = field(default=ACCOUNT.initial)


class AccountWatch:
    """Without `limits` it watches nothing, forbids nothing and asks for nothing.

    `wake_at` is when time alone may change something: `on_due` has to be called then.
    """

    def __init__(self, limits: AccountLimits | None) -> None:
        self.active = limits is not None
        self.limits = limits or AccountLimits()
        self.venue = Venue()
        self.heartbeat = Heartbeat(self.limits.heartbeat_interval)
        self.reads = ReadSchedule(self.limits.read_interval, self.limits.balance_interval)
        self.sweep = Sweep()
        self.balances = BalanceCheck()
        self.wake_at: Nanos | None = 0 if self.active else None
        self._foreign = Foreign()
        self._knowledge = Knowledge()
        self._beating_ended = False
        self._touched = False
        self._answered = False
        self._user_open_since: Nanos | None = None
        self._user_cause = "it has not opened yet"
        self._blind_since: Nanos | None = 0

    # --- questions ------------------------------------------------------------------------------------------------

    def problem(self, at: Nanos) -> str | None:
        """Why nothing may be placed in any market, or None."""
        if not self.active:
            return None
        return (
            self.heartbeat.problem(at) or self.venue.problem() or self._unread() or self._blind(at) or self._stale(at)
        )

    def foreign(self, market: ConditionId) -> tuple[OwnOrder, ...]:
        """Open orders of others in a market, as the last read showed them: exposure of the account all the same."""
        return self._foreign.of(market)

    @property
    def doubtful_since(self) -> Nanos | None:
        """Orders that the venue held or was sent since then may be gone; None when a read has shown what is left."""
        return self.venue.doubtful_since

    @property
    def may_end(self) -> bool:
        """Whether nothing of the account is left to cancel, where everything of it had to go.

        Orders of earlier runs are told before the first read is answered, well or not: before that nobody knows them.
        """
        return (not self.active or self._answered) and (not self.sweep.started or self.sweep.clean)

    # --- acts -----------------------------------------------------------------------------------------------------

    def want(self, cause: str, at: Nanos, *, balances: bool = False) -> None:
        """Have the account read at `at` or as soon as it may be; one read serves everybody who asked before it."""
        if self.active:
            self._touched = True
            self.reads.want(cause, at, balances=balances)

    def kill(self, cause: str, out: StepBuilder, *, by_operator: bool = False) -> None:
        """Cancel everything of the account, of others too, until nothing is left, and let the heartbeat stop.

        Where another engine turned up on the account only the operator may do that: ours are cancelled one by one.
        """
        if not self.active:
            return
        self._touched = True
        if not self.sweep.started and (by_operator or self.heartbeat.state != "FOREIGN"):
            self.sweep.start(cause, out)
            self.reads.want("kill switch", out.event.at)
        if not self._beating_ended:
            self._beating_ended = True
            out.commands.append(StopHeartbeat(cause))
            self.heartbeat.stop(cause, out)

    def on_due(self, at: Nanos, out: StepBuilder) -> None:
        """Look at everything that time alone may have changed."""
        if self.heartbeat.state == "OFF" and not self._beating_ended:
            self.heartbeat.arm(out)
        if self.heartbeat.on_due(at, out):
            self.reads.want("the heartbeat lapsed", at)
        if self.venue.on_due(at, out):
            self.reads.want("the venue is back", at)
        if self.sweep.on_due(at, out):
            self.reads.want("kill switch", at)

    def finish(self, out: StepBuilder, *, ours_open: bool) -> None:
        """End a step of a watched account: ask for the reads that it made necessary, plan when to look again."""
        at = out.event.at
        if not (self._touched or self.sweep.started or self.wake_at is None or self.wake_at <= at):
            return  # nearly every market data frame: nothing happened here
        self._touched = False
        if self.sweep.started and self.sweep.emptied(ours_open=ours_open):
            self.reads.want("kill switch", at)
        self.reads.send(at, out)
        self._announce(at, out)
        self.wake_at = self._next_moment(at)

    # --- events ---------------------------------------------------------------------------------------------------

    def on_news(self, news: VenueNews, out: StepBuilder) -> None:
        if not self.active:
            return
        self._touched = True
        if self.venue.on_news(news, out):
            self.reads.want("the venue is back", news.at)

    def on_beat(self, beat: Beat, out: StepBuilder) -> str:
        """Take what became of a heartbeat.  Returns why trading has to halt, empty when it has not to."""
        if not self.active:
            return ""
        self._touched = True
        before = self.heartbeat.state
        if self.heartbeat.on_beat(beat, out):
            self.reads.want("the heartbeat is back", beat.at)
        if self.heartbeat.state != "FOREIGN" or before == "FOREIGN":
            return ""
        return self.heartbeat.problem(beat.at) or ""

    def on_user(self, signal: UserSignal) -> None:
        """The user socket opened or closed; what it told meanwhile is lost, so that reads have to bring it."""
        if not self.active or signal.news is FeedNews.CONNECTING:
            return
        self._touched = True
        if self._blind_since is None:
            self._blind_since = signal.at
        if signal.news is FeedNews.OPENED:
            self._user_open_since = signal.at
            self.reads.want("the user socket opened", signal.at)
        else:
            self._user_open_since, self._user_cause = None, signal.cause

    def on_read(self, read: AccountRead, booked: Callable[[], Booked], out: StepBuilder, *, ours_open: bool) -> None:
        """Take a read; `booked` is what fills moved."""
        if not self.active:
            return
        self._touched = self._answered = True
        if not self.reads.on_read(read):
            return
        self._foreign.on_read(read.foreign, out)
        self.venue.on_read(read.asked_at)
        if self._user_open_since is not None and read.asked_at >= self._user_open_since:
            self._blind_since = None
        if self.sweep.started:
            again = self.sweep.on_read(read, ours_open=ours_open)
            if again is not None:
                self.reads.want("kill switch", again)
        if read.balances is not None:
            self.balances.on_read(read.balances, booked(), out)

    def doubt_balances(self, read: AccountRead) -> None:
        """What a read showed is hard to believe: have balances read once more, after what is shown late has shown."""
        self.reads.want("balance drop", read.asked_at + self.limits.read_interval, balances=True)

    # --- judging --------------------------------------------------------------------------------------------------

    def _unread(self) -> str | None:
        if self.reads.read_at is not None and self.reads.balances_at is not None:
            return None
        return _because("the account has not been read yet", self.reads.failed)

    def _blind(self, at: Nanos) -> str | None:
        if self._blind_since is None or at - self._blind_since < self.limits.user_grace:
            return None
        if self._user_open_since is None:
            return _because("the user socket is closed", self._user_cause)
        return "the user socket opened: what happened meanwhile is read first"

    def _stale(self, at: Nanos) -> str | None:
        age = at - (self.reads.read_at or 0)
        if age >= self.limits.stale:
            return _because(f"the account was last read {age // SECOND} s ago", self.reads.failed)
        age = at - (self.reads.balances_at or 0)
        if age >= BALANCES_MISSED_MAX * self.limits.balance_interval:
            return f"balances were last read {age // SECOND} s ago"
        return None

    def _announce(self, at: Nanos, out: StepBuilder) -> None:
        gap = self._unread() or self._blind(at) or self._stale(at)
        if gap is None and self._knowledge.state != "KNOWN":
            out.move(ACCOUNT, self._knowledge, "known", "account", "")
        elif gap is not None and self._knowledge.state == "KNOWN":
            out.move(ACCOUNT, self._knowledge, "behind", "account", gap)

    def _next_moment(self, at: Nanos) -> Nanos:
        moments = [self.reads.next_at, *self.heartbeat.moments()]
        if self.venue.retry_at is not None:
            moments.append(self.venue.retry_at)
        if self._blind_since is not None:
            moments.append(self._blind_since + self.limits.user_grace)
        if self.reads.read_at is not None:
            moments.append(self.reads.read_at + self.limits.stale)
        if self.reads.balances_at is not None:
            moments.append(self.reads.balances_at + BALANCES_MISSED_MAX * self.limits.balance_interval)
        if self.sweep.started:
            moments.append(self.sweep.next_at)
        return min((moment for moment in moments if moment > at), default=at + SECOND)


def _because(what: str, cause: str) -> str:
    return f"{what}: {cause}" if cause else what

"""The dead-man switch from our side: while beats are taken we may place; when they stop, the venue cancels everything.

Ten seconds without a beat that the venue took, and every order of the account counts as cancelled (protocol reference,
section 3.9); the sweep may come up to five seconds later.  Time counts from when a beat was sent: never too late.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.step import StepBuilder
from pmm.events import Beat, BeatNews
from pmm.fsm import Row, Table
from pmm.model import SECOND, Nanos

HEARTBEAT = Table(
    "heartbeat",
    "OFF",
    [
        Row("OFF", "arm", "WAITING", "live trading with the dead-man switch begins"),
        Row("OFF", "taken", "OFF", "late news: a beat that was under way when beating ended"),
        Row("OFF", "missed", "OFF", "late news: a beat that was under way when beating ended"),
        Row("OFF", "foreign", "OFF", "late news: we beat no more, so the chain may be anybody's"),
        Row("OFF", "stop", "OFF", "stopping twice is harmless"),
        Row("WAITING", "taken", "BEATING", "the first beat was taken: the switch is armed"),
        Row("WAITING", "missed", "WAITING", "the first beat got no answer; the next one follows"),
        Row("WAITING", "foreign", "FOREIGN", "the chain of somebody else: another engine is on the account"),
        Row("WAITING", "stop", "OFF", "the run ends before the switch was armed"),
        Row("BEATING", "taken", "BEATING", "as it should be"),
        Row("BEATING", "missed", "LATE", "a beat got no answer; the next one follows"),
        Row("BEATING", "lapse", "LAPSED", "no word of any beat for so long that the venue cancels everything"),
        Row("BEATING", "foreign", "FOREIGN", "the chain of somebody else: another engine is on the account"),
        Row("BEATING", "stop", "OFF", "the switch shall fall: the venue cancels what we cannot"),
        Row("LATE", "taken", "BEATING", "the next beat was taken in time"),
        Row("LATE", "missed", "LATE", "one more beat got no answer"),
        Row("LATE", "lapse", "LAPSED", "no beat was taken for so long that the venue cancels everything"),
        Row("LATE", "foreign", "FOREIGN", "the chain of somebody else: another engine is on the account"),
        Row("LATE", "stop", "OFF", "the switch shall fall: the venue cancels what we cannot"),
        Row("LAPSED", "taken", "BEATING", "beats are taken again; what the venue cancelled is read"),
        Row("LAPSED", "missed", "LAPSED", "still no answer"),
        Row("LAPSED", "foreign", "FOREIGN", "somebody else armed the switch meanwhile"),
        Row("LAPSED", "stop", "OFF", "the run ends; the switch has fallen already"),
        Row("FOREIGN", "taken", "FOREIGN", "only a person can tell who may quote on the account"),
        Row("FOREIGN", "missed", "FOREIGN", "only a person can tell who may quote on the account"),
        Row("FOREIGN", "foreign", "FOREIGN", "they go on"),
        Row("FOREIGN", "stop", "FOREIGN", "we beat no more; who owns the account is still the question"),
    ],
)

# Without a beat for so long the venue cancels every order of the account.
LAPSE: Nanos = 10 * SECOND


@dataclass(slots=True)
class Heartbeat:
    """`interval` lies between two beats, None where no switch is configured; `sent_at` is of the last one taken."""

    interval: Nanos | None
    state: str = field(default=HEARTBEAT.initial)
    cause: str = ""
    sent_at: Nanos = 0
    late_since: Nanos = 0

    def arm(self, out: StepBuilder) -> None:
        if self.interval is not None:
            self._move("arm", "", out)

    def on_beat(self, beat: Beat, out: StepBuilder) -> bool:
        """Take what became of a beat; whether the account has to be read because the switch had fallen."""
        before = self.state
        if beat.news is BeatNews.TAKEN:
            self.sent_at = max(self.sent_at, beat.sent_at)
        in_time = beat.news is not BeatNews.TAKEN or beat.at - beat.sent_at < LAPSE
        self._move(beat.news.value if in_time else "missed", beat.cause, out)
        if before == "BEATING" and self.state == "LATE":
            self.late_since = beat.at
        return before == "LAPSED" and self.state == "BEATING"

    def on_due(self, at: Nanos, out: StepBuilder) -> bool:
        """Notice that the switch has fallen; whether it just did."""
        if self.state not in ("BEATING", "LATE") or at - self.sent_at < LAPSE:
            return False
        self._move("lapse", self.cause, out)
        return True

    def stop(self, cause: str, out: StepBuilder) -> None:
        self._move("stop", cause, out)

    def problem(self, at: Nanos) -> str | None:
        """Why nothing may be placed, or None: one beat may be late, for one interval."""
        match self.state:
            case "WAITING":
                return _because("the venue has not taken a heartbeat yet", self.cause)
            case "LATE" if at >= self.late_since + (self.interval or 0):
                return _because(f"no heartbeat was taken for {(at - self.sent_at) // SECOND} s", self.cause)
            case "LAPSED":
                return _because("the heartbeat lapsed: the venue cancels everything", self.cause)
            case "FOREIGN":
                return _because("another engine beats on this account", self.cause)
        return None

    def moments(self) -> tuple[Nanos, ...]:
        """When time alone changes something."""
        match self.state:
            case "BEATING":
                return (self.sent_at + LAPSE,)
            case "LATE":
                return (self.late_since + (self.interval or 0), self.sent_at + LAPSE)
        return ()

    def _move(self, trigger: str, cause: str, out: StepBuilder) -> None:
        before = self.state
        out.move(HEARTBEAT, self, trigger, "heartbeat", cause)
        if before != "FOREIGN":
            self.cause = cause


def _because(what: str, cause: str) -> str:
    return f"{what}: {cause}" if cause else what

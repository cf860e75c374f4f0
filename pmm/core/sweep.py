"""The kill switch: cancel everything of the account, again and again, until its list of open orders is proven empty."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.commands import CancelAll
from pmm.core.step import StepBuilder
from pmm.events import AccountRead
from pmm.model import MILLISECOND, SECOND, Nanos

# From one CancelAll to the next; the last one for ever.
PAUSES: tuple[Nanos, ...] = (SECOND, 2 * SECOND, 5 * SECOND)
# From a list that was not empty to the next look, which is the sooner the shorter ago everything was cancelled.
LOOK_FIRST: Nanos = 250 * MILLISECOND


@dataclass(slots=True)
class Sweep:
    """`cause` is empty until somebody asks for it; `clean` says that the list was empty after the last CancelAll."""

    cause: str = ""
    clean: bool = False
    _sent_at: Nanos = 0
    _sent: int = 0
    _looks: int = 0
    _ours_open: bool = True

    @property
    def started(self) -> bool:
        return bool(self.cause)

    def start(self, cause: str, out: StepBuilder) -> None:
        """Cancel everything; it goes on by itself from here."""
        if not self.started:
            self.cause = cause
            self._cancel(out)

    def on_due(self, at: Nanos, out: StepBuilder) -> bool:
        """Cancel once more when it is time; whether open orders have to be read now."""
        if not self.started or at < self.next_at:
            return False
        self._cancel(out)
        return True

    def on_read(self, read: AccountRead, *, ours_open: bool) -> Nanos | None:
        """Judge a list of open orders; when to read the next, or None when this one was empty."""
        self.clean = read.asked_at >= self._sent_at and not read.foreign and not ours_open
        if self.clean:
            return None
        self._looks += 1
        return read.at + (LOOK_FIRST << min(self._looks - 1, 4))

    def emptied(self, *, ours_open: bool) -> bool:
        """Whether the last order of ours was just proven to be over: time to look at the list."""
        emptied = self._ours_open and not ours_open
        self._ours_open = ours_open
        return emptied

    @property
    def next_at(self) -> Nanos:
        """When everything is cancelled next."""
        return self._sent_at + PAUSES[min(self._sent - 1, len(PAUSES) - 1)]

    def _cancel(self, out: StepBuilder) -> None:
        out.commands.append(CancelAll(self.cause))
        self._sent_at, self._sent, self._looks, self.clean = out.event.at, self._sent + 1, 0, False

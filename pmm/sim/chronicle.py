"""What happened to the venue itself, beside orders, trades and money: for the log that a checker reads."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pmm.model import Nanos

# Changes that nobody reads are forgotten from the oldest on.
CHANGES_KEPT_MAX = 100_000


@dataclass(frozen=True, slots=True)
class VenueChange:
    """A change of state.

    `kind` is mode, tick, size, rewards, pause, clear, close, resolve, wipe, lapse, restrict or allow.
    """

    at: Nanos
    kind: str
    facts: dict[str, str]


class Chronicle:
    """The changes in the order in which they happened."""

    def __init__(self) -> None:
        self._changes: deque[VenueChange] = deque(maxlen=CHANGES_KEPT_MAX)

    def note(self, at: Nanos, kind: str, **facts: str) -> None:
        self._changes.append(VenueChange(at, kind, facts))

    def drain(self) -> list[VenueChange]:
        """The changes since the last call."""
        changes = list(self._changes)
        self._changes.clear()
        return changes

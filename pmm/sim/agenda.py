"""What the venue has to do at a later time, in order of time and then of promise."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import TypeAlias

from pmm.model import Nanos

Action: TypeAlias = Callable[[Nanos], None]


class Agenda:
    """Actions by time; `next_at` is that of the first one.

    An action is called with the time for which it was entered, never with a later one.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[Nanos, int, Action]] = []
        self._entered = 0
        self.next_at: Nanos | None = None

    def enter(self, at: Nanos, action: Action) -> None:
        self._entered += 1
        heappush(self._entries, (at, self._entered, action))
        self.next_at = self._entries[0][0]

    def act(self) -> None:
        """Do what is due next."""
        at, _, action = heappop(self._entries)
        self.next_at = self._entries[0][0] if self._entries else None
        action(at)

"""What has to be looked at again, and when: at most one entry for anything, the earliest that was asked for."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from itertools import count
from typing import Generic, TypeVar

from pmm.model import Nanos

Subject = TypeVar("Subject", bound=Hashable)


class Agenda(Generic[Subject]):
    """Looking at something too often is harmless, so entries are never taken back."""

    def __init__(self) -> None:
        self._heap: list[tuple[Nanos, int, Subject]] = []
        self._noted: dict[Subject, Nanos] = {}
        self._sequence = count()

    def note(self, subject: Subject, at: Nanos) -> None:
        """Look at `subject` at `at`, unless that happens earlier anyway."""
        noted = self._noted.get(subject)
        if noted is None or at < noted:
            self._noted[subject] = at
            heapq.heappush(self._heap, (at, next(self._sequence), subject))

    @property
    def next_at(self) -> Nanos | None:
        """When something is due; None when nothing is."""
        return self._heap[0][0] if self._heap else None

    def pop(self, at: Nanos) -> Subject | None:
        """The next subject that is due by `at`, in the order of their times; None when there is none left."""
        while self._heap and self._heap[0][0] <= at:
            when, _, subject = heapq.heappop(self._heap)
            if self._noted.get(subject) == when:
                del self._noted[subject]
                return subject
        return None

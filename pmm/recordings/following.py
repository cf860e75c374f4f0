"""Books that follow a recording: one set for each connection, as whoever was connected had them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pmm._fast import Books
from pmm.model import ConditionId, TokenId
from pmm.recordings.facts import Facts, inferred, told
from pmm.recordings.library import Entry, Recording
from pmm.recordings.recorded import Recorded, named


@dataclass(frozen=True, slots=True)
class Loaded:
    """A recording ready to be followed: what is known of its markets, and its entries in order."""

    facts: dict[ConditionId, Facts]
    entries: Iterable[Entry]


def load(recording: Recording) -> Loaded:
    """Of ours the facts are written down and entries are read on the way; of others everything is read first."""
    if recording.markets:
        return Loaded(told(recording.markets), recording.entries())
    entries = list(recording.entries())
    events = (event for entry in entries if isinstance(entry, Recorded) for event in entry.events)
    return Loaded(inferred(events), entries)


class ConnectionBooks:
    """The books of one connection.  `fresh` are those that the newest message gave as a whole."""

    def __init__(self, facts: Mapping[ConditionId, Facts]) -> None:
        self.books = Books()
        self.fresh: list[int] = []
        self.tokens: dict[int, TokenId] = {}
        self._facts = {token: fact for fact in facts.values() for token in fact.tokens}
        self._snapshots: dict[int, int] = {}

    def feed(self, message: Recorded) -> int:
        """Apply a message; what `Books.feed` says of it."""
        for token in named(message.events):
            fact = self._facts.get(token)
            if fact is not None and self.books.index(token) is None:
                self.tokens[self.books.add(token, fact.tick)] = token
        touched = self.books.feed(message.data)
        self.fresh = []
        for index in self.books.touched if touched > 0 else ():
            count = self.books.snapshots(index)
            if count != self._snapshots.get(index, 0):
                self._snapshots[index] = count
                self.fresh.append(index)
        for index, tick in self.books.ticks:
            self._facts[self.tokens[index]].tick = tick
        return touched

"""How much a recording holds."""

from __future__ import annotations

from pmm.events import FeedSignal, Frame
from pmm.model import Nanos
from pmm.recordings.lines import Entry, Gap, Trailer


class Counts:
    """What was written: sums over files, or of one file."""

    def __init__(self) -> None:
        self.messages = self.signals = self.gaps = self.lost = self.text_bytes = 0
        self.first: Nanos | None = None
        self.last: Nanos | None = None

    def add(self, entry: Entry) -> None:
        match entry:
            case Frame():
                self.messages += 1
                self.text_bytes += len(entry.data)
                self.first = entry.at if self.first is None else self.first
                self.last = entry.at
            case FeedSignal():
                self.signals += 1
            case Gap():
                self.gaps += 1
                self.lost += entry.lost

    def trailer(self, sha256: str, *, recovered: bool = False) -> Trailer:
        return Trailer(
            self.messages,
            self.signals,
            self.gaps,
            self.lost,
            self.text_bytes,
            self.first,
            self.last,
            sha256,
            recovered,
        )

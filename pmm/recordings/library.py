"""Open a recording, whoever made it: a folder or a file of ours, or a file of one of the shapes of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pmm.events import FeedSignal, Frame
from pmm.model import Market
from pmm.recordings import shapes, tickscope
from pmm.recordings.lines import SUFFIX, Gap
from pmm.recordings.parts import entries_of, glance, parts_of
from pmm.recordings.recorded import BadRecording, Recorded, parsed

Entry: TypeAlias = Recorded | FeedSignal | Gap

# What `messages_of` holds in memory at most, as text.
TEXT_BYTES_MAX = shapes.TEXT_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Recording:
    """An opened recording.  `markets` are those that its recorder wrote down: none in the shapes of others.

    `parts` are its files; `ours` says whether they are of our own shape, which has signals and gaps.
    """

    path: Path
    parts: tuple[Path, ...]
    ours: bool
    markets: tuple[Market, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """Messages, signals and gaps, in order; files of ours are read as they are needed.  Raises BadRecording."""
        for part in self.parts:
            if self.ours:
                yield from (_message(entry) if isinstance(entry, Frame) else entry for entry in entries_of(part))
            else:
                yield from tickscope.read(part) if part.suffix == tickscope.SUFFIX else shapes.read(part)

    def messages(self) -> Iterator[Recorded]:
        """The messages alone."""
        return (entry for entry in self.entries() if isinstance(entry, Recorded))


def open_recording(path: Path) -> Recording:
    """What is at `path`.  Of ours the ends are read, of others nothing yet.  Raises BadRecording."""
    if path.is_dir():
        parts = parts_of(path)
        if not parts:
            raise BadRecording(f"{path} holds no {SUFFIX} file")
        return _ours(path, parts)
    return _ours(path, [path]) if path.name.endswith(SUFFIX) else Recording(path, (path,), ours=False)


def messages_of(recording: Recording) -> list[Recorded]:
    """Every message, held in memory.  Raises BadRecording when that is too much, or none."""
    messages = []
    size = 0
    for message in recording.messages():
        size += len(message.data)
        if size > TEXT_BYTES_MAX:
            raise BadRecording(f"{recording.path} is larger than {TEXT_BYTES_MAX >> 20} MiB of text")
        messages.append(message)
    if not messages:
        raise BadRecording(f"{recording.path} holds no message of the venue")
    return messages


def _ours(path: Path, parts: list[Path]) -> Recording:
    """Of several files some may be damaged at their ends: that is told by whoever reads them."""
    markets: dict[str, Market] = {}
    unreadable: list[BadRecording] = []
    for part in parts:
        try:
            headed = glance(part).header.markets
        except BadRecording as error:
            unreadable.append(error)
            continue
        for market in headed:
            markets.setdefault(market.condition_id, market)
    if len(unreadable) == len(parts):
        raise unreadable[0]
    return Recording(path, tuple(parts), ours=True, markets=tuple(markets.values()))


def _message(frame: Frame) -> Recorded:
    return Recorded(frame.at, frame.data, parsed(frame.data), connection=frame.connection)

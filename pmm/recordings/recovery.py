"""What a run that was killed left behind: its last file gets its end, and no complete frame is touched."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pmm.errors import DiskError
from pmm.recordings.blocks import Damaged, pack, unpack, walk
from pmm.recordings.counts import Counts
from pmm.recordings.lines import BadLine, Header, Trailer, decode_all, encode
from pmm.recordings.parts import digest, parts_of


@dataclass(frozen=True, slots=True)
class Recovered:
    """A file that had no end: how many bytes of a frame that was cut off were taken away, or why it was left alone."""

    path: Path
    torn: int
    damage: str = ""

    def __str__(self) -> str:
        if self.damage:
            return f"{self.path.name} is {self.damage}; it was left as it is"
        return f"{self.path.name} had no end: it has one now, {self.torn} bytes of a block that was cut off are gone"


def recover(folder: Path) -> Recovered | None:
    """Finish the last file of a folder; None where nothing was to be done.  Only the holder of the lock may call it.

    A file without one complete frame is removed; one that is damaged in the middle stays as it is.  Raises DiskError.
    """
    parts = parts_of(folder)
    if not parts:
        return None
    path = parts[-1]
    try:
        with path.open("r+b") as file:
            found = _finish(path, file)
        if found is not None and not path.stat().st_size:
            path.unlink()
    except OSError as error:
        raise DiskError(f"cannot finish {path}: {error.strerror}", hint="Free some space.") from error
    return found


def _finish(path: Path, file: BinaryIO) -> Recovered | None:
    size = file.seek(0, 2)
    counts, end = Counts(), 0
    try:
        for block in walk(file):
            for line in decode_all(unpack(file, block)):
                if isinstance(line, Trailer):
                    return None
                if not isinstance(line, Header):
                    counts.add(line)
            end = block.end
    except (Damaged, BadLine) as error:
        return Recovered(path, 0, str(error))
    if end:
        trailer = counts.trailer(digest(file, end), recovered=True)
        _append(file, end, pack(encode(trailer)))
    else:
        file.truncate(0)
    return Recovered(path, size - end)


def _append(file: BinaryIO, end: int, block: bytes) -> None:
    """Put `block` at `end` and nothing behind it.  A write that fails leaves the file as it was up to `end`."""
    file.truncate(end)
    file.seek(end)
    try:
        file.write(block)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            file.truncate(end)
        raise

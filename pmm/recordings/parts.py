"""The files of a folder of ours, in order, and what is in one: read without believing anything that is not complete."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pmm.recordings.blocks import Block, Damaged, unpack, walk
from pmm.recordings.lines import SUFFIX, BadLine, Entry, Header, Line, Trailer, decode_all
from pmm.recordings.recorded import BadRecording

NUMBER_DIGITS = 6
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Glance:
    """What the ends of a file tell: no trailer means that nobody finished it, `torn` bytes are of a frame cut off."""

    path: Path
    header: Header
    trailer: Trailer | None
    kept: int
    torn: int


def parts_of(folder: Path) -> list[Path]:
    """The files of ours in a folder, oldest first: names begin with a number that only grows."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if number_of(path) is not None)


def number_of(path: Path) -> int | None:
    """The number in a name of ours; None for other names."""
    digits = path.name[:NUMBER_DIGITS]
    return int(digits) if digits.isdecimal() and path.name[NUMBER_DIGITS : NUMBER_DIGITS + 1] == "-" else None


def lines_of(path: Path) -> Iterator[Line]:
    """Every line of every complete frame, in order.  A frame that was cut off at the end is left out.

    Raises BadRecording where the file cannot be read, is damaged, or does not begin with a header.
    """
    first = True
    try:
        with path.open("rb") as file:
            for block in walk(file):
                lines = _lines(file, block)
                if first and not isinstance(lines[0], Header):
                    raise BadRecording(f"{path} does not begin with a header")
                first = False
                yield from lines
    except OSError as error:
        raise BadRecording(f"cannot read {path}: {error.strerror}") from error
    except Damaged as error:
        raise BadRecording(f"{path} is {error}") from error
    if first:
        raise BadRecording(f"{path} holds no complete frame")


def entries_of(path: Path) -> Iterator[Entry]:
    """What was recorded, without the lines about the file itself.  Raises BadRecording."""
    for line in lines_of(path):
        if not isinstance(line, Header | Trailer):
            yield line


def glance(path: Path) -> Glance:
    """The ends of a file; nothing between them is unpacked.  Raises BadRecording."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            frames = list(walk(file))
            if not frames:
                raise BadRecording(f"{path} holds no complete frame")
            header, last = _lines(file, frames[0])[0], _lines(file, frames[-1])[-1]
    except OSError as error:
        raise BadRecording(f"cannot read {path}: {error.strerror}") from error
    except Damaged as error:
        raise BadRecording(f"{path} is {error}") from error
    if not isinstance(header, Header):
        raise BadRecording(f"{path} does not begin with a header")
    kept = frames[-1].end
    return Glance(path, header, last if isinstance(last, Trailer) else None, kept, size - kept)


def digest(file: BinaryIO, length: int) -> str:
    """SHA-256 of the first `length` bytes, as hex digits."""
    file.seek(0)
    total = hashlib.sha256()
    while length > 0:
        chunk = file.read(min(length, _COPY_BYTES))
        if not chunk:
            break
        total.update(chunk)
        length -= len(chunk)
    return total.hexdigest()


def _lines(file: BinaryIO, block: Block) -> list[Line]:
    try:
        lines = list(decode_all(unpack(file, block)))
    except BadLine as error:
        raise Damaged(block.start, str(error)) from error
    if not lines:
        raise Damaged(block.start, "a frame without a line")
    return lines

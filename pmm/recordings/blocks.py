"""A file as a chain of zstd frames with checksums: where each begins and ends, and what is in it.

Boundaries are found by walking the headers of frames (RFC 8878, section 3.1.1) without unpacking anything, so a frame
that was cut off is known before a byte of it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

# No block of ours holds more text than this: the largest message (64 MiB) escaped at its worst.
TEXT_BYTES_MAX = 512 * 2**20
LEVEL = 3
_HEADER_BYTES_MAX = 18
_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_RLE = 1
_RESERVED = 3


class Damaged(ValueError):
    """A complete frame that is none of ours, or not as it was written; `at` is its offset."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(f"damaged at byte {at}: {why}")
        self.at = at


@dataclass(frozen=True, slots=True)
class Block:
    """Where a complete frame lies."""

    start: int
    end: int


def pack(text: bytes) -> bytes:
    """One frame that holds `text`."""
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, write_content_size=True).compress(text)


def walk(file: BinaryIO) -> Iterator[Block]:
    """Every complete frame from the beginning.  Ends where the file ends or where its last frame is cut off.

    Raises Damaged where something else than a frame of ours lies.
    """
    size = file.seek(0, 2)
    start = 0
    while start < size:
        end = _end(file, start, size)
        if end is None:
            return
        yield Block(start, end)
        start = end


def unpack(file: BinaryIO, block: Block) -> bytes:
    """The text of a frame, its checksum verified.  Raises Damaged."""
    file.seek(block.start)
    data = file.read(block.end - block.start)
    try:
        return zstandard.ZstdDecompressor().decompress(data)
    except (zstandard.ZstdError, MemoryError) as error:
        raise Damaged(block.start, str(error)) from error


def _end(file: BinaryIO, start: int, size: int) -> int | None:
    """The offset behind the frame at `start`; None where the file ends before it does."""
    file.seek(start)
    head = file.read(_HEADER_BYTES_MAX)
    magic = zstandard.FRAME_HEADER
    if head[: len(magic)] != magic[: len(head)]:
        if not any(head) and _only_zeros(file):
            return None  # a file system may leave zeros where a write was promised and never came
        raise Damaged(start, "this is no zstd frame")
    try:
        facts = zstandard.get_frame_parameters(head)
        at = start + zstandard.frame_header_size(head)
    except zstandard.ZstdError as error:
        if len(head) < _HEADER_BYTES_MAX:
            return None
        raise Damaged(start, str(error)) from error
    if not facts.has_checksum or not 0 <= facts.content_size <= TEXT_BYTES_MAX:
        raise Damaged(start, "a frame without a checksum, or of impossible size")
    return _behind_blocks(file, start, at, size)


def _behind_blocks(file: BinaryIO, start: int, at: int, size: int) -> int | None:
    last = 0
    while not last:
        file.seek(at)
        head = file.read(_BLOCK_HEADER_BYTES)
        if len(head) < _BLOCK_HEADER_BYTES:
            return None
        word = int.from_bytes(head, "little")
        last, kind, length = word & 1, word >> 1 & 3, word >> 3
        if kind == _RESERVED:
            raise Damaged(start, "a block of a kind that does not exist")
        at += _BLOCK_HEADER_BYTES + (1 if kind == _RLE else length)
        if at > size:
            return None
    at += _CHECKSUM_BYTES
    return at if at <= size else None


def _only_zeros(file: BinaryIO) -> bool:
    return all(not any(chunk) for chunk in iter(lambda: file.read(1 << 16), b""))

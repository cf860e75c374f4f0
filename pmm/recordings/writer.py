"""Write a recording: blocks of whole lines, files of limited size and age, nothing torn left behind.

A block is one zstd frame in one write, followed by fsync.  When a write fails, the file is cut back to its last
complete frame, so what is on the disk stays a recording.  Whoever calls decides when to flush; times are those of the
entries.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pmm.errors import DiskError
from pmm.model import SECOND, Market, Nanos
from pmm.recordings.blocks import pack
from pmm.recordings.counts import Counts
from pmm.recordings.lines import SUFFIX, Entry, Header, encode
from pmm.recordings.lock import lock
from pmm.recordings.parts import NUMBER_DIGITS, number_of, parts_of
from pmm.recordings.recovery import recover

# A block is written when it holds so much text, or when the caller says that a second has passed.
BLOCK_TEXT_BYTES = 1 << 20
ROTATE_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a new file begins: behind so many bytes on the disk, or so long after its first entry; None is never."""

    bytes: int | None = ROTATE_BYTES
    age: Nanos | None = None


class RecordingWriter:
    """Writes entries to a folder of its own.  `created` is the time of the beginning and gives the files their names.

    `rotated` is called when a file was begun after another one: a feed asks for fresh books then, so that every file
    can be read alone.  Raises RecorderRuns; raises DiskError from every method when the disk does not take what it
    should, and only `close` may be called after that.
    """

    def __init__(
        self,
        folder: Path,
        created: Nanos,
        markets: tuple[Market, ...] = (),
        rotation: Rotation | None = None,
        *,
        rotated: Callable[[], object] | None = None,
    ) -> None:
        self.folder = folder
        self.rotation = rotation or Rotation()
        self._rotated = rotated
        self.markets = markets
        self.total = Counts()
        self.files: list[Path] = []
        self.bytes = 0
        self._stamp = datetime.fromtimestamp(created // SECOND, UTC).strftime("%Y%m%dT%H%M%SZ")
        self._session = ""  # the name of its first file, which no other run of the folder has
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskError(f"cannot make {folder}: {error.strerror}", hint="Choose another folder.") from error
        self._lock = lock(folder)
        self._file: _File | None = None
        self._entries: list[Entry] = []
        self._text: list[bytes] = []
        self._waiting = 0
        try:
            self.recovered = recover(folder)
            self._open(created)
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def waiting(self) -> int:
        """Bytes of text that are not on the disk yet."""
        return self._waiting

    def add(self, entry: Entry) -> None:
        """Take one entry; it is on the disk after the next flush."""
        self._turn(entry.at)
        assert self._file is not None, "a writer that failed or was closed takes nothing"
        line = encode(entry)
        self._file.began = entry.at if self._file.began is None else self._file.began
        self._entries.append(entry)
        self._text.append(line)
        self._waiting += len(line)
        if self._waiting >= BLOCK_TEXT_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting as one block and wait until the disk has it."""
        if self._file is None or not self._entries:
            return
        text, entries = b"".join(self._text), self._entries
        self._text, self._entries, self._waiting = [], [], 0
        counts = self._file.counts
        self._write(text)
        for entry in entries:  # counted once the disk has them
            counts.add(entry)
            self.total.add(entry)

    def close(self) -> None:
        """Write the rest, finish the file, and let others write to the folder.  May be called twice."""
        try:
            self._finish()
        finally:
            self._lock.close()

    def _turn(self, at: Nanos) -> None:
        """Begin a new file when this one is large or old enough."""
        file = self._file
        if file is None or file.began is None:
            return
        size, age = self.rotation.bytes, self.rotation.age
        if (size is not None and file.size >= size) or (age is not None and at - file.began >= age):
            self._finish()
            self._open(at)
            if self._rotated is not None:
                self._rotated()

    def _open(self, at: Nanos) -> None:
        number = 1 + max((number_of(path) or 0 for path in parts_of(self.folder)), default=0)
        name = f"{number:0{NUMBER_DIGITS}d}-{self._stamp}"
        self._session = self._session or name
        path = self.folder / f"{name}{SUFFIX}"
        try:
            self._file = _File(path)
        except OSError as error:
            raise _full(path, error) from error
        self.files.append(path)
        self._write(encode(Header(at, self._session, len(self.files), self.markets)))

    def _write(self, text: bytes) -> None:
        file = self._file
        assert file is not None
        block = pack(text)
        try:
            file.write(block)
        except OSError as error:
            self._file = None
            file.cut()
            if not file.size:
                self.files.remove(file.path)
            raise _full(file.path, error) from error
        self.bytes += len(block)

    def _finish(self) -> None:
        self.flush()
        file = self._file
        if file is None:
            return
        self._write(encode(file.counts.trailer(file.sha256)))
        self._file = None
        file.close()


class _File:
    """One open file, always a chain of complete frames up to `size`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts = Counts()
        self.began: Nanos | None = None
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = path.open("xb", buffering=0)
        _sync_folder(path.parent)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]
        os.fsync(self._file.fileno())
        self.size += len(block)
        self._hash.update(block)

    def cut(self) -> None:
        """Take back what a failed write left behind, and close.  Where the disk refuses that too, the next run will."""
        with suppress(OSError):
            self._file.truncate(self.size)
            os.fsync(self._file.fileno())
        with suppress(OSError):
            self._file.close()
            if not self.size:
                self.path.unlink()

    def close(self) -> None:
        self._file.close()


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last; only some systems can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _full(path: Path, error: OSError) -> DiskError:
    return DiskError(
        f"cannot write {path}: {error.strerror}",
        hint="Free some space or choose another folder; what was written before stays readable.",
    )

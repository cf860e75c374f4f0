"""Record without ever waiting for the disk: a bounded queue, and one thread that writes.

What does not fit is lost, counted, and recorded as a gap where it is missing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from pmm.core.step import Step
from pmm.errors import DiskError, Exit, LocalError
from pmm.events import Event, FeedSignal, Frame
from pmm.model import Nanos
from pmm.ports import Emit
from pmm.recordings.lines import Entry, Gap
from pmm.recordings.writer import RecordingWriter

# What may wait for the disk: minutes of the busiest markets, and no more memory than one largest message.
WAITING_ENTRIES_MAX = 100_000
WAITING_BYTES_MAX = 64 << 20
# How long an entry may wait before it is on the disk.
FLUSH_S = 1.0
SLOW_DISK = "the disk was slower than the feed"


class RecordingGap(LocalError):
    """Messages came faster than the disk took them; the recording says where they are missing."""

    code = "PMM-E307"
    exit = Exit.CHECK_FAILED
    hint = "Record fewer markets, or to a faster disk."


class Recorder:
    """Gives what a feed emits to a writer, in order.  `take` may be called from one thread; use it as a context.

    `failed` is called once, from the writing thread, when the disk refuses; `failure` then says why, and whatever comes
    later is lost.
    """

    def __init__(
        self,
        writer: RecordingWriter,
        *,
        failed: Callable[[], object] | None = None,
        entries_max: int = WAITING_ENTRIES_MAX,
        bytes_max: int = WAITING_BYTES_MAX,
    ) -> None:
        self.writer = writer
        self.failure: DiskError | None = None
        self.lost = 0
        self._failed = failed
        self._entries_max = entries_max
        self._bytes_max = bytes_max
        self._queue: deque[Entry] = deque()
        self._bytes = 0
        self._gap: Gap | None = None
        self._closing = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def verdict(self) -> LocalError | None:
        """What kept the recording from being complete; None when nothing did."""
        if self.failure is None and self.lost:
            return RecordingGap(f"{self.lost} messages were lost: {SLOW_DISK}")
        return self.failure

    def on_step(self, step: Step, _took: Nanos) -> None:
        """Record as a sink: what the inbox brought.  Raises DiskError once the disk has refused."""
        self.take(step.event)
        if self.failure is not None:
            raise self.failure

    def tap(self, emit: Emit) -> Emit:
        """An emit that records what `emit` took; what it refuses by raising is not recorded."""

        def both(event: Event) -> None:
            emit(event)
            self.take(event)

        return both

    def take(self, event: Event) -> None:
        """Record a frame or signal of a feed; other events are none of ours.  Never waits, never raises."""
        if not isinstance(event, Frame | FeedSignal):
            return
        size = len(event.data) if isinstance(event, Frame) else 0
        with self._news:
            if self.failure is not None or self._full(size):
                self._lose(event, size)
                return
            self._close_gap()
            self._queue.append(event)
            self._bytes += size
            self._news.notify()

    def close(self) -> None:
        """Write everything that waits and finish the file.  `failure` tells whether that went well."""
        with self._news:
            if self._closing:
                return
            self._closing = True
            self._news.notify()
        if self._thread.ident is not None:
            self._thread.join()
        try:
            self.writer.close()
        except DiskError as error:
            self.failure = self.failure or error

    def _full(self, size: int) -> bool:
        """One entry is always let in, however large it is."""
        waiting = len(self._queue)
        return waiting >= self._entries_max or (waiting > 0 and self._bytes + size > self._bytes_max)

    def _lose(self, event: Entry, size: int) -> None:
        gap = self._gap or Gap(event.at, 0, 0, SLOW_DISK)
        self._gap = Gap(gap.at, gap.lost + 1, gap.bytes + size, gap.cause)
        self.lost += 1

    def _close_gap(self) -> None:
        if self._gap is not None:
            self._queue.append(self._gap)
            self._gap = None

    # --- the writing thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._write()
        except DiskError as error:
            with self._news:
                self.failure = error
                self._queue.clear()
                self._bytes = 0
            if self._failed is not None:
                self._failed()

    def _write(self) -> None:
        flush_at: float | None = None
        while True:
            entries, closing = self._next(flush_at)
            for entry in entries:
                self.writer.add(entry)
            now = time.monotonic()
            if not self.writer.waiting:
                flush_at = None
            elif flush_at is None:
                flush_at = now + FLUSH_S
            if closing or (flush_at is not None and now >= flush_at):
                self.writer.flush()
                flush_at = None
            if closing:
                return

    def _next(self, flush_at: float | None) -> tuple[deque[Entry], bool]:
        """What has come; waits for it until something has to be flushed."""
        with self._news:
            if not self._queue and not self._closing:
                self._news.wait(None if flush_at is None else max(0.0, flush_at - time.monotonic()))
            if self._closing:
                self._close_gap()
            entries, self._queue = self._queue, deque()
            self._bytes = 0
            return entries, self._closing

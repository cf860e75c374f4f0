"""Callbacks of others, kept away from the socket: a bounded queue and a thread of its own for each.

    subscriber = Subscriber(callback, picture=lambda: books_as_they_are)
    subscriber.put(changes)          # on the socket's side: never blocks
    subscriber.close(patience=1.0)   # True when everything that waited was taken

A callback that does not keep up loses what waits for it, all at once: the queue is emptied, the loss is counted, and
the next thing it gets is a `Resync` with a full picture taken at that moment.  Whatever comes after it is newer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Picture = TypeVar("Picture")

# About a minute of the busiest game that was recorded (1,014 changes in its worst second).
QUEUE_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Resync(Generic[Picture]):
    """`lost` items were thrown away since the last thing that was delivered; `picture` shows what they led to."""

    lost: int
    picture: Picture


class Subscriber(Generic[Item, Picture]):
    """One callback.  `lost` and `overflows` count over its life; `failure` is what it raised, which ends it."""

    def __init__(
        self,
        callback: Callable[[Item | Resync[Picture]], None],
        *,
        picture: Callable[[], Picture],
        limit: int = QUEUE_LIMIT,
        on_overflow: Callable[[int], None] | None = None,
        on_failure: Callable[[Exception], None] | None = None,
        name: str = "subscriber",
    ) -> None:
        """`picture` and `on_overflow` (the loss) are called on the side of `put`, `on_failure` in the thread."""
        self.lost = 0
        self.overflows = 0
        self.failure: Exception | None = None
        self._callback = callback
        self._picture = picture
        self._limit = limit
        self._on_overflow = on_overflow
        self._on_failure = on_failure
        self._queue: deque[Item | Resync[Picture]] = deque()
        self._told = 0  # of the loss, by every Resync that was taken
        self._news = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def put(self, items: Sequence[Item]) -> None:
        """Hand over what happened at once.  The picture must already hold it: it replaces these items when they
        find no room."""
        with self._news:
            if self._closed:
                return
            if len(self._queue) + len(items) <= self._limit:
                self._queue.extend(items)
                self._news.notify()
                return
            lost = len(items) + sum(not isinstance(item, Resync) for item in self._queue)
            self._queue.clear()
            self.lost += lost
            self.overflows += 1
        resync = Resync(self.lost - self._told, self._picture())
        with self._news:
            self._queue.append(resync)
            self._news.notify()
        if self._on_overflow is not None:
            self._on_overflow(lost)

    def close(self, patience: float) -> bool:
        """Take no more, and wait up to `patience` seconds until what waits is taken.  False where it was not."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while (item := self._next()) is not None:
                self._callback(item)
        except Exception as error:  # noqa: BLE001 - a callback is anybody's code; who put it in is told
            self.failure = error
            with self._news:
                self._closed = True
                self._queue.clear()
            if self._on_failure is not None:
                self._on_failure(error)

    def _next(self) -> Item | Resync[Picture] | None:
        with self._news:
            while not self._queue:
                if self._closed:
                    return None
                self._news.wait()
            item = self._queue.popleft()
            if isinstance(item, Resync):
                self._told += item.lost
            return item

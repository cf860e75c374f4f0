"""The events that wait for the engine, in the order of their emission, and whose turn it is to take them.

A frame is taken inside the receive call that brought it, after everything that waits: a socket hands over a burst
without letting the loop run, so frames that wait for a task of their own wait for the whole burst to be received.
Every other event waits for `serve`, because whoever emits it may not expect the engine to move at that moment.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from pmm.errors import InboxFull
from pmm.events import Event, Frame

# More frames than this wait only when the engine has fallen behind for seconds; the books are then fetched anew.
INBOX_LIMIT = 20_000
# So many events are taken in one go, about a millisecond of work; then timers, signals and sockets have their turn.
TURN_EVENTS = 64


class Inbox:
    """`take` brings one event to the engine and says whether it was the last; it is never entered twice.

    `overflows` counts the frames that were refused.
    """

    def __init__(self, take: Callable[[Event], bool]) -> None:
        self.overflows = 0
        self._take = take
        self._waiting: deque[Event] = deque()
        self._stirred = asyncio.Event()
        self._idle = False  # it is served, and no event is being taken
        self._over = False
        self._failure: Exception | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> None:
        """Let an event wait for its turn."""
        self._waiting.append(event)
        self._stirred.set()

    def put_frame(self, frame: Frame) -> None:
        """Take a frame now, unless an event is being taken: then right after it.  Raises InboxFull at the limit.

        What goes wrong in the taking ends `serve`, not the receiving.
        """
        if len(self._waiting) >= INBOX_LIMIT:
            self.overflows += 1
            raise InboxFull(f"{INBOX_LIMIT} frames wait for the engine")
        self._waiting.append(frame)
        if self._idle:
            self._turn()
        else:
            self._stirred.set()

    async def serve(self) -> None:
        """Take what waits and what comes, until the last event.  Raises what `take` raised."""
        self._idle = True
        try:
            while not self._over:
                await self._stirred.wait()
                self._stirred.clear()
                self._turn()
                await asyncio.sleep(0)
        finally:
            self._idle = False
        if self._failure is not None:
            raise self._failure

    def _turn(self) -> None:
        """Take what waits, as many events as one turn has; what is left is for `serve`."""
        left, self._idle = TURN_EVENTS, False
        try:
            while left and self._waiting and not self._over:
                left -= 1
                self._over = self._take(self._waiting.popleft())
        except Exception as error:  # noqa: BLE001 - it belongs to the run, not to the feed whose frame was taken
            self._failure, self._over = error, True
        self._idle = not self._over
        if self._waiting or self._over:
            self._stirred.set()

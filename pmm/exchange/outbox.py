"""Messages on their way to one subscriber.  There is a limit, because some subscribers never read."""

from __future__ import annotations

import asyncio
from collections import deque

OUTBOX_BYTES_MAX = 8 << 20
OUTBOX_FRAMES_MAX = 16_384


class Outbox:
    """A queue that is bounded in number and bytes: what does not fit is refused, never dropped silently."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def put(self, frame: bytes) -> bool:
        """Queue a message; False when there is no room."""
        if len(self._frames) >= OUTBOX_FRAMES_MAX or self._bytes + len(frame) > OUTBOX_BYTES_MAX:
            return False
        self._frames.append(frame)
        self._bytes += len(frame)
        self._filled.set()
        self._drained.clear()
        return True

    async def get(self) -> bytes:
        """The next message, as soon as there is one."""
        await self._filled.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        if not self._frames:
            self._filled.clear()
            self._drained.set()
        return frame

    async def drained(self) -> None:
        """Until everything has been handed to the network."""
        await self._drained.wait()

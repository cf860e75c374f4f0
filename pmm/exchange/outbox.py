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
        self._drained = asyncio.Event()
        self._drained.set()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: bytes) -> bool:
        """Queue a message; False when there is no room."""
        if len(self._frames) >= OUTBOX_FRAMES_MAX or self._bytes + len(frame) > OUTBOX_BYTES_MAX:
            return False
        if not self._frames:
            self._drained.clear()
        self._frames.append(frame)
        self._bytes += len(frame)
        return True

    def take(self, bytes_max: int) -> list[bytes]:
        """The oldest messages, as many as fit into `bytes_max`; always one when there is any."""
        taken: list[bytes] = []
        room = bytes_max
        while self._frames and (not taken or len(self._frames[0]) <= room):
            taken.append(self._frames.popleft())
            room -= len(taken[-1])
        self._bytes -= bytes_max - room
        if not self._frames:
            self._drained.set()
        return taken

    async def drained(self) -> None:
        """Until everything has been handed to the network."""
        await self._drained.wait()

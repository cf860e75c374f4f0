"""What writes intents down: one thread of its own, so that a disk that hangs holds up neither cancels nor heartbeats.

A thread of the event loop's pool would do as well, for 37 us of processor time on the way of an order, not 20.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Self, TypeAlias

from pmm.ports import Intent, IntentLog

_Page: TypeAlias = tuple[Sequence[Intent], asyncio.Future[None]]


class Pen:
    """`with Pen(log) as pen`: the thread lives as long as the block; what was begun is finished all the same."""

    def __init__(self, log: IntentLog) -> None:
        self._log = log
        self._pages: SimpleQueue[_Page | None] = SimpleQueue()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._work, args=(loop,), name="intents", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.put(None)

    async def write(self, intents: Sequence[Intent]) -> None:
        """Return when the disk has them.  Raises DiskError; then nothing of them may be sent."""
        written = asyncio.get_running_loop().create_future()
        self._pages.put((intents, written))
        await written

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while (page := self._pages.get()) is not None:
            intents, written = page
            error: BaseException | None = None
            try:
                self._log.intend(intents)
            except BaseException as caught:  # noqa: BLE001 - whatever it is belongs to who waits for it
                error = caught
            try:
                loop.call_soon_threadsafe(_settle, written, error)
            except RuntimeError:
                return  # the loop is closed, and nobody waits


def _settle(written: asyncio.Future[None], error: BaseException | None) -> None:
    if written.done():
        return  # whoever waited was cancelled
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)

"""Signals that ask for an orderly end: SIGINT, SIGTERM, and Ctrl+Break where there is one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = "Callable[[int, FrameType | None], None] | int | None"

NUMBERS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)


@contextmanager
def stop_signals(stop: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, each of the signals calls `stop` with the signal's name, in the main thread.

    Inside of a running asyncio loop, `stop` is called from the loop.  The handlers from before come back at the end.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None

    def handle(number: int, _: FrameType | None) -> None:
        name = f"{signal.Signals(number).name} received"
        if loop is None:
            stop(name)
        else:
            loop.call_soon_threadsafe(stop, name)

    before: dict[signal.Signals, Handler] = {number: signal.signal(number, handle) for number in NUMBERS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Venue time as a function of real time: running at some speed, as fast as possible, or standing until it is moved."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress

from pmm.model import SECOND, Nanos

AS_FAST_AS_POSSIBLE = math.inf
# Time stands still, and whoever controls the exchange moves it.
STEPPED = 0.0


class Clock:
    """Starts at `start_at` (unix ns) and runs `speed` times as fast as real time.

    `shift` is a fault: how far the time that clients are told is from the one that the venue lives by.
    """

    def __init__(self, start_at: Nanos, speed: float = 1.0) -> None:
        self.speed = _checked(speed)
        self.shift: Nanos = 0
        self._moved = asyncio.Event()
        self.set(start_at)

    def set(self, at: Nanos) -> None:
        """Let it be `at` now."""
        self._start_at = at
        self._started = time.monotonic_ns()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def run_at(self, speed: float) -> None:
        """Go on from now at another speed."""
        now = self.now()
        self.speed = _checked(speed)
        self.set(now)

    def now(self) -> Nanos:
        """The venue's time.  As fast as possible, or stepped, means that it is wherever `set` last put it."""
        if STEPPED < self.speed < AS_FAST_AS_POSSIBLE:
            return self._start_at + int((time.monotonic_ns() - self._started) * self.speed)
        return self._start_at

    def shown(self) -> Nanos:
        """The time that clients are told, and that their signatures are held against."""
        return self.now() + self.shift

    def has_come(self, at: Nanos) -> bool:
        """Whether it is `at` or later; as fast as possible, everything has come."""
        return at <= self.now() or self.speed == AS_FAST_AS_POSSIBLE

    def seconds_until(self, at: Nanos) -> float:
        """Real seconds until the venue's clock shows `at`; zero or less when it already does, infinite when stepped."""
        if self.speed == AS_FAST_AS_POSSIBLE:
            return 0.0
        left = at - self.now()
        if self.speed == STEPPED:
            return math.inf if left > 0 else 0.0
        return left / self.speed / SECOND

    async def reached(self, at: Nanos) -> None:
        """Until the venue's clock shows `at`."""
        while self.now() < at and self.speed != AS_FAST_AS_POSSIBLE:
            delay = self.seconds_until(at)
            with suppress(TimeoutError):
                async with asyncio.timeout(None if delay == math.inf else max(delay, 0.0)):
                    await self._moved.wait()


def _checked(speed: float) -> float:
    if not speed >= 0:
        raise ValueError(f"speed must not be negative: {speed}")
    return speed

"""Venue time as a function of real time: started at some moment, running at some speed, or as fast as possible."""

from __future__ import annotations

import math
import time

from pmm.model import SECOND, Nanos

AS_FAST_AS_POSSIBLE = math.inf


class Clock:
    """Starts at `start_at` (unix ns) and runs `speed` times as fast as real time."""

    def __init__(self, start_at: Nanos, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be positive: {speed}")
        self.speed = speed
        self.set(start_at)

    def set(self, at: Nanos) -> None:
        """Let it be `at` now."""
        self._start_at = at
        self._started = time.monotonic_ns()

    def now(self) -> Nanos:
        """The venue's time.  As fast as possible means that it is wherever `set` last put it."""
        if self.speed == AS_FAST_AS_POSSIBLE:
            return self._start_at
        return self._start_at + int((time.monotonic_ns() - self._started) * self.speed)

    def seconds_until(self, at: Nanos) -> float:
        """Real seconds until the venue's clock shows `at`; zero or less when it already does."""
        if self.speed == AS_FAST_AS_POSSIBLE:
            return 0.0
        return (at - self.now()) / self.speed / SECOND

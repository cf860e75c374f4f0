"""Whether somebody reads stdout: for whatever writes there beside the engine.

A line is smaller than what a pipe takes once it takes anything at all, so that a writer that asks first never hangs.
"""

from __future__ import annotations

import select
import sys
import threading

# How often a writer whose reader is slow looks whether it shall give up, in seconds.
LOOK_S = 0.1


class Outlet:
    """Asked by the writing thread, given up by another."""

    def __init__(self) -> None:
        self._descriptor = _descriptor()
        self._given_up = threading.Event()

    def ready(self) -> bool:
        """Wait until stdout takes a line; False when that was given up."""
        if self._descriptor is None:
            return True
        while not self._given_up.is_set():
            if select.select([], [self._descriptor], [], LOOK_S)[1]:
                return True
        return False

    def give_up(self) -> None:
        """Nothing more is written."""
        self._given_up.set()


def _descriptor() -> int | None:
    """Where lines go, for the system; None where stdout is no file of its own."""
    try:
        return None if sys.stdout is None else sys.stdout.fileno()
    except (OSError, ValueError):
        return None

"""Who cares for the orders of a bot that is gone: a new run of it, or its watchdog.

A bot that comes back adopts its resting orders and keeps their places in the queues, so a watchdog that swept at once
would take away what is wanted.  It waits for a moment.  Whoever takes the lease of the wallet meanwhile has a watchdog
of its own soon; until that one is on guard the old one stays, and sweeps if the lease is free again for too long.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# A supervisor starts a bot again at once, and it has the lease of its wallet a second later.  The moments in which
# nobody held it are added up, so that a bot that crashes again and again is swept after all.
GRACE_S = 3.0
# Longer than the watchdog of a new run may take to start.  A run that has none is guarded by nobody, on purpose.
HANDOVER_S = 25.0
# How often the lease is looked at.
LOOK_S = 0.2


class Succession:
    """Call `look` every `LOOK_S` once the bot is gone.

    `held` says whether somebody has the lease of the wallet, `relieved` whether another watchdog came on guard since.
    """

    def __init__(
        self,
        held: Callable[[], bool] | None,
        relieved: Callable[[], bool] = lambda: False,
        *,
        grace: float = GRACE_S,
        handover: float = HANDOVER_S,
    ) -> None:
        """Without `held` nobody ever comes, and nobody is waited for."""
        self._held = held
        self._relieved = relieved
        self._grace = 0.0 if held is None else grace
        self._handover = handover
        self._alone = 0.0
        self._looked_at: float | None = None
        self._held_since: float | None = None

    def look(self, now: float) -> None:
        """See how things stand; `now` in seconds of a clock that never goes back."""
        if self._held is not None and self._held():
            self._held_since = now if self._held_since is None else self._held_since
        else:
            self._alone += 0.0 if self._looked_at is None or self._held_since is not None else now - self._looked_at
            self._held_since = None
        self._looked_at = now

    @property
    def inherited(self) -> bool:
        """Whether another run has the wallet at the moment."""
        return self._held_since is not None

    @property
    def complete(self) -> bool:
        """Whether another watchdog is on guard, or another run has had the wallet for so long that it must be."""
        if self._held_since is None or self._looked_at is None:
            return self._held is not None and self._relieved()
        return self._relieved() or self._looked_at - self._held_since >= self._handover

    @property
    def orphaned(self) -> bool:
        """Whether nobody has it, and nobody came in time."""
        return not self.inherited and self._alone >= self._grace


class GuardBook:
    """Who came on guard for a wallet last: a file beside the lock of its lease, which every watchdog signs."""

    def __init__(self, lease: Path) -> None:
        self._path = lease.with_suffix(".guard")
        self._name = str(os.getpid())

    def sign(self) -> None:
        """Come on guard.  Where nothing can be written, the one before stays for longer and does no harm."""
        fresh = self._path.with_suffix(f".{self._name}")
        try:
            fresh.write_text(self._name)
            fresh.replace(self._path)
        except OSError:
            return

    def signed_by_another(self) -> bool:
        """Whether somebody came after us."""
        try:
            return self._path.read_text() != self._name
        except OSError:
            return False

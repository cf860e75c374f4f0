"""Who cares for the orders of a bot that is gone: a new run of it, or its watchdog.

A bot that comes back adopts its resting orders and keeps their places in the queues, so a watchdog that swept at once
would take away what is wanted.  It waits for a moment.  Whoever takes the lease of the wallet meanwhile has a watchdog
of its own soon; until that must be so the old one stays, and sweeps if the lease is free again.
"""

from __future__ import annotations

from collections.abc import Callable

# A supervisor starts a bot again at once, and it has the lease of its wallet a second later.  The moments in which
# nobody held it are added up, so that a bot that crashes again and again is swept after all.
GRACE_S = 3.0
# Longer than the watchdog of a new run may take to start.
HANDOVER_S = 25.0
# How often the lease is looked at.
LOOK_S = 0.2


class Succession:
    """`held` says whether somebody has the lease of the wallet; call `look` every `LOOK_S` once the bot is gone."""

    def __init__(
        self, held: Callable[[], bool] | None, *, grace: float = GRACE_S, handover: float = HANDOVER_S
    ) -> None:
        """Without `held` nobody ever comes, and nobody is waited for."""
        self._held = held
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
        """Whether another run has had it for so long that it is guarded by others."""
        return (
            self._held_since is not None
            and self._looked_at is not None
            and self._looked_at - self._held_since >= self._handover
        )

    @property
    def orphaned(self) -> bool:
        """Whether nobody has it, and nobody came in time."""
        return not self.inherited and self._alone >= self._grace

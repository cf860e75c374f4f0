"""What the venue accepts at all: its mode, the script of a restart, and what either means for the synthetic traders."""

from __future__ import annotations

from collections.abc import Callable

from pmm.model import SECOND, Nanos
from pmm.sim.agenda import Agenda
from pmm.sim.chronicle import Chronicle
from pmm.sim.orders import Refusal
from pmm.sim.params import Mode
from pmm.sim.refusals import CANCEL_ONLY, DISABLED, post_only_mode, restarting
from pmm.sim.world import DemoWorld

_NOBODY_TRADES = frozenset({Mode.RESTARTING, Mode.CANCEL_ONLY, Mode.DISABLED})


class Modes:
    """`mode` is the present one; `enter` changes it and ends a restart that was under way."""

    def __init__(self, world: DemoWorld, agenda: Agenda, chronicle: Chronicle) -> None:
        self.mode = Mode.NORMAL
        self._world = world
        self._agenda = agenda
        self._chronicle = chronicle
        self._until: Nanos | None = None
        self._changes = 0
        self._sent_home = False

    def enter(self, mode: Mode, at: Nanos, until: Nanos | None = None) -> None:
        """`until` is when it will be over, for `Retry-After`; None when nobody knows."""
        self._changes += 1
        self.mode, self._until = mode, until
        self._chronicle.note(at, "mode", mode=mode.value)
        if mode in _NOBODY_TRADES and self._world.trading:
            self._world.set_trading(on=False, at=at)
            self._sent_home = True
        elif mode not in _NOBODY_TRADES and self._sent_home:
            self._world.set_trading(on=True, at=at)
            self._sent_home = False
        for floor in self._world.floors():
            floor.desk.passive_only = mode is Mode.POST_ONLY

    def restart(self, seconds: int, post_only_s: int, at: Nanos) -> None:
        """RESTARTING, then POST_ONLY, then NORMAL, unless somebody changes the mode in between."""
        back, normal = at + seconds * SECOND, at + (seconds + post_only_s) * SECOND
        self.enter(Mode.RESTARTING, at, back)
        self._agenda.enter(back, self._unless_changed(lambda now: self._come_back(now, normal)))

    def _come_back(self, at: Nanos, normal: Nanos) -> None:
        self.enter(Mode.POST_ONLY, at, normal)
        self._agenda.enter(normal, self._unless_changed(lambda now: self.enter(Mode.NORMAL, now)))

    def _unless_changed(self, action: Callable[[Nanos], None]) -> Callable[[Nanos], None]:
        changes = self._changes
        return lambda now: action(now) if self._changes == changes else None

    def refuse_order(self, *, post_only: bool, at: Nanos) -> Refusal | None:
        """Why no order is taken now; None when one is."""
        if self.mode is Mode.NORMAL or (self.mode is Mode.POST_ONLY and post_only):
            return None
        if self.mode is Mode.POST_ONLY:
            return post_only_mode(self._retry_after(at))
        return CANCEL_ONLY if self.mode is Mode.CANCEL_ONLY else self.refuse_cancel(at)

    def refuse_cancel(self, at: Nanos) -> Refusal | None:
        """Why nothing is cancelled now; None when it is."""
        if self.mode is Mode.RESTARTING:
            return restarting(self._retry_after(at))
        return DISABLED if self.mode is Mode.DISABLED else None

    def _retry_after(self, at: Nanos) -> int | None:
        return None if self._until is None else max(1, -(-(self._until - at) // SECOND))

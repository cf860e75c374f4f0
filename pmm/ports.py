"""The sockets of the house: what a driver plugs into the engine.

Adapters translate and never decide.  Everything that reaches the engine goes through one `Emit`, which delivers an
event at its own `at`: at once when that time has come, later when it lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from pmm.commands import Command
from pmm.core.step import Step
from pmm.events import Event
from pmm.model import Nanos

Emit: TypeAlias = Callable[[Event], None]


class Feed(Protocol):
    """Market data over a socket: emits `FeedSignal` and `Frame` until cancelled."""

    async def run(self, emit: Emit) -> None: ...


class Gateway(Protocol):
    """Carries commands to a venue, real or simulated, and emits exec reports."""

    def submit(self, commands: Sequence[Command], at: Nanos, emit: Emit) -> None: ...

    def observe(self, event: Event, emit: Emit) -> None:
        """See every event before the engine does; a simulated venue reads the tape here."""


class World(Protocol):
    """A simulated venue that lives in event time instead of on a socket."""

    def next_at(self) -> Nanos | None:
        """When the world next does something by itself; None when it is over."""

    def advance(self, emit: Emit) -> None:
        """Do everything due at `next_at`."""


class Sink(Protocol):
    """Receives every step, in order: prints, counts, stores."""

    def on_step(self, step: Step) -> None: ...

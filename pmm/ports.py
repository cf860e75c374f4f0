"""The sockets of the house: what a driver plugs into the engine.

Adapters translate and never decide.  Everything that reaches the engine goes through one `Emit`, which delivers an
event at its own `at`: at once when that time has come, later when it lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pmm.commands import OrderCommand
from pmm.core.step import Step
from pmm.events import Event
from pmm.model import ConditionId, Nanos, OrderId, Price, Side, Size, TokenId

Emit: TypeAlias = Callable[[Event], None]


class Feed(Protocol):
    """Market data over a socket: emits `FeedSignal` and `Frame` until cancelled."""

    async def run(self, emit: Emit) -> None: ...

    def reconnect(self, cause: str) -> None:
        """Close the socket and open it again, as if it had been lost."""

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        """Follow more tokens, at once when the socket is open and after every reconnect."""

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Stop following tokens."""

    def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Ask for fresh snapshots of tokens that are followed, without closing the socket."""


class BookReader(Protocol):
    """Reads books over REST while everything else goes on."""

    async def serve(self) -> None:
        """Work until cancelled; the driver runs it beside the feeds."""

    def read(self, tokens: Sequence[TokenId], emit: Emit) -> None:
        """Emit one `BookRead` for every token, whatever happens; never raises for what the venue does."""


class World(Protocol):
    """Something with a life of its own in event time: a simulated venue, or a gateway that owes answers."""

    def next_at(self) -> Nanos | None:
        """When it next does something by itself; None when it has nothing to do."""

    def advance(self, emit: Emit) -> None:
        """Do everything that is due at `next_at`."""


class Gateway(World, Protocol):
    """Carries commands to a venue, real or simulated, and emits exec reports."""

    def submit(self, commands: Sequence[OrderCommand], at: Nanos, emit: Emit) -> None: ...

    def observe(self, event: Event, emit: Emit) -> None:
        """See every event before the engine does; a simulated venue reads the tape here."""


class Service(Protocol):
    """Something that works beside the feeds: a user socket, a heartbeat, the calls of a gateway."""

    async def serve(self, emit: Emit) -> None:
        """Work until cancelled; raises only what shall end the run."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that is about to be sent: enough to send the same bytes again and to know it after a restart.

    `body` is the whole request of the order alone, signed; `venue_id` is its hash, known before the venue knows it.
    """

    order_id: OrderId
    venue_id: str
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    expires_at: Nanos | None
    created_at: Nanos
    body: bytes


class IntentLog(Protocol):
    """What survives the process: nothing is sent that was not written here before."""

    def make_room(self) -> None:
        """Do ahead of the first order what would hold it up.  Raises DiskError."""

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write and wait until the disk has them.  Raises DiskError; then nothing may be sent."""

    def close(self, order_ids: Iterable[OrderId]) -> None:
        """The venue has proven that these are over; need not be on the disk at once.  Raises DiskError."""

    def open_intents(self) -> list[Intent]:
        """Orders of earlier runs, and of this one, that are not proven to be over; oldest first."""


class Sink(Protocol):
    """Receives every step, in order: prints, counts, stores."""

    def on_step(self, step: Step, took: Nanos) -> None:
        """`took` is the time that the engine needed for it, measured by the driver."""

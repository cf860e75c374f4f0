"""A session that is told in a thread of its own: a reader of stdout that stops to read does not stop the engine."""

from __future__ import annotations

from typing import TypeAlias

from pmm.cli import logs
from pmm.cli.context import Cli
from pmm.cli.outlet import Outlet
from pmm.cli.session import Session
from pmm.core.step import Step
from pmm.drivers.subscribers import QUEUE_LIMIT, Resync, Subscriber
from pmm.model import Nanos

Record: TypeAlias = dict[str, object]

# How long the rest may take to be written at the end, in seconds.
PATIENCE_S = 5.0


class Beside:
    """A sink around a session.  Raises what stdout raised, at the step after; `close` it before anything is added."""

    def __init__(self, cli: Cli, session: Session, *, limit: int = QUEUE_LIMIT) -> None:
        self._cli = cli
        self._session = session
        self._outlet = Outlet()
        self._log = logs.get("session")
        self._subscriber: Subscriber[Step | Record, None] = Subscriber(
            self._tell, picture=lambda: None, limit=limit, on_overflow=self._on_overflow
        )

    def on_step(self, step: Step, _took: Nanos) -> None:
        if self._subscriber.failure is not None:
            raise self._subscriber.failure
        if self._session.tells(step):
            self._subscriber.put((step,))

    def say(self, record: Record) -> None:
        """Tell how everything stands, after what was told before."""
        self._subscriber.put((record,))

    def close(self) -> bool:
        """Write what waits; False where nobody has read it in time, and nothing can be written any more."""
        if self._subscriber.close(PATIENCE_S):
            return True
        self._outlet.give_up()
        self._subscriber.close(PATIENCE_S)
        self._cli.note("stdout is not read: the end of the session was not written")
        return False

    def _tell(self, item: Step | Record | Resync[None]) -> None:
        if not self._outlet.ready():
            return
        if isinstance(item, Resync):
            self._session.on_loss(item.lost)
        elif isinstance(item, dict):
            self._session.on_status(item)
        else:
            self._session.on_step(item, 0)

    def _on_overflow(self, lost: int) -> None:
        self._log.warning("the reader of stdout does not keep up", lost=lost)

"""Run the engine on asyncio: sockets, signals and the wall clock on one side, one inbox, the engine on the other.

Every task belongs to one TaskGroup.  The run ends when a step is done; when orders refuse to go away within the
limit, it ends too and says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

from pmm.commands import Reconnect
from pmm.core.engine import Engine, Outcome
from pmm.core.step import Step
from pmm.errors import DiskError, InboxFull, OrdersMayRemain
from pmm.events import Event, Frame, Operator, OperatorAction, Timer
from pmm.model import SECOND, Nanos
from pmm.ports import Feed, Gateway, Sink

# More frames than this wait only when the engine has fallen behind for seconds; the books are then fetched anew.
INBOX_LIMIT = 20_000
# How long orders may take to go away after a stop before the run ends without proof.
STOP_LIMIT: Nanos = 10 * SECOND


class Live:
    """One run over real time.  `feeds` are keyed by their connection number."""

    def __init__(
        self,
        engine: Engine,
        feeds: Mapping[int, Feed],
        gateway: Gateway,
        sinks: Sequence[Sink] = (),
        *,
        timer: Nanos = SECOND,
        stop_limit: Nanos = STOP_LIMIT,
    ) -> None:
        self.engine = engine
        self.feeds = feeds
        self.gateway = gateway
        self.sinks = list(sinks)
        self.timer = timer
        self.stop_limit = stop_limit
        self._inbox: asyncio.Queue[Event] = asyncio.Queue()
        self._wake: asyncio.TimerHandle | None = None
        self._stopping_since: Nanos | None = None
        self.sink_failure: OSError | DiskError | None = None

    def emit(self, event: Event) -> None:
        """Deliver an event at its time.  Raises InboxFull for a frame that finds the inbox at its limit."""
        delay = event.at - time.time_ns()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay / SECOND, self._inbox.put_nowait, event)
            return
        if isinstance(event, Frame) and self._inbox.qsize() >= INBOX_LIMIT:
            raise InboxFull(f"{INBOX_LIMIT} frames wait for the engine")
        self._inbox.put_nowait(event)

    def add_sink(self, sink: Sink) -> None:
        self.sinks.append(sink)

    def stop(self, reason: str) -> None:
        """Ask the engine to want nothing any more; safe to call from a signal handler of the loop."""
        self.emit(Operator(time.time_ns(), OperatorAction.STOP, reason))

    async def run(self, opening: Iterable[Event]) -> None:
        """Live until the engine is done.  Raises OrdersMayRemain when cancels stay unconfirmed after a stop."""
        for event in opening:
            self.emit(event)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(feed.run(self.emit)) for feed in self.feeds.values()]
            tasks.append(group.create_task(self._tick()))
            try:
                await self._turn()
            finally:
                if self._wake is not None:
                    self._wake.cancel()
                for task in tasks:
                    task.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.timer / SECOND)
            self.emit(Timer(time.time_ns()))

    async def _turn(self) -> None:
        while not self._take(await self._inbox.get()):
            pass

    def _take(self, event: Event) -> bool:
        self.gateway.observe(event, self.emit)
        began = time.perf_counter_ns()
        step = self.engine.step(event)
        took = time.perf_counter_ns() - began
        self._carry_out(step)
        self._tell(step, took)
        self._watch_stop(event, step)
        return step.done

    def _tell(self, step: Step, took: Nanos) -> None:
        """A sink whose output is gone (closed pipe, full disk) is left out, and the run stops in order."""
        for sink in tuple(self.sinks):
            try:
                sink.on_step(step, took)
            except (OSError, DiskError) as error:
                self.sinks.remove(sink)
                self.sink_failure = error
                self.stop(f"output failed: {error}")

    def _carry_out(self, step: Step) -> None:
        orders = []
        for command in step.commands:
            if isinstance(command, Reconnect):
                self.feeds[command.connection].reconnect(command.cause)
            else:
                orders.append(command)
        self.gateway.submit(orders, step.event.at, self.emit)
        self._arm()

    def _arm(self) -> None:
        """Wake the gateway when it next owes an answer."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = self.gateway.next_at()
        if due is not None:
            delay = max(0, due - time.time_ns()) / SECOND
            self._wake = asyncio.get_running_loop().call_later(delay, self._advance)

    def _advance(self) -> None:
        self._wake = None
        self.gateway.advance(self.emit)
        self._arm()

    def _watch_stop(self, event: Event, step: Step) -> None:
        if self.engine.outcome is Outcome.RUNNING or step.done:
            return
        if self._stopping_since is None:
            self._stopping_since = event.at
        if event.at - self._stopping_since >= self.stop_limit:
            left = sum(1 for _ in self.engine.orders.open())
            raise OrdersMayRemain(f"{left} orders were not confirmed gone within {self.stop_limit // SECOND} s")

"""Run the engine in simulated time: a heap of events and the worlds that make them, as fast as they go or paced.

Ties are broken by the order of arrival, so one seed gives one run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from time import perf_counter_ns

from pmm.commands import Reconnect
from pmm.core.engine import Engine, Outcome
from pmm.events import Event, FeedNews, FeedSignal, Operator, OperatorAction, Timer
from pmm.model import SECOND, Nanos
from pmm.ports import Gateway, Sink, World

# A stop that is not done after this long in event time means that orders may remain.
STOP_LIMIT: Nanos = 10 * SECOND


class EventTime:
    """One run over simulated time; `pace` is called with each event's time before it is taken in."""

    def __init__(
        self,
        engine: Engine,
        world: World,
        gateway: Gateway,
        sinks: Sequence[Sink] = (),
        *,
        timer: Nanos = SECOND,
        pace: Callable[[Nanos], None] | None = None,
    ) -> None:
        self.engine = engine
        self.gateway = gateway
        self.sinks = sinks
        self.timer = timer
        self.pace = pace
        self._worlds: tuple[World, ...] = (gateway, world)
        self._heap: list[tuple[Nanos, int, Event]] = []
        self._sequence = count()

    def emit(self, event: Event) -> None:
        heapq.heappush(self._heap, (event.at, next(self._sequence), event))

    def run(self, start: Nanos, duration: Nanos, opening: Iterable[Event], dump: Callable[[Nanos], Event]) -> Outcome:
        """Take `opening` in, then live for `duration`, then stop; `dump` makes the snapshot that follows a (re)connect.

        Returns when the engine is done, or with its outcome still open where orders would not go away.
        """
        end = start + duration
        for event in opening:
            self.emit(event)
        self._connect(start, dump)
        self.emit(Timer(start + self.timer))
        self.emit(Operator(end, OperatorAction.STOP, "duration is over"))
        while (due := self._next()) is not None and due.at <= end + STOP_LIMIT:
            if self.pace is not None:
                self.pace(due.at)
            if self._take(due, dump):
                break
        return self.engine.outcome

    def _connect(self, at: Nanos, dump: Callable[[Nanos], Event]) -> None:
        self.emit(FeedSignal(at, 0, FeedNews.CONNECTING))
        self.emit(FeedSignal(at, 0, FeedNews.OPENED))
        self.emit(dump(at))

    def _next(self) -> Event | None:
        """The earliest event, once every world has been brought up to its time."""
        while True:
            due = [(at, n) for n, world in enumerate(self._worlds) if (at := world.next_at()) is not None]
            earliest = min(due, default=None)
            if earliest is None or (self._heap and self._heap[0][0] < earliest[0]):
                return heapq.heappop(self._heap)[2] if self._heap else None
            self._worlds[earliest[1]].advance(self.emit)

    def _take(self, event: Event, dump: Callable[[Nanos], Event]) -> bool:
        if isinstance(event, Timer):
            self.emit(Timer(event.at + self.timer))
        self.gateway.observe(event, self.emit)
        began = perf_counter_ns()
        step = self.engine.step(event)
        took = perf_counter_ns() - began
        orders = [command for command in step.commands if not isinstance(command, Reconnect)]
        self.gateway.submit(orders, event.at, self.emit)
        for command in step.commands:
            if isinstance(command, Reconnect):
                self.emit(FeedSignal(event.at, command.connection, FeedNews.CLOSED, command.cause))
                self._connect(event.at, dump)
        for sink in self.sinks:
            sink.on_step(step, took)
        return step.done

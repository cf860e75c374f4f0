"""Run the engine in simulated time: a heap of events and the worlds that make them, as fast as they go or paced.

Ties are broken by the order of arrival, so one seed gives one run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from time import perf_counter_ns
from typing import assert_never

from pmm.commands import (
    Cancel,
    CancelAll,
    Command,
    Place,
    QueryOrder,
    ReadAccount,
    ReadBooks,
    Reconnect,
    Repost,
    Resubscribe,
    StopHeartbeat,
)
from pmm.core.engine import Engine, Outcome
from pmm.drivers.wire import Wire
from pmm.events import Event, Frame, Operator, OperatorAction, Timer, Wake
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
        self._wake_at: Nanos | None = None
        self._wire: Wire | None = None

    def emit(self, event: Event) -> None:
        heapq.heappush(self._heap, (event.at, next(self._sequence), event))

    def run(self, start: Nanos, duration: Nanos, opening: Iterable[Event], wire: Wire) -> Outcome:
        """Take `opening` in, then live for `duration`, then stop; `wire` carries the world's market data.

        Returns when the engine is done, or with its outcome still open where orders would not go away.
        """
        self._wire = wire
        end = start + duration
        for event in opening:
            self.emit(event)
        for connection in wire.connections:
            wire.open(connection, start, self.emit)
        self.emit(Timer(start + self.timer))
        self.emit(Operator(end, OperatorAction.STOP, "duration is over"))
        while (due := self._next()) is not None and due.at <= end + STOP_LIMIT:
            if self.pace is not None:
                self.pace(due.at)
            if self._take(due):
                break
        return self.engine.outcome

    def _told(self, event: Event) -> None:
        """What a world emits: its frames go over the wire, everything else arrives as it is."""
        if isinstance(event, Frame) and self._wire is not None:
            self._wire.carry(event, self.emit)
        else:
            self.emit(event)

    def _next(self) -> Event | None:
        """The earliest event, once every world has been brought up to its time."""
        while True:
            due = [(at, n) for n, world in enumerate(self._worlds) if (at := world.next_at()) is not None]
            earliest = min(due, default=None)
            if earliest is None or (self._heap and self._heap[0][0] < earliest[0]):
                return heapq.heappop(self._heap)[2] if self._heap else None
            self._worlds[earliest[1]].advance(self._told)

    def _take(self, event: Event) -> bool:
        if isinstance(event, Timer):
            self.emit(Timer(event.at + self.timer))
        self.gateway.observe(event, self.emit)
        began = perf_counter_ns()
        step = self.engine.step(event)
        took = perf_counter_ns() - began
        self._carry_out(step.commands, event.at)
        self._arm(step.wake_at, event.at)
        for sink in self.sinks:
            sink.on_step(step, took)
        return step.done

    def _carry_out(self, commands: Sequence[Command], at: Nanos) -> None:
        orders, wire = [], self._wire
        assert wire is not None, "commands are carried out while running"
        for command in commands:
            match command:
                case Place() | Cancel() | QueryOrder() | Repost() | CancelAll() | ReadAccount() | StopHeartbeat():
                    orders.append(command)
                case Reconnect():
                    wire.reconnect(command, at, self.emit)
                case Resubscribe():
                    wire.resubscribe(command, at, self.emit)
                case ReadBooks():
                    wire.read(command, at, self.emit)
                case _:
                    assert_never(command)
        self.gateway.submit(orders, at, self.emit)

    def _arm(self, wake_at: Nanos | None, now: Nanos) -> None:
        """One wake-up lies ahead, at the earliest moment that any step asked for."""
        if self._wake_at is not None and self._wake_at <= now:
            self._wake_at = None
        if wake_at is not None and (self._wake_at is None or wake_at < self._wake_at):
            self._wake_at = wake_at
            self.emit(Wake(max(wake_at, now)))

"""Run the engine on asyncio: sockets, signals and the wall clock on one side, one inbox, the engine on the other.

Every task belongs to one TaskGroup.  The run ends when a step is done; when orders refuse to go away within the
limit, it ends too and says so.  Markets may be added and dropped while it goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, assert_never

from pmm.commands import (
    Cancel,
    CancelAll,
    Command,
    OrderCommand,
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
from pmm.core.step import Step
from pmm.drivers.facts import Facts
from pmm.drivers.inbox import Inbox
from pmm.errors import DiskError, OrdersMayRemain
from pmm.events import BookRead, Event, Frame, MarketDropped, MarketListed, Operator, OperatorAction, Timer, Wake
from pmm.model import MILLISECOND, SECOND, ConditionId, Market, Nanos
from pmm.ports import BookReader, Feed, Gateway, Service, Sink

# How long orders may take to go away after a stop before the run ends without proof.
STOP_LIMIT: Nanos = 10 * SECOND
# A wish to be woken that is due already is granted after this, so that nothing can spin.
WAKE_MIN: Nanos = MILLISECOND


class Roster(Protocol):
    """Who carries which market, for a run whose markets come and go."""

    def add(self, market: Market, at: Nanos) -> Sequence[MarketListed]:
        """Let a market be followed; what the engine has to be told of it."""

    def drop(self, market: Market) -> None:
        """Let a market be followed no longer."""


class Live:
    """One run over real time.  `feeds` are keyed by their connection number and may become more while it goes on."""

    def __init__(
        self,
        engine: Engine,
        feeds: Mapping[int, Feed],
        gateway: Gateway,
        sinks: Sequence[Sink] = (),
        *,
        reader: BookReader | None = None,
        roster: Roster | None = None,
        facts: Facts | None = None,
        services: Sequence[Service] = (),
        timer: Nanos = SECOND,
        stop_limit: Nanos = STOP_LIMIT,
    ) -> None:
        """Without a `reader` every wish to read a book is answered by a refusal."""
        self.engine = engine
        self.feeds = feeds
        self.gateway = gateway
        self.sinks = list(sinks)
        self.reader = reader
        self.roster = roster
        self.facts = facts
        self.services = tuple(services)
        self.timer = timer
        self.stop_limit = stop_limit
        self._inbox = Inbox(self._take)
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[int, asyncio.Task[None]] = {}
        self._listed: dict[ConditionId, MarketListed] = {}
        self._leaving: set[ConditionId] = set()
        self._owed: asyncio.TimerHandle | None = None
        self._owed_at: Nanos = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: Nanos = 0
        self._stopping_since: Nanos | None = None
        self._interrupted = False
        self._hurry: Timer | None = None
        self._why = ""
        self.sink_failure: OSError | DiskError | None = None

    @property
    def overflows(self) -> int:
        """How often a feed was told that the inbox is full; it then opens its connection anew."""
        return self._inbox.overflows

    def emit(self, event: Event) -> None:
        """Deliver an event at its time, a frame within this call.  Raises InboxFull for a frame beyond the limit."""
        delay = event.at - time.time_ns()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay / SECOND, self._inbox.put, event)
        elif isinstance(event, Frame):
            self._inbox.put_frame(event)
        else:
            self._inbox.put(event)

    def add_sink(self, sink: Sink) -> None:
        self.sinks.append(sink)

    def stop(self, reason: str) -> None:
        """Ask the engine to want nothing any more; safe to call from a signal handler of the loop."""
        self.operate(OperatorAction.STOP, reason)

    def interrupt(self, reason: str) -> None:
        """Stop in order; whoever asks again does not wait for what is not confirmed by then."""
        if not self._interrupted:
            self._interrupted = True
            self.stop(reason)
        else:
            self._hurry = Timer(time.time_ns())  # whatever is in the inbox before it counts
            self._why = f"a second time: {reason}"
            self.emit(self._hurry)

    def operate(self, action: OperatorAction, reason: str) -> None:
        """Pass a wish of the operator on to the engine."""
        self.emit(Operator(time.time_ns(), action, reason))

    def add_market(self, market: Market) -> None:
        """Quote one more market, from now on or from the start of the run.  The run must know its roster."""
        assert self.roster is not None, "markets come and go only where a roster says who carries them"
        listings = self.roster.add(market, time.time_ns())
        self._leaving.discard(market.condition_id)
        self._serve_feeds()
        for listing in listings:
            self.emit(listing)

    def drop_market(self, condition_id: ConditionId) -> None:
        """Want nothing in a market any more; its data ends when no order of ours is left there."""
        assert self.roster is not None, "markets come and go only where a roster says who carries them"
        self._leaving.add(condition_id)
        self.emit(MarketDropped(time.time_ns(), condition_id))

    async def run(self, opening: Iterable[Event] = ()) -> None:
        """Live until the engine is done.  Raises OrdersMayRemain when cancels stay unconfirmed after a stop."""
        for event in opening:
            self.emit(event)
        async with asyncio.TaskGroup() as group:
            self._tasks = group
            self._serve_feeds()
            tasks = [group.create_task(self._tick())]
            tasks += [group.create_task(service.serve(self.emit)) for service in self.services]
            if self.reader is not None:
                tasks.append(group.create_task(self.reader.serve()))
            if self.facts is not None:
                tasks.append(group.create_task(self.facts.run(self._quoted, self._relist)))
            try:
                await self._inbox.serve()
            finally:
                self._tasks = None
                for handle in (self._owed, self._alarm):
                    if handle is not None:
                        handle.cancel()
                for task in (*tasks, *self._running.values()):
                    task.cancel()

    def _serve_feeds(self) -> None:
        """Run the feeds that do not run, or gave up; before the run begins there is nothing to do."""
        if self._tasks is not None:
            for number, feed in self.feeds.items():
                if number not in self._running or self._running[number].done():
                    self._running[number] = self._tasks.create_task(feed.run(self.emit))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.timer / SECOND)
            self.emit(Timer(time.time_ns()))

    def _take(self, event: Event) -> bool:
        if isinstance(event, MarketListed):
            self._listed.setdefault(event.market.condition_id, event)
        self.gateway.observe(event, self.emit)
        began = time.perf_counter_ns()
        step = self.engine.step(event)
        took = time.perf_counter_ns() - began
        self._carry_out(step)
        self._tell(step, took)
        self._watch_stop(event, step)
        if self._leaving:
            self._let_go()
        if isinstance(event, Operator) and event.action is OperatorAction.RESET:
            self._serve_feeds()
        return step.done or (event is self._hurry and self.engine.desk.empty)

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
        orders: list[OrderCommand] = []
        for command in step.commands:
            self._obey(command, orders)
        self.gateway.submit(orders, step.event.at, self.emit)
        self._arm()
        if step.wake_at is not None:
            self._set_alarm(step.wake_at)

    def _obey(self, command: Command, orders: list[OrderCommand]) -> None:
        match command:
            case Place() | Cancel() | QueryOrder() | Repost() | CancelAll() | ReadAccount() | StopHeartbeat():
                orders.append(command)
            case Reconnect():
                self.feeds[command.connection].reconnect(command.cause)
            case Resubscribe():
                self.feeds[command.connection].resubscribe(command.tokens)
            case ReadBooks() if self.reader is not None:
                self.reader.read(command.tokens, self.emit)
            case ReadBooks():
                now = time.time_ns()
                for token in command.tokens:
                    self.emit(BookRead(now, now, token, None, "this run reads no books"))
            case _:
                assert_never(command)

    def _arm(self) -> None:
        """Wake the gateway when it next owes an answer."""
        due = self.gateway.next_at()
        if self._owed is not None:
            if due == self._owed_at:
                return
            self._owed.cancel()
            self._owed = None
        if due is not None:
            self._owed_at = due
            delay = max(0, due - time.time_ns()) / SECOND
            self._owed = asyncio.get_running_loop().call_later(delay, self._advance)

    def _advance(self) -> None:
        self._owed = None
        self.gateway.advance(self.emit)
        self._arm()

    def _set_alarm(self, due: Nanos) -> None:
        """Answer with a `Wake` at that time.  An alarm that is set for earlier stays: the engine asks again then."""
        if self._alarm is not None:
            if self._alarm_at <= due:
                return
            self._alarm.cancel()
        self._alarm_at = due
        delay = max(WAKE_MIN, due - time.time_ns()) / SECOND
        self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._inbox.put(Wake(max(self._alarm_at, time.time_ns())))

    def _quoted(self) -> list[MarketListed]:
        return [listing for listing in self._listed.values() if listing.quoted]

    def _relist(self, listing: MarketListed, before: Market) -> None:
        """Tell the engine new facts.  The socket tells a new price step first; an older one must not undo it."""
        quoted = self.engine.markets.get(listing.market.condition_id)
        if quoted is None:
            return  # dropped while it was read
        if listing.market.tick == before.tick:
            listing = replace(listing, market=replace(listing.market, tick=quoted.market.tick))
        self.emit(listing)

    def _let_go(self) -> None:
        """Follow markets no longer that the engine has forgotten."""
        for condition_id in tuple(self._leaving):
            if condition_id not in self.engine.markets and (listing := self._listed.pop(condition_id, None)):
                self._leaving.discard(condition_id)
                assert self.roster is not None, "only a run with a roster drops markets"
                self.roster.drop(listing.market)

    def _watch_stop(self, event: Event, step: Step) -> None:
        if self.engine.outcome is Outcome.RUNNING or step.done:
            return
        if self._stopping_since is None:
            self._stopping_since = event.at
        left = sum(1 for _ in self.engine.orders.open())
        if event is self._hurry and left:
            raise OrdersMayRemain(f"{left} orders were not confirmed gone, {self._why}")
        if event.at - self._stopping_since >= self.stop_limit:
            raise OrdersMayRemain(f"{left} orders were not confirmed gone within {self.stop_limit // SECOND} s")

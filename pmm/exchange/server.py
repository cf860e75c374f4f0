"""The exchange as one object: two ports on loopback, the venue's clock, and everything that has to end with it."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from pmm.errors import UsageError
from pmm.exchange.answers import Refused, answer
from pmm.exchange.builder_desk import BuilderDesk
from pmm.exchange.channel import Channel
from pmm.exchange.charts import CHARTS, Charts
from pmm.exchange.clock import AS_FAST_AS_POSSIBLE, STEPPED, Clock
from pmm.exchange.control import Control
from pmm.exchange.front import Front
from pmm.exchange.gamma import Gamma
from pmm.exchange.house import OPENING_FUNDS, House
from pmm.exchange.listings import Listings
from pmm.exchange.live_activity import LiveActivity
from pmm.exchange.log import RequestLog
from pmm.exchange.ports import HOST, listen
from pmm.exchange.request_faults import RequestFaults
from pmm.exchange.rest import Reads
from pmm.exchange.scenario import Step
from pmm.exchange.source import Source
from pmm.exchange.stream import Hub
from pmm.model import SECOND, Money, Nanos
from pmm.sim.dice import fork
from pmm.sim.venue import Venue
from pmm.sim.world import DemoWorld

GOING_AWAY = 1001
# A venue that has fallen behind lets requests in between after so many steps.
STEPS_WITHOUT_PAUSE = 64
# At full speed a recording waits for its subscribers, but not for ever.
DRAIN_LIMIT_S = 10.0
# What the clock waits for while it does not wait: a moment that never comes.
_AWAKE = -1


class LocalExchange:
    """Serves `source` while the block lasts:

        async with LocalExchange(venue) as exchange:
            exchange.urls["clob_url"]

    `port` 0 takes free ports; any other one also needs the next, for the control endpoint.  `speed` is venue seconds
    per real second, `clock.STEPPED` for a clock that the control endpoint moves, `clock.AS_FAST_AS_POSSIBLE` for
    recordings.  `on_end` is called once, when the source has nothing more to send; sockets stay open.  A `Venue` has
    accounts: `seed` makes their keys and drives the faults, `funds` is what a new wallet begins with,
    and with `legacy_v1` orders of the first exchange are taken.  Raises PortTaken, UsageError for a scenario with acts
    that there are not, and DiskError when `log_file` cannot be written.
    """

    def __init__(
        self,
        source: Source,
        *,
        port: int = 0,
        speed: float = 1.0,
        log_file: Path | None = None,
        on_end: Callable[[], None] | None = None,
        scenario: Sequence[Step] = (),
        seed: int = 0,
        funds: Money = OPENING_FUNDS,
        legacy_v1: bool = False,
    ) -> None:
        self.source = source
        self.clock = Clock(source.now, speed)
        self.charts = Charts(source, self.clock)
        self.log = RequestLog(log_file, self.clock.now, _soon)
        self.hub = Hub(source.dump, self._begin, fork(seed, "market frames"))
        if self.log.written:
            self.hub.channel.witness = partial(self.log.frame, "market")
        self.faults = RequestFaults(self.clock, self._later, fork(seed, "requests"))
        world = source.world if isinstance(source, Venue) else source
        if isinstance(world, DemoWorld):
            world.set_audience(self.hub.hears)
        self.front = Front(self.faults, self.log)
        self.hub.channel.opened = self.front.opened
        self.house = self._house(seed, funds) if isinstance(source, Venue) else None
        if self.house is not None:
            self.house.trading.legacy_v1 = legacy_v1
        self._builders = BuilderDesk(self.house.auth, self.clock, seed) if self.house is not None else None
        self.control = Control(self, source, self.clock, self.hub, self.log, self.faults, self.house)
        self.urls: dict[str, str] = {}
        self.connects = 0
        self.ended = False
        self.steps_refused = 0
        self._steps = deque(_checked(scenario, self.control))
        self._opened_at = source.now
        self._port = port
        self._on_end = on_end
        self._begun = not source.waits
        self._changed = asyncio.Event()
        self._awaited: Nanos | None = _AWAKE
        self._stack = AsyncExitStack()
        self._group: asyncio.TaskGroup | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.callback(self.log.close)
            port = await listen(stack, self._public(), self._port, self._count, self.front.express)
            private = Front().application(self.control.routes())
            control = await listen(stack, private, self._port + 1 if self._port else 0)
            for channel in self._channels():
                stack.push_async_callback(channel.drop, GOING_AWAY)
            self.urls = _urls(port, control)
            self._group = await stack.enter_async_context(asyncio.TaskGroup())
            stack.callback(self._end)
            self.clock.set(self.source.now)
            self._opened_at = self.source.now
            self._later(self._run())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def counts(self) -> dict[str, object]:
        """Numbers since the start, and whether the source has ended."""
        return {
            "connects": self.connects,
            "requests": self.log.count,
            "harmed": self.faults.struck,
            "steps_left": len(self._steps),
            "steps_refused": self.steps_refused,
            "ended": self.ended,
            "now_ns": self.clock.now(),
        }

    # --- time -----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        steps = 0
        while True:
            due = self._due()
            if due is None:
                self._announce_end()
                await self._change(None, None)
                continue
            if (delay := self.clock.seconds_until(due)) > 0:
                await self._change(due, delay)
                continue
            await self._do_next()
            steps += 1
            if self.clock.speed == AS_FAST_AS_POSSIBLE:
                self.clock.set(self.source.now)
                await self._keep_pace()
            elif steps % STEPS_WITHOUT_PAUSE == 0:
                await asyncio.sleep(0)

    def _due(self) -> Nanos | None:
        """When something happens next."""
        return self._first(self.source.next_at() if self._begun else None)

    def _first(self, due: Nanos | None) -> Nanos | None:
        """What is first: what is `due` in the venue, in the scenario, or on the charts."""
        if self._steps:
            step_at = self._opened_at + self._steps[0].after
            due = step_at if due is None else min(due, step_at)
        if due is None:
            return None if self.source.waits else self.charts.due
        return min(due, self.charts.due)

    async def _do_next(self) -> None:
        due = self._due()
        if due is not None and due >= self.charts.due:
            self.charts.tell(due)
            return
        due = self.source.next_at() if self._begun else None
        if self._steps and (due is None or self._opened_at + self._steps[0].after <= due):
            await self._perform(self._steps.popleft())
        else:
            self.pump()

    def plan(self, steps: Iterable[Step]) -> None:
        """Do acts later, at their times after the opening, between those of the scenario."""
        self._steps = deque(sorted([*self._steps, *steps], key=lambda step: step.after))
        self.wake()

    def since_opening(self, at: Nanos) -> Nanos:
        """What steps say for a moment."""
        return at - self._opened_at

    async def _perform(self, step: Step) -> None:
        """Do an act of the scenario; one that is refused is told in the log and counted."""
        try:
            result = await self.control.acts[step.act](dict(step.body))
        except Refused as refused:
            self.steps_refused += 1
            result = refused.body
        self.log.tell("act", act=step.act, body=step.body, result=result)

    def pump(self) -> None:
        """Send what is due next."""
        due = self.source.next_at()
        if due is not None and due >= self.charts.due:
            self.charts.tell(due)
        self.hub.publish(self.source.step())
        if self.house is not None:
            self.house.publish()

    def settle(self) -> None:
        """Send everything that is due by now."""
        due = self.source.next_at() if self._begun else None
        while due is not None and self.clock.has_come(due):
            self.pump()
            due = self.source.next_at()
        if self.house is not None:
            self.house.publish()
        if self._first(due) != self._awaited:
            self.wake()

    def wake(self) -> None:
        """Look at the clock again: it was changed, or something is due earlier than it was."""
        self._changed.set()

    async def advance(self, seconds: float) -> None:
        """Let a stepped clock pass so many seconds, and do everything that is due on the way.  Raises Refused."""
        if self.clock.speed != STEPPED:
            raise Refused(409, "the clock runs by itself: set its speed to 0 to move it")
        until = self.clock.now() + round(seconds * SECOND)
        while (due := self._due()) is not None and due <= until:
            self.clock.set(max(due, self.clock.now()))
            await self._do_next()
            await asyncio.sleep(0)
        self.clock.set(until)
        self.settle()

    async def _change(self, due: Nanos | None, limit_s: float | None) -> None:
        """Until something changed or the time is up, which is when `due` has come."""
        self._changed.clear()
        self._awaited = due
        with suppress(TimeoutError):
            async with asyncio.timeout(None if limit_s == math.inf else limit_s):
                await self._changed.wait()
        self._awaited = _AWAKE

    async def _keep_pace(self) -> None:
        await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_S):
                await self.hub.channel.drained()

    def _begin(self) -> None:
        """Somebody subscribed: a source that was waiting starts now."""
        if not self._begun:
            self._begun = True
            self.clock.set(self.source.now)
            self._changed.set()

    def _announce_end(self) -> None:
        if self._begun and self.source.waits and not self.ended:
            self.ended = True
            if self._on_end is not None:
                self._on_end()

    # --- what runs beside the requests ------------------------------------------------------------------------------

    def _later(self, work: Coroutine[object, object, object]) -> None:
        assert self._group is not None, "nothing runs before the exchange is open"
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end(self) -> None:
        for task in list(self._tasks):
            task.cancel()

    # --- ports ----------------------------------------------------------------------------------------------------

    def _house(self, seed: int, funds: Money) -> House:
        assert isinstance(self.source, Venue)
        house = House(self.source, self.clock, self.log, self.settle, seed=seed, funds=funds)
        house.users.channel.opened = self.front.opened
        if self.log.written:
            house.users.channel.witness = partial(self.log.frame, "user")
        return house

    def _channels(self) -> Iterable[Channel]:
        yield self.hub.channel
        if self.house is not None:
            yield self.house.users.channel

    def _public(self) -> web.Application:
        users = [web.get("/ws/user", _no_user_channel)] if self.house is None else self.house.routes()
        app = self.front.application(
            [
                *Reads(self.source, self.clock).routes(),
                *self.charts.routes(),
                *LiveActivity(self.source).routes(),
                *Listings(self.source).routes(),
                *Gamma(self.source).routes("/gamma"),
                web.get("/ws/market", self.hub.channel.serve),
                *users,
                *(self._builders.routes() if self._builders is not None else ()),
            ],
            express=self.house.trading.routes() if self.house is not None else (),
        )
        app[CHARTS] = self.charts
        return app

    def _count(self) -> None:
        self.connects += 1


def _soon(act: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(act)


async def _no_user_channel(_: web.Request) -> web.Response:
    return answer({"error": "a recording has no accounts, and so no user channel"}, 501)


def _checked(scenario: Sequence[Step], control: Control) -> Sequence[Step]:
    """The steps, if there is an act for each.  Raises UsageError."""
    for step in scenario:
        if step.act not in control.acts or step.act == "/clock/advance":
            raise UsageError(f"a scenario cannot do {step.act!r}: the acts are {', '.join(sorted(control.acts))}")
    return scenario


def _urls(port: int, control: int) -> dict[str, str]:
    http, ws = f"http://{HOST}:{port}", f"ws://{HOST}:{port}"
    return {
        "clob_url": http,
        "gamma_url": f"{http}/gamma",
        "data_url": f"{http}/data-api",
        "ws_market_url": f"{ws}/ws/market",
        "ws_user_url": f"{ws}/ws/user",
        "control_url": f"http://{HOST}:{control}",
    }

"""Every safety of live trading, triggered on purpose, and how long it took until no order of ours was left.

Each drill is a run of `pmm quote --live` on an exchange of its own with a fresh key: the parts, settings and code are
the real ones, only intervals are shorter.  What is measured is the venue's truth, from the trigger until its books hold
nothing of ours and go on holding nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal

from pmm.app.account import state_folder
from pmm.app.practice import Practice, practice
from pmm.app.quoting import QuoteRequest, quote
from pmm.app.running import Finished
from pmm.core.step import Step
from pmm.drivers.control import ask
from pmm.drivers.signals import NUMBERS
from pmm.errors import PmmError
from pmm.model import SECOND, Nanos
from pmm.settings import Loaded, Settings

MARKET, INSTANCE = "demo", "drill"
# A requote may leave a moment without orders; a safety leaves them away.
EMPTY_FOR_S = 0.25
LOOK_S = 0.005
READY_LIMIT_S = 10.0
# So much longer than promised is waited for before a drill counts as missed.
PATIENCE: Nanos = 3 * SECOND
END_LIMIT_S = 5.0
BOTH_SIDES = 2
# Shorter than those of live trading, so that twelve drills take a minute; what they bound scales with them.
INTERVALS: Mapping[str, Mapping[str, object]] = {
    "live": {
        "watchdog": False,
        "deadline": Decimal("0.5"),
        "read_interval": Decimal(1),
        "balance_interval": Decimal(1),
        "heartbeat_interval": Decimal(1),
        "max_daily_loss_usd": Decimal(1),
    },
    "mm": {"loop_interval": Decimal("0.2")},
    "risk": {"error_cooldown": Decimal(5)},
}


@dataclass(frozen=True, slots=True)
class Drilled:
    """What came of one drill; `took` is None where orders were left, both times in nanoseconds."""

    name: str
    promised: str
    happened: str
    cause: str
    took: Nanos | None
    bound: Nanos

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended the run by a signal, which says nothing about the safety."""
        return any(self.cause.endswith(f"{number.name} received") for number in NUMBERS)

    @property
    def ok(self) -> bool:
        return self.took is not None and self.took <= self.bound and self.happened == self.promised


@dataclass(slots=True)
class _Scene:
    """One run and the exchange it trades at."""

    there: Practice
    seen: _Seen
    run: asyncio.Task[Finished]

    async def act(self, path: str, **body: object) -> None:
        """An act of the control port."""
        await self.there.exchange.control.acts[path](body)

    async def operate(self, do: str) -> None:
        """Through the door that `pmm kill` and `pmm stop` use."""
        folder = state_folder(self.there.loaded.settings, INSTANCE)
        await asyncio.to_thread(ask, folder, do, reason="drill")

    @property
    def account(self) -> str:
        return self.there.wallet.signer.maker.lower()

    def resting(self) -> int:
        """How many orders of ours the venue holds, in truth."""
        house = self.there.exchange.house
        assert house is not None, "an exchange with accounts"
        return len(house.venue.orders(self.account))


class _Seen:
    """A sink that remembers what the engine said of itself: `reason` of wanting nothing, `said` of any decision."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.said = self.reason = ""
        self.halted = self.cooled = ""

    def on_step(self, step: Step, _took: Nanos) -> None:
        for change in step.changes:
            self.states[change.machine] = change.new
            if change.machine == "risk" and change.new == "HALTED":
                self.halted = change.cause
            elif change.machine == "risk" and change.new == "COOLDOWN":
                self.cooled = change.cause
        for decision in step.decisions:
            self.said = decision.targets.reason or self.said
            if decision.targets.bid is None and decision.targets.ask is None:
                self.reason = decision.targets.reason

    def happened(self, finished: Finished | None) -> tuple[str, str]:
        """In one word and why."""
        if self.halted:
            return "halted", self.halted
        if self.cooled:
            return "cooldown", self.cooled
        if finished is not None:
            return str(finished.record["outcome"]), str(finished.record["cause"])
        return ("pulled", self.reason) if self.reason else ("nothing", "")


@dataclass(frozen=True, slots=True)
class Drill:
    """`trigger` is pulled while both sides rest; within `bound_s` the venue holds nothing of ours."""

    name: str
    promised: str
    bound_s: float
    trigger: Callable[[_Scene], Awaitable[None]]


# --- triggers ---------------------------------------------------------------------------------------------------------


async def _freeze(scene: _Scene) -> None:
    await scene.act("/stream/freeze", on=True)


async def _disconnect(scene: _Scene) -> None:
    await scene.act("/stream/accept", on=False)
    await scene.act("/stream/drop")


async def _close_user_socket(scene: _Scene) -> None:
    await scene.act("/stream/accept", on=False, channel="user")
    await scene.act("/stream/drop", channel="user")


async def _refuse_orders(scene: _Scene) -> None:
    for path in ("/order", "/orders"):
        await scene.act(
            "/faults/requests",
            on=f"POST {path}",
            harm="fail",
            status=400,
            text="not enough balance / allowance",
            times=None,
        )
    await scene.act("/orders/move", side="BUY", ticks=4, size=20)


async def _kill_rest(scene: _Scene) -> None:
    await scene.act("/faults/requests", on="* /*", harm="fail", status=500, times=None)


async def _refuse_heartbeats(scene: _Scene) -> None:
    await scene.act("/faults/requests", on="POST /v1/heartbeats", harm="fail", status=500, times=None)


async def _beat_beside(scene: _Scene) -> None:
    house, clock = scene.there.exchange.house, scene.there.exchange.clock
    assert house is not None, "an exchange with accounts"
    expected = house.venue.heartbeat(scene.account, None, clock.now()).heartbeat_id
    house.venue.heartbeat(scene.account, expected, clock.now())


async def _restart(scene: _Scene) -> None:
    await scene.act("/venue/restart", seconds=2)
    await scene.act("/orders/move", side="BUY", ticks=4, size=20)


async def _lose_money(scene: _Scene) -> None:
    await scene.act("/traders", on=False)
    await scene.act("/orders/move", side="SELL", ticks=25, size=50)


async def _lose_balance(scene: _Scene) -> None:
    await scene.act("/accounts/fund", account=scene.account, usd="-5000")


async def _kill(scene: _Scene) -> None:
    await scene.operate("kill")


async def _stop(scene: _Scene) -> None:
    await scene.operate("stop")


# The bounds are those of the settings above: a beat may come one interval late, balances are read twice, the venue's
# own switch takes orders fifteen seconds after the last beat.
DRILLS: Sequence[Drill] = (
    Drill("stale feed", "pulled", 2.5, _freeze),
    Drill("feed disconnected", "pulled", 1.0, _disconnect),
    Drill("user socket closed", "pulled", 1.0, _close_user_socket),
    Drill("error burst", "cooldown", 3.0, _refuse_orders),
    Drill("REST dead", "pulled", 15.5, _kill_rest),
    Drill("heartbeat refused", "pulled", 3.0, _refuse_heartbeats),
    Drill("foreign heartbeat", "halted", 2.0, _beat_beside),
    Drill("venue restart", "pulled", 5.0, _restart),
    Drill("daily loss", "halted", 2.0, _lose_money),
    Drill("balance drop", "halted", 4.0, _lose_balance),
    Drill("kill", "halted", 0.3, _kill),
    Drill("stop", "stopped", 0.5, _stop),
)


# --- one drill --------------------------------------------------------------------------------------------------------


async def drill(loaded: Loaded, one: Drill) -> Drilled:
    """Run it.  Quoting that does not even begin is a drill that failed.  Raises what opening the exchange raises."""
    bound = round(one.bound_s * SECOND)
    async with practice(replace(loaded, settings=_hastened(loaded.settings))) as there, _running(there) as scene:
        problem = await _unready(scene)
        if problem:
            return Drilled(one.name, one.promised, "quoting did not begin", problem, None, bound)
        scene.seen.reason = ""  # what was said while the run began
        began = time.monotonic_ns()
        await one.trigger(scene)
        took = await _emptied(scene, began, bound + PATIENCE)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_LIMIT_S if one.promised in ("halted", "stopped") else EMPTY_FOR_S):
                await asyncio.wait([scene.run])
        finished, _ = _end_of(scene.run)
        happened, cause = scene.seen.happened(finished)
        return Drilled(one.name, one.promised, happened, cause, took, bound)


def _hastened(settings: Settings) -> Settings:
    sections = {name: getattr(settings, name).model_copy(update=dict(more)) for name, more in INTERVALS.items()}
    return settings.model_copy(update=sections)


@asynccontextmanager
async def _running(there: Practice) -> AsyncIterator[_Scene]:
    """Quoting in a task that is gone when the block ends."""
    seen = _Seen()
    request = QuoteRequest((MARKET,), instance=INSTANCE)
    run = asyncio.create_task(
        quote(there.loaded, request, lambda _markets, _summary: seen, wallet=there.wallet, warn=lambda _: None),
        name="drill",
    )
    try:
        yield _Scene(there, seen, run)
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError, PmmError):
            await run


async def _unready(scene: _Scene) -> str:
    """Wait until both sides rest, the heartbeat beats and the account is known; why that did not come, empty else."""
    deadline = time.monotonic() + READY_LIMIT_S
    wanted = {"heartbeat": "BEATING", "account": "KNOWN"}
    while scene.resting() != BOTH_SIDES or not wanted.items() <= scene.seen.states.items():
        if scene.run.done():
            finished, error = _end_of(scene.run)
            return error or f"the run ended: {finished.record['cause'] if finished else 'at once'}"
        if time.monotonic() > deadline:
            return scene.seen.said or "no order rested"
        await asyncio.sleep(LOOK_S)
    return ""


def _end_of(run: asyncio.Task[Finished]) -> tuple[Finished | None, str]:
    """How a run ended, or what it failed with; neither while it goes on."""
    if not run.done():
        return None, ""
    try:
        return run.result(), ""
    except PmmError as error:
        return None, error.message


async def _emptied(scene: _Scene, began: Nanos, limit: Nanos) -> Nanos | None:
    """From the trigger until nothing rests any more and stays away; None when that never comes."""
    empty_since: Nanos | None = None
    while (now := time.monotonic_ns()) - began < limit:
        if scene.resting():
            empty_since = None
        elif empty_since is None:
            empty_since = now
        elif now - empty_since >= EMPTY_FOR_S * SECOND:
            return empty_since - began
        await asyncio.sleep(LOOK_S)
    return None

"""The live driver: one inbox, one engine, and an end that proves that no order remains."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from pmm.core.engine import Engine, Outcome
from pmm.drivers import live
from pmm.drivers.live import Live
from pmm.errors import DiskError, InboxFull, OrdersMayRemain
from pmm.events import Frame
from pmm.metrics.summary import Summary
from pmm.model import MILLISECOND, SECOND
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed
from pmm.venues.shadow import ShadowGateway
from tests.support.story import market

LIMIT_S = 5


class Mute:
    """A gateway that swallows every command and answers nothing."""

    def submit(self, commands, at, emit):
        pass

    def observe(self, event, emit):
        pass

    def next_at(self):
        return None

    def advance(self, emit):
        pass


class Wait:
    """A sink that lets a test wait for a step."""

    def __init__(self):
        self.steps = []
        self._changed = asyncio.Event()

    def on_step(self, step, took):
        assert took >= 0
        self.steps.append(step)
        self._changed.set()

    async def until(self, condition):
        while not any(condition(step) for step in self.steps):
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def session(gateway=None, sinks=(), **options):
    """A driver that quotes a mock market; leaves the block when the run has ended."""
    feed = MockFeed(market(), at=time.time_ns())
    wait = Wait()
    driver = Live(Engine(FixedSpread()), {0: feed}, gateway or ShadowGateway(0), [wait, *sinks], **options)
    feed.connect()
    feed.set_price("0.50")
    async with asyncio.timeout(LIMIT_S):
        run = asyncio.ensure_future(driver.run([feed.listed()]))
        await wait.until(lambda step: step.commands)
        yield driver, feed, wait
        await run


async def test_a_stop_cancels_everything_and_ends():
    summary = Summary()
    async with session(sinks=[summary]) as (driver, _, _):
        driver.stop("enough")
    assert driver.engine.outcome is Outcome.STOPPED
    assert list(driver.engine.orders.open()) == []
    assert (summary.counts.placed, summary.counts.cancels) == (2, 2)


async def test_answers_of_the_gateway_arrive_by_themselves_at_their_time():
    async with session(ShadowGateway(20 * MILLISECOND), timer=60 * SECOND) as (driver, _, wait):
        await wait.until(lambda step: type(step.event).__name__ == "Accepted")
        driver.stop("enough")
    accepted = next(step.event for step in wait.steps if type(step.event).__name__ == "Accepted")
    placed = next(step.event for step in wait.steps if step.commands)
    assert accepted.at == placed.at + 40 * MILLISECOND


async def test_unconfirmed_cancels_end_the_run_with_orders_may_remain():
    with pytest.raises(ExceptionGroup) as caught:
        async with session(Mute(), timer=5 * MILLISECOND, stop_limit=30 * MILLISECOND) as (driver, _, _):
            driver.stop("enough")
    (error,) = caught.value.exceptions
    assert isinstance(error, OrdersMayRemain)
    assert "2 orders" in error.message


@pytest.mark.parametrize("failure", [BrokenPipeError(32, "gone"), DiskError("no space left")])
async def test_a_sink_whose_output_is_gone_stops_the_run_in_order(failure):
    class Full:
        def on_step(self, step, took):
            if step.commands:
                raise failure

    async with session(sinks=[Full()]) as (driver, _, _):
        pass
    assert driver.engine.outcome is Outcome.STOPPED
    assert driver.sink_failure is failure
    assert list(driver.engine.orders.open()) == []


async def test_a_reconnect_reaches_the_feed_of_that_connection():
    async with session() as (driver, feed, wait):
        feed.raw(b"{")
        await wait.until(lambda step: step.event.__class__ is Frame and step.event.data == b"{")
        driver.stop("enough")
    assert len(feed.reconnects) == 1
    assert "refused" in feed.reconnects[0]


async def test_a_full_inbox_refuses_frames_but_never_reports(monkeypatch):
    monkeypatch.setattr(live, "INBOX_LIMIT", 1)
    driver = Live(Engine(FixedSpread()), {}, ShadowGateway(0))
    driver.emit(Frame(0, 0, b"{}"))
    with pytest.raises(InboxFull):
        driver.emit(Frame(0, 0, b"{}"))
    driver.stop("still delivered")


async def test_no_task_is_left_behind():
    async with session() as (driver, _, _):
        driver.stop("enough")
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

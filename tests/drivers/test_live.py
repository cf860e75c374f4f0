"""The live driver: one inbox, one engine, and an end that proves that no order remains."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from pmm.commands import Cancel, ReadBooks, Reconnect, Resubscribe
from pmm.core.engine import Engine, Outcome
from pmm.core.step import Step
from pmm.drivers import inbox, live
from pmm.drivers.live import Live
from pmm.errors import DiskError, InboxFull, OrdersMayRemain
from pmm.events import (
    Accepted,
    BookRead,
    FeedSignal,
    Frame,
    MarketDropped,
    MarketListed,
    Operator,
    OperatorAction,
    Wake,
)
from pmm.metrics.summary import Summary
from pmm.model import MILLISECOND, SECOND
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed
from pmm.venues.polymarket.shards import MarketFeeds
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


async def test_orders_that_may_remain_are_told_the_same_way_when_a_frame_brings_the_end():
    with pytest.raises(ExceptionGroup) as caught:
        async with session(Mute(), timer=60 * SECOND, stop_limit=1) as (driver, feed, wait):
            driver.stop("enough")
            await wait.until(lambda step: isinstance(step.event, Operator))
            feed.at = time.time_ns()
            feed.set_price("0.51")
    (error,) = caught.value.exceptions
    assert isinstance(error, OrdersMayRemain)


async def test_a_frame_is_decided_on_before_the_feed_goes_on():
    seen = []

    class Watched(MockFeed):
        async def run(self, emit):
            def watched(event):
                emit(event)
                seen.append((event, wait.steps[-1].event))

            await super().run(watched)

    feed, wait = Watched(market(), at=time.time_ns()), Wait()
    driver = Live(Script({}), {0: feed}, ShadowGateway(0), [wait])
    feed.raw(b"{}")
    feed.raw(b"[]")
    async with asyncio.timeout(LIMIT_S):
        run = asyncio.ensure_future(driver.run([listed()]))
        await wait.until(lambda step: isinstance(step.event, Frame) and step.event.data == b"[]")
        driver.stop("enough")
        await run
    assert [emitted is newest for emitted, newest in seen] == [True, True]
    assert [type(event) for event in driver.engine.events] == [MarketListed, Frame, Frame, Operator]


async def test_a_gateway_is_woken_at_its_next_answer_and_not_armed_anew_for_every_frame():
    class Owing(Mute):
        due = time.time_ns() + 3600 * SECOND

        def next_at(self):
            return self.due

    driver = Live(Script({}), {}, Owing())
    driver._take(Frame(0, 0, b"{}"))
    armed = driver._owed
    driver._take(Frame(0, 0, b"{}"))
    assert driver._owed is armed
    driver.gateway.due -= 1
    driver._take(Frame(0, 0, b"{}"))
    assert armed.cancelled()
    assert not driver._owed.cancelled()
    driver._owed.cancel()


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


async def test_no_task_is_left_behind():
    async with session() as (driver, _, _):
        driver.stop("enough")
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class Script:
    """An engine that says what the test says: commands and wishes to be woken, by the kind of event."""

    outcome = Outcome.RUNNING

    def __init__(self, answers):
        self.answers = answers
        self.events = []
        self.markets = {}

    def step(self, event):
        self.events.append(event)
        if isinstance(event, Operator):
            return Step(event, done=True)
        if isinstance(event, MarketListed):
            self.markets[event.market.condition_id] = event
        if isinstance(event, MarketDropped):
            self.markets.pop(event.condition_id)
        return self.answers.get(type(event), lambda event: Step(event))(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


async def scripted(answers, opening, over, **options):
    """Run a script until `over`, then stop it; returns the engine."""
    engine, feed = Script(answers), MockFeed(market(), at=time.time_ns())
    wait = Wait()
    driver = Live(engine, options.pop("feeds", {0: feed}), ShadowGateway(0), [wait], **options)
    async with asyncio.timeout(LIMIT_S):
        run = asyncio.ensure_future(driver.run(opening))
        await wait.until(lambda _: over(engine, driver))
        driver.stop("enough")
        await run
    return engine, feed


def listed(number=0):
    return MarketListed(0, market(condition=f"0x{number}", yes=f"{number}1", no=f"{number}2"))


async def test_wishes_for_data_go_to_the_feed_and_to_the_reader_whose_answers_come_back():
    wishes = (Resubscribe(0, ("01",), "doubt"), ReadBooks(("01", "1" + "7" * 76), "compare"), Reconnect(0, "silence"))
    reader = MockFeed(market())
    reader.set_price("0.50")
    engine, feed = await scripted(
        {MarketListed: lambda event: Step(event, commands=wishes)},
        [listed()],
        lambda engine, _: len(engine.of(BookRead)) == 2,
        reader=reader,
    )
    assert feed.asked == [("resubscribe", ("01",))]
    assert feed.reconnects == ["silence"]
    unknown, known = engine.of(BookRead)
    assert (unknown.page, unknown.cause) == (None, "no such token")
    assert (known.page.best_bid, known.page.best_ask) == (4900, 5100)


async def test_without_a_reader_a_wish_for_books_is_refused_at_once():
    engine, _ = await scripted(
        {MarketListed: lambda event: Step(event, commands=(ReadBooks(("1", "2"), "compare"),))},
        [listed()],
        lambda engine, _: engine.of(BookRead),
    )
    assert [(read.token, read.page) for read in engine.of(BookRead)] == [("1", None), ("2", None)]


async def test_a_wish_to_be_woken_is_granted_at_its_time_and_never_before():
    began = time.time_ns()
    engine, _ = await scripted(
        {MarketListed: lambda event: Step(event, wake_at=began + 20 * MILLISECOND)},
        [listed(1), listed(2)],
        lambda engine, _: engine.of(Wake),
    )
    (wake,) = engine.of(Wake)
    assert wake.at >= began + 20 * MILLISECOND


async def test_the_earlier_of_two_wishes_counts_and_one_that_is_due_cannot_spin():
    soon = time.time_ns()
    wishes = {"0x1": soon + 3600 * SECOND, "0x2": soon - SECOND}
    engine, _ = await scripted(
        {
            MarketListed: lambda event: Step(event, wake_at=wishes[event.market.condition_id]),
            Wake: lambda event: Step(event, wake_at=soon),
        },
        [listed(1), listed(2)],
        lambda engine, _: len(engine.of(Wake)) == 5,
    )
    assert engine.of(Wake)[4].at - soon >= 5 * live.WAKE_MIN


async def test_markets_come_and_go_while_it_runs_and_their_connections_with_them():
    made = {}

    def make(number):
        made[number] = MockFeed(market(), connection=number)
        made[number].connect()
        return made[number]

    feeds = MarketFeeds(make)
    first, second = listed(1).market, listed(2).market
    opening = feeds.add(first, 0)

    def over(engine, driver):
        if not engine.of(MarketDropped) and len(engine.markets) == 1:
            feeds.shards.tokens_max = 2  # the next market needs a connection of its own
            driver.add_market(second)
            driver.drop_market(first.condition_id)
        return engine.of(MarketDropped) and any(event.connection == 1 for event in engine.of(FeedSignal))

    engine, _ = await scripted({}, opening, over, feeds=feeds, roster=feeds)
    assert list(engine.markets) == [second.condition_id]
    assert made[0].asked == [("subscribe", ("11", "12")), ("unsubscribe", ("11", "12"))]
    assert made[1].asked == [("subscribe", ("21", "22"))]


async def test_data_of_a_dropped_market_goes_on_until_the_engine_has_forgotten_it():
    feeds = MarketFeeds(lambda number: MockFeed(market(), connection=number))
    opening = feeds.add(listed(1).market, 0)
    driver = Live(Script({}), feeds, ShadowGateway(0), roster=feeds)
    driver.engine.markets["0x1"] = opening[0]
    driver._listed["0x1"] = opening[0]
    driver._leaving.add("0x1")
    driver._take(Frame(0, 0, b"{}"))
    assert feeds[0].asked == [("subscribe", ("11", "12"))]
    del driver.engine.markets["0x1"]
    driver._take(Frame(0, 0, b"{}"))
    assert feeds[0].asked[-1] == ("unsubscribe", ("11", "12"))


async def test_an_overflow_is_counted(monkeypatch):
    monkeypatch.setattr(inbox, "INBOX_LIMIT", 0)
    driver = Live(Script({}), {}, ShadowGateway(0))
    for count in (1, 2):
        with pytest.raises(InboxFull):
            driver.emit(Frame(0, 0, b"{}"))
        assert driver.overflows == count


async def test_new_facts_do_not_undo_a_price_step_that_the_socket_told():
    closing = replace(market(), accepting_orders=False)
    finer = replace(market(), tick=10)
    driver = Live(Script({}), {}, ShadowGateway(0))
    driver.engine.markets[market().condition_id] = MarketListed(0, finer)
    driver._relist(MarketListed(1, closing), market())
    driver._relist(MarketListed(2, replace(closing, tick=1)), closing)
    driver.stop("enough")
    await driver.run()
    assert [event.market.tick for event in driver.engine.of(MarketListed)] == [10, 1]


async def test_losing_one_of_two_connections_moves_no_order():
    made = {}

    def make(number):
        made[number] = MockFeed(market(), at=time.time_ns(), connection=number)
        made[number].connect()
        made[number].set_price("0.50")
        return made[number]

    feeds, wait = MarketFeeds(make, copies=2), Wait()
    driver = Live(Engine(FixedSpread()), feeds, ShadowGateway(0), [wait], roster=feeds)
    driver.add_market(market())
    async with asyncio.timeout(LIMIT_S):
        run = asyncio.ensure_future(driver.run())
        await wait.until(lambda step: isinstance(step.event, Accepted))
        made[0].lose("the cable was cut")
        await wait.until(lambda step: any(change.new == "LOST" for change in step.changes))
        commands = [command for step in wait.steps for command in step.commands]
        (quoted,) = driver.engine.markets.values()
        assert (quoted.lead.connection, quoted.source.state, quoted.problem()) == (1, "WEBSOCKET", None)
        driver.stop("enough")
        await run
    assert not any(isinstance(command, Cancel) for command in commands)


class GivesUp(MockFeed):
    """A feed whose every attempt is its last."""

    runs = 0

    async def run(self, emit):
        self.runs += 1
        emit(self.give_up())


async def test_a_feed_that_gave_up_is_run_again_after_a_reset_and_not_before():
    feed, wait = GivesUp(market(), at=time.time_ns()), Wait()
    driver = Live(Script({}), {0: feed}, ShadowGateway(0), [wait])
    driver.engine.step = lambda event: Step(
        event, done=isinstance(event, Operator) and event.action is OperatorAction.STOP
    )
    async with asyncio.timeout(LIMIT_S):
        run = asyncio.ensure_future(driver.run())
        await wait.until(lambda step: isinstance(step.event, FeedSignal))
        assert feed.runs == 1
        driver.emit(Operator(time.time_ns(), OperatorAction.RESET))
        await wait.until(lambda _: len([step for step in wait.steps if isinstance(step.event, FeedSignal)]) == 2)
        driver.stop("enough")
        await run
    assert feed.runs == 2

"""Event time: one seed, one run; the same engine as live, driven from a heap."""

from random import Random

import pytest

from pmm.core.engine import Engine, Outcome
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import FeedNews, FeedSignal, Frame, MarketListed, Operator, OperatorAction, Timer
from pmm.metrics.summary import Summary
from pmm.model import MILLISECOND, SECOND
from pmm.sim.catalog import demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.shadow import ShadowGateway
from tests.support.story import START, page_of


class Wiretap:
    """Keeps the order of events."""

    def __init__(self):
        self.events = []

    def on_step(self, step, took):
        self.events.append(step.event)


def run(seed=1, seconds=30, at_start=()):
    listing = demo_listing()
    world = DemoWorld([listing], WorldParams(), Random(seed), START)
    tokens = [token.token_id for token in listing.market.tokens]
    world.subscribe(tokens)
    engine, summary, tap = Engine(FixedSpread()), Summary(), Wiretap()
    driver = EventTime(engine, world, ShadowGateway(20 * MILLISECOND), [summary, tap])
    opening = [MarketListed(START, listing.market), *at_start]
    outcome = driver.run(START, seconds * SECOND, opening, Wire(tokens, world.dump, page_of(world)))
    return outcome, engine, summary, tap.events


def test_a_run_quotes_fills_and_ends_flat_of_orders():
    outcome, engine, summary, _ = run(seconds=120)
    assert outcome is Outcome.STOPPED
    assert list(engine.orders.open()) == []
    assert summary.counts.quotes >= 100
    assert summary.counts.fills >= 1
    assert summary.pnl.residual == 0


def test_one_seed_is_one_run_and_another_seed_another():
    first, again, other = (run(seed)[2].record()["decision_hash"] for seed in (1, 1, 2))
    assert first == again != other


def test_events_come_in_the_order_of_time_and_timers_each_second():
    *_, events = run(seconds=10)
    times = [event.at for event in events]
    assert times == sorted(times)
    timers = [event.at for event in events if isinstance(event, Timer)]
    assert timers[:10] == [START + n * SECOND for n in range(1, 11)]


def test_books_agree_with_the_world_at_the_end():
    _, engine, _, _ = run(seconds=30)
    assert engine.books.mismatches == 0
    assert engine.books.refused == 0


def test_a_reconnect_is_answered_with_a_fresh_dump():
    broken = Frame(START + 5 * SECOND, 0, b'{"event_type":')
    _, engine, summary, events = run(seconds=10, at_start=[broken])
    at = events.index(broken)
    after = events[at + 1 : at + 40]
    assert [e.news for e in after if isinstance(e, FeedSignal)] == [
        FeedNews.CLOSED,
        FeedNews.CONNECTING,
        FeedNews.OPENED,
    ]
    assert summary.counts.feed_states == ["STOPPED", "STARTING", "RUNNING"]
    assert engine.healthy(events[-1].at).startswith("stopped")


def test_pace_sees_every_event_and_may_stop_the_run():
    listing = demo_listing()
    world = DemoWorld([listing], WorldParams(), Random(1), START)
    tokens = [token.token_id for token in listing.market.tokens]
    world.subscribe(tokens)
    driver = EventTime(Engine(FixedSpread()), world, ShadowGateway(0))
    seen = []

    def pace(at):
        seen.append(at)
        if len(seen) == 50:
            driver.emit(Operator(at, OperatorAction.STOP, "enough"))

    driver.pace = pace
    wire = Wire(tokens, world.dump)
    outcome = driver.run(START, 600 * SECOND, [MarketListed(START, listing.market)], wire)
    assert outcome is Outcome.STOPPED
    assert 50 <= len(seen) < 100


@pytest.mark.parametrize("seconds", [1, 3])
def test_the_run_ends_shortly_after_its_duration(seconds):
    *_, events = run(seconds=seconds)
    assert 0 <= events[-1].at - START - seconds * SECOND < SECOND

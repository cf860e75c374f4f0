"""The embedded exchange and the bot in one simulated time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import orjson

from pmm.app.engine import engine_for
from pmm.app.running import Finished, failure_of, record_of
from pmm.app.strategies import at_home
from pmm.app.venue import DEMO_START, demo_world
from pmm.drivers.event_time import EventTime
from pmm.drivers.signals import stop_signals
from pmm.drivers.wire import Wire
from pmm.events import MarketListed, Operator, OperatorAction
from pmm.metrics.summary import Summary
from pmm.model import SECOND, BookPage, Market, Nanos, TokenId
from pmm.ports import Sink
from pmm.settings import Loaded
from pmm.sim.world import DemoWorld
from pmm.venues.polymarket import codec
from pmm.venues.shadow import ShadowGateway


def demo(
    loaded: Loaded, duration: float, speed: float | None, seed: int, show: Callable[[Sequence[Market]], Sink]
) -> Finished:
    """The embedded exchange and the bot in one simulated time, `speed` times as fast as life (None: unpaced).

    One seed makes the same decisions every time.
    """
    engine = engine_for(at_home(loaded.settings))
    world = demo_world(seed)
    market = world.listings[0].market
    tokens = [token.token_id for token in market.tokens]
    world.subscribe(tokens)
    summary = Summary()
    gateway = ShadowGateway(loaded.settings.shadow.latency_ns)
    driver = EventTime(engine, world, gateway, [summary, show([market])], timer=loaded.settings.mm.loop_interval_ns)
    with _paced(driver, speed):
        driver.run(
            DEMO_START,
            round(duration * SECOND),
            [MarketListed(DEMO_START, market)],
            Wire(tokens, world.dump, lambda token: _page(world, token)),
        )
    return Finished(record_of(summary, engine), failure_of(engine))


def _page(world: DemoWorld, token: TokenId) -> BookPage | None:
    """A book of the pretend venue as its REST endpoint shows it."""
    text = world.rest_book(token)
    return None if text is None else codec.book(orjson.loads(text))


@contextmanager
def _paced(driver: EventTime, speed: float | None) -> Iterator[None]:
    """Let event time follow the wall clock, and turn the first signal into a stop."""
    asked: list[str] = []
    began = time.monotonic()

    def pace(at: Nanos) -> None:
        if asked and asked[-1]:
            driver.emit(Operator(at, OperatorAction.STOP, asked[-1]))
            asked.append("")  # said once
        while speed is not None and not asked:
            ahead = (at - DEMO_START) / SECOND / speed - (time.monotonic() - began)
            if ahead <= 0:
                return
            time.sleep(min(ahead, 0.05))

    driver.pace = pace
    with stop_signals(asked.append):
        yield

"""A market with one change an hour, for hours: nothing is wrong, so nothing may be doubted and no quote pulled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from pmm.commands import Cancel
from pmm.core.engine import Engine, EngineConfig, Outcome
from pmm.core.step import Change, Step
from pmm.core.trust import TRUST
from pmm.drivers.event_time import EventTime
from pmm.events import MarketListed
from pmm.model import MILLISECOND, SECOND, SHARE, Nanos, Side
from pmm.ports import Emit
from pmm.sim.catalog import default_listings, demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.shadow import ShadowGateway
from tests.chaos.judge import Judge
from tests.chaos.run import SHADOW_LATENCY, START
from tests.chaos.venue import Venue, Weather

HOUR: Nanos = 3600 * SECOND
# Reads come late, one in twenty fails and one in ten shows a book that is up to a second old.
WEATHER = Weather(latency=30 * MILLISECOND, jitter=20 * MILLISECOND, rest_fails=0.05, rest_stale=0.1)


@dataclass
class Hours:
    """What happened: `halts` are moves of trust, feed, source or risk after the first second, `cancels` sent orders."""

    changes_of_the_book: int
    halts: list[Change]
    cancels: int
    frames: int
    outcome: Outcome
    violations: list[str]

    @property
    def calm(self) -> bool:
        return not (self.halts or self.violations or self.cancels) and self.outcome is Outcome.STOPPED


class Log:
    """Keeps what should not happen until the run is stopped."""

    def __init__(self, end: Nanos) -> None:
        self.end = end
        self.halts: list[Change] = []
        self.cancels = 0
        self.frames = 0

    def on_step(self, step: Step, took: Nanos) -> None:
        at = step.event.at
        if not START + SECOND <= at < self.end:
            return
        self.frames += type(step.event).__name__ == "Frame"
        self.halts += [c for c in step.changes if c.machine in (TRUST.name, "feed", "source", "risk")]
        self.cancels += sum(isinstance(command, Cancel) for command in step.commands)


def live(hours: int, *, canary: bool, seed: int = 1) -> Hours:
    """Quote a market in which one deep order comes or goes each hour; the canary has a change in seconds."""
    quoted = replace(demo_listing(), pace=0.0)
    busy = replace(default_listings()[2], pace=0.03)
    listings = [quoted, busy] if canary else [quoted]
    market, end = quoted.market, START + hours * HOUR
    engine, gateway, log = Engine(FixedSpread(), EngineConfig()), ShadowGateway(SHADOW_LATENCY), Log(end)
    judge = Judge(engine, gateway, [market.condition_id], [0])
    world = DemoWorld(listings, WorldParams(), Random(seed), START)
    venue = Venue(world, [0], WEATHER, Random(seed + 1), judge)
    dice, done = Random(seed + 2), []

    def change(number: int, at: Nanos) -> None:
        order_id = f"deep-{number}"
        report = world.submit(order_id, market.yes, Side.BUY, 500, dice.randint(5, 50) * SHARE, owner="patient", at=at)
        assert report is not None, "the token is listed"
        venue.tell(at)
        done.append(order_id)

    for number in range(hours):
        at = START + number * HOUR + dice.randrange(HOUR // 2, HOUR)

        def act(_: Emit, number: int = number, at: Nanos = at) -> None:
            change(number, at)

        venue.at(at, act)

    def pace(at: Nanos) -> None:
        if at >= end and judge.over_at is None:
            judge.finish(end)
        judge.pace(at)

    opening = [MarketListed(START, listing.market, quoted=listing is quoted) for listing in listings]
    driver = EventTime(engine, venue, gateway, [judge, log], pace=pace)
    outcome = driver.run(START, hours * HOUR, opening, venue)
    return Hours(len(done), log.halts, log.cancels, log.frames, outcome, judge.verdict.violations)

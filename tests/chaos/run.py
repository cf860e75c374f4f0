"""One seeded run: a market, its weather and its faults follow from the seed, and so does everything that happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from pmm.core.engine import Engine, EngineConfig, Outcome
from pmm.core.step import Step
from pmm.core.trust import TrustLimits, Verify
from pmm.drivers.event_time import EventTime
from pmm.events import MarketListed, Operator, OperatorAction
from pmm.metrics.decision_hash import DecisionHash
from pmm.model import MILLISECOND, SECOND, Nanos
from pmm.ports import Emit
from pmm.sim.catalog import Listing, default_listings, demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.shadow import ShadowGateway
from tests.chaos.faults import KINDS, NONE, STORM, Fault
from tests.chaos.gaps import OVERLAP, Verdict
from tests.chaos.judge import Judge
from tests.chaos.venue import Venue, Weather

START: Nanos = 1_790_000_000 * SECOND
# Faults come in the first part of a run, each when the last one has been over for a while; then there is time to heal.
FAULTS_UNTIL: Nanos = 60 * SECOND
DURATION: Nanos = 140 * SECOND
FAULTS_MAX = 5
# A run is over when nothing has been wrong for so long after its last fault.
HEALED: Nanos = 10 * SECOND
STORM_KINDS = ("stalled", "frozen", "frozen market", "frozen token", "stale answer")
SHADOW_LATENCY: Nanos = 50 * MILLISECOND
# How busy the quoted market is: from dozens of changes a second to one in seconds.
PACES = (1.0, 1.0, 0.3, 0.1, 0.03)


@dataclass(frozen=True)
class Plan:
    """What a seed means."""

    seed: int
    kind: str
    pace: float
    canary: bool
    connections: tuple[int, ...]
    verify: Verify
    weather: Weather

    @classmethod
    def of(cls, seed: int) -> Plan:
        dice = Random(seed)
        kinds = (*KINDS, STORM, NONE)
        kind = kinds[seed % len(kinds)]
        latency = dice.randint(2, 60) * MILLISECOND
        bad_rest = dice.random() < 0.5
        weather = Weather(
            latency=latency,
            jitter=round(dice.random() * latency),
            rest_fails=dice.choice((0.05, 0.3)) if bad_rest else 0.0,
            rest_stale=dice.choice((0.1, 0.5)) if bad_rest else 0.0,
            storm=dice.choice((0.01, 0.05, 0.2)) if kind == STORM else 0.0,
        )
        return cls(
            seed=seed,
            kind=kind,
            pace=dice.choice(PACES),
            canary=dice.random() < 0.7,
            connections=(0, 1) if dice.random() < 0.2 else (0,),
            verify=Verify.SAMPLED if dice.random() < 0.2 else Verify.FULL,
            weather=weather,
        )


@dataclass(frozen=True)
class Result:
    """What became of a seed; `trace` is the hash of every decision, command and change of trust in it."""

    plan: Plan
    verdict: Verdict
    outcome: Outcome
    trace: str


class Trace:
    """One number for everything that the engine decided and believed."""

    def __init__(self) -> None:
        self._decisions = DecisionHash()
        self._changes = sha256()

    def on_step(self, step: Step, took: Nanos) -> None:
        self._decisions.on_step(step)
        for change in step.changes:
            self._changes.update(repr(change).encode())

    def hexdigest(self) -> str:
        return sha256((self._decisions.hexdigest() + self._changes.hexdigest()).encode()).hexdigest()


class Injector:
    """Arms the faults of a run, each only when the last one is over, and ends the run when it has healed."""

    def __init__(self, plan: Plan, venue: Venue, judge: Judge, market: str) -> None:
        self._plan, self._venue, self._judge, self._market = plan, venue, judge, market
        self._dice = Random(plan.seed + 2)
        self._calm_since: Nanos | None = None
        self._pause: Nanos = 3 * SECOND
        self._armed = 0

    def wake(self, at: Nanos, emit: Emit) -> None:
        """Look about twice a second."""
        enough = self._armed >= FAULTS_MAX and not self._venue.waiting
        over = enough or at >= START + FAULTS_UNTIL
        if over:
            self._venue.calm_down()
        calm = self._calm(at)
        if over and calm >= HEALED:
            self._judge.finish(at)
            emit(Operator(at, OperatorAction.STOP, "healed"))
            return
        if not over and calm >= self._pause and self._armed < FAULTS_MAX and self._plan.kind != NONE:
            self._arm(at, emit)
        again = at + round(self._dice.uniform(0.3, 0.7) * SECOND)
        self._venue.at(again, lambda emit: self.wake(again, emit))

    def _calm(self, at: Nanos) -> Nanos:
        """For how long nothing has been wrong."""
        if not self._judge.calm() or self._venue.waiting:
            self._calm_since = None
            return 0
        self._calm_since = self._calm_since or at
        return at - self._calm_since

    def _arm(self, at: Nanos, emit: Emit) -> None:
        kind = self._plan.kind
        if kind == STORM:
            kind = self._dice.choice(STORM_KINDS)
        self._armed += 1
        self._calm_since = None
        self._pause = round(self._dice.uniform(2, 8) * SECOND)
        self._venue.strike(Fault(kind, self._dice.choice(self._plan.connections), self._market, at), at, emit)


def listings_of(plan: Plan) -> tuple[Sequence[Listing], Listing]:
    """The venue's markets, and the one that is quoted."""
    quoted = replace(demo_listing(), pace=plan.pace)
    busy = replace(default_listings()[2], pace=1.0)
    return ([quoted, busy] if plan.canary else [quoted]), quoted


def run(plan: Plan, trust: TrustLimits | None = None) -> Result:
    """Live through a plan.  `trust` replaces the engine's limits: a judge must find what a careless engine misses."""
    listings, quoted = listings_of(plan)
    market = quoted.market.condition_id
    limits = trust or TrustLimits(verify=plan.verify, checks_per_second=10)
    engine = Engine(FixedSpread(), EngineConfig(trust=limits))
    gateway, trace = ShadowGateway(SHADOW_LATENCY), Trace()
    judge = Judge(engine, gateway, [market], plan.connections, OVERLAP if plan.kind == STORM else 0)
    world = DemoWorld(listings, WorldParams(), Random(plan.seed), START)
    venue = Venue(world, plan.connections, plan.weather, Random(plan.seed + 1), judge)
    injector = Injector(plan, venue, judge, market)
    venue.at(START, lambda emit: injector.wake(START, emit))
    opening = [MarketListed(START, listing.market, plan.connections, quoted=listing is quoted) for listing in listings]
    end = START + DURATION

    def pace(at: Nanos) -> None:
        if at >= end and judge.over_at is None:
            judge.finish(end)
        judge.pace(at)

    driver = EventTime(engine, venue, gateway, [judge, trace], pace=pace)
    outcome = driver.run(START, DURATION, opening, venue)
    if outcome is not Outcome.STOPPED:
        judge.verdict.violations.append(f"the run ended {outcome}: {engine.cause}")
    if plan.kind == NONE and judge.verdict.alarms:
        judge.verdict.violations.append(f"false alarms: {judge.verdict.alarms}")
    return Result(plan, judge.verdict, outcome, trace.hexdigest())

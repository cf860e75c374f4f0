"""One step of the engine, with every risk rule and the richest model, beside fixed_spread.

    python -m benchmarks.engine_step [--rounds N] [--seconds N]

The pretend venue makes market data and trades with our orders; the engines live through the same seeds in turn.  Steps
are timed by the processor time of the thread, so that being interrupted does not count.  Told apart are frames after
which nothing had to move and those that brought commands.  Explaining is on, as it is where there is a state file.
Percentiles are of all frames of a round, and of the rounds the median is shown.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import replace
from random import Random
from statistics import median
from time import thread_time_ns

from pmm.app.rules import rules_for
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.core.view import Strategy
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import Event, Frame, MarketListed
from pmm.model import MILLISECOND, SECOND, SHARE, USD, Nanos, RewardTerms
from pmm.settings import Settings
from pmm.sim.catalog import demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.world import DemoWorld
from pmm.strategies.fixed_spread import FixedSpread
from pmm.strategies.log_odds import LogOdds
from pmm.strategies.rewarded import Rewarded
from pmm.venues.simulated import SimulatedGateway

START: Nanos = 1_790_000_000 * SECOND
LATENCY: Nanos = 30 * MILLISECOND
MODELS: dict[str, Callable[[], Strategy]] = {
    "log_odds, rewarded": lambda: Rewarded(LogOdds()),
    "log_odds": LogOdds,
    "fixed_spread": FixedSpread,
}
RICHEST = "log_odds, rewarded"
# Without them there is nothing to weigh, and the richest model is log_odds alone.
REWARDS = RewardTerms(min_size=20 * SHARE, max_spread=300, per_day=100 * USD)
# What the issue of this work asks for, in microseconds.
STILL_MAX, MOVING_MAX = 300, 2_000


class Watched(Engine):
    """Keeps the times of frames, in ns: where nothing was sent and where something was."""

    still: list[int]
    moving: list[int]

    def step(self, event: Event) -> Step:
        if not isinstance(event, Frame):
            return super().step(event)
        began = thread_time_ns()
        step = super().step(event)
        took = thread_time_ns() - began
        (self.moving if step.commands else self.still).append(took)
        return step


def live(make: Callable[[], Strategy], seed: int, seconds: int) -> Watched:
    """One run of a model."""
    listing, gateway = demo_listing(), SimulatedGateway(LATENCY)
    world = DemoWorld([listing], WorldParams(), Random(seed), START, gateway.told)
    gateway.attach(world)
    tokens = [token.token_id for token in listing.market.tokens]
    world.subscribe(tokens)
    engine = Watched(make(), EngineConfig(in_book=True, explain=True), rules_for(Settings()))
    engine.still, engine.moving = [], []
    gc.collect()
    driver = EventTime(engine, world, gateway)
    driver.run(
        START,
        seconds * SECOND,
        [MarketListed(START, replace(listing.market, rewards=REWARDS))],
        Wire(tokens, world.dump),
    )
    return engine


def percentile(times: list[int], share: float) -> float:
    """Microseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine_step", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=120, help="of the pretend venue's time")
    options = parser.parse_args()
    rounds: dict[str, list[Watched]] = {name: [] for name in MODELS}
    for seed in range(options.rounds):
        for name, make in MODELS.items():
            rounds[name].append(live(make, seed, options.seconds))
    rules = len(rules_for(Settings()))
    print(f"{options.rounds} rounds of {options.seconds} s, {rules} rules; microseconds a frame")
    print(f"{'model':<22}{'':>8}{'frames':>8}{'p50':>9}{'p99':>9}{'p99.9':>9}")
    for name, watches in rounds.items():
        for kind in ("still", "moving"):
            times = [getattr(watch, kind) for watch in watches]
            frames = sum(map(len, times))
            shown = "".join(f"{median(percentile(one, share) for one in times):>9.1f}" for share in (0.5, 0.99, 0.999))
            print(f"{name:<22}{kind:>8}{frames:>8}{shown}")
    for kind, most in (("still", STILL_MAX), ("moving", MOVING_MAX)):
        ours, plain = (
            median(percentile(getattr(watch, kind), 0.99) for watch in rounds[name])
            for name in (RICHEST, "fixed_spread")
        )
        verdict = "holds" if ours < most else "MISSED"
        print(f"{kind}: p99 {ours:.0f} us, {ours / plain:.2f}x fixed_spread (must be under {most} us: {verdict})")


if __name__ == "__main__":
    main()

"""Quoting models against each other on the pretend venue: same seeds, same traders, their orders in the real queues.

    python -m benchmarks.tournament --seeds 500 --workers 2

Every seed is a market of its own: where its probability starts, its jumps, and what share of those who take is
informed (0, 0.05, 0.1, 0.2 in turn).  Each model trades alone on a world made anew from that seed, and has the same
shares resting: one order of 10 a side, and a position of 50 at most.  Avellaneda-Stoikov looks as far ahead as a run
lasts.  A run is worth its cash and what a trader of risk aversion `GAMMA` would take for the shares that are left,
valued at the true probability, which the models never see: cash + CE(q), strategy reference 1.3.  Differences are
paired by seed.  What was tried is told in TOURNAMENT.md.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from random import Random

import orjson

from pmm.core.claim import certainty_equivalent
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.ladder import Rungs
from pmm.core.step import Step
from pmm.core.trust import TrustLimits, Verify
from pmm.core.view import Strategy
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import MarketListed
from pmm.metrics.pnl import UNIT, Pnl
from pmm.model import MILLISECOND, SECOND, SHARE, USD, Nanos
from pmm.sim.catalog import demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.traders import TraderParams
from pmm.sim.truth import TruthParams
from pmm.sim.world import DemoWorld
from pmm.strategies.avellaneda_stoikov import AvellanedaStoikov, AvellanedaStoikovParams
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from pmm.strategies.log_odds import LogOdds, LogOddsParams
from pmm.venues.polymarket import codec
from pmm.venues.simulated import SimulatedGateway

START: Nanos = 1_790_000_000 * SECOND
SHARES_INFORMED = (0.0, 0.05, 0.1, 0.2)
# Risk aversion per USD: 50 shares at even odds are charged 0.31 USD.
GAMMA = 0.001
LATENCY: Nanos = 30 * MILLISECOND
RUN_S = 300
# What the pretend venue sends is what it holds: to check its hashes takes time and changes no figure.
CONFIG = EngineConfig(in_book=True, trust=TrustLimits(verify=Verify.OFF))
OURS, OTHERS = "log_odds", ("fixed_spread", "avellaneda_stoikov")
MODELS: dict[str, Callable[[], Strategy]] = {
    "fixed_spread": FixedSpread,
    "avellaneda_stoikov": lambda: AvellanedaStoikov(AvellanedaStoikovParams(horizon=RUN_S)),
    "log_odds": lambda: LogOdds(LogOddsParams(rungs=Rungs())),
    # Beside the contest: other spreads and sizes, and the ladder that is the default of `log_odds`.
    "fixed_3_cents": lambda: FixedSpread(FixedSpreadParams(spread=300)),
    "fixed_30_shares": lambda: FixedSpread(FixedSpreadParams(size=30 * SHARE)),
    "log_odds_ladder": LogOdds,
    "log_odds_30_shares": lambda: LogOdds(LogOddsParams(rungs=Rungs(size=30 * SHARE))),
}
CONTEST = (*OTHERS, OURS)


@dataclass(frozen=True, slots=True)
class Result:
    """One model on one seed; USD and shares.  `residual` is what accounting left unexplained: nothing."""

    model: str
    seed: int
    informed: float
    worth: float
    marked: float
    fills: int
    held: float
    residual: int


def play(model: str, seed: int, seconds: int) -> Result:
    """One run of a model on the world of a seed."""
    dice = Random(seed)
    informed = SHARES_INFORMED[seed % len(SHARES_INFORMED)]
    listing = replace(demo_listing(), probability=dice.uniform(0.2, 0.8))
    gateway, pnl = SimulatedGateway(LATENCY), _Books()
    world = DemoWorld([listing], _world_of(informed), Random(seed), START, gateway.told)
    gateway.attach(world)
    tokens = [token.token_id for token in listing.market.tokens]
    world.subscribe(tokens)
    engine = Engine(MODELS[model](), CONFIG)
    driver = EventTime(engine, world, gateway, [pnl])
    wire = Wire(tokens, world.dump, lambda token: codec.book(orjson.loads(world.rest_book(token) or "")))
    driver.run(START, seconds * SECOND, [MarketListed(START, listing.market)], wire)
    floor = world.floor(listing.market.condition_id)
    assert floor is not None, "it was listed"
    cash, yes, no = pnl.left()
    # So many NO are pairs with as many YES that are not there: the net position in YES, and a dollar each.
    worth = cash + no + certainty_equivalent(floor.truth.probability, yes - no, GAMMA)
    marked = pnl.pnl.total / UNIT
    return Result(model, seed, informed, worth, marked, pnl.fills, yes - no, pnl.pnl.residual)


def _world_of(informed: float) -> WorldParams:
    """Traders of whom that share knows the truth; probabilities jump about twice in five minutes."""
    usual = TraderParams()
    every = usual.noise_every_s * (1 - informed) / informed if informed else 1e9
    return WorldParams(TruthParams(), replace(usual, informed_every_s=every))


class _Books:
    """A sink: what was made, and in how many fills."""

    def __init__(self) -> None:
        self.pnl = Pnl()
        self.fills = 0

    def on_step(self, step: Step, _took: Nanos) -> None:
        self.pnl.on_step(step)
        self.fills += len(step.fills)

    def left(self) -> tuple[float, float, float]:
        """Cash in USD, YES and NO in shares."""
        held = list(self.pnl.markets.values())
        cash, yes, no = (sum(getattr(one, name) for one in held) for name in ("cash", "yes", "no"))
        return cash / USD, yes / SHARE, no / SHARE


def compare(results: Sequence[Result]) -> Iterator[str]:
    """The table: each model by itself, then ours against each other one, paired."""
    names = dict.fromkeys(one.model for one in results)
    by_model = {model: {one.seed: one for one in results if one.model == model} for model in names}
    yield f"{'model':<20}{'informed':>9}{'mean':>9}{'median':>9}{'5 % tail':>10}{'CE':>9}{'fills':>8}{'|held|':>8}"
    for model, runs in by_model.items():
        for share in (None, *SHARES_INFORMED):
            some = [one for one in runs.values() if share is None or one.informed == share]
            if some:
                yield _row(model, "all" if share is None else f"{share:g}", some)
    for other in [model for model in by_model if model != OURS and OURS in by_model]:
        for share in (None, *SHARES_INFORMED):
            pairs = [
                one.worth - by_model[other][seed].worth
                for seed, one in by_model[OURS].items()
                if share is None or one.informed == share
            ]
            if pairs:
                yield _pairs(other, "all" if share is None else f"{share:g}", pairs)
    if all(name in by_model for name in CONTEST):
        won = [one.worth > max(by_model[other][seed].worth for other in OTHERS) for seed, one in by_model[OURS].items()]
        yield f"{OURS} better than both {' and '.join(OTHERS)} on {statistics.fmean(won):.1%} of {len(won)} seeds"


def _row(model: str, share: str, runs: Sequence[Result]) -> str:
    worth = sorted(one.worth for one in runs)
    tail = worth[: max(1, len(worth) // 20)]
    least = worth[0]
    ce = least - math.log(statistics.fmean(math.exp(-GAMMA * (one - least)) for one in worth)) / GAMMA
    fills, held = (statistics.fmean(values) for values in ([r.fills for r in runs], [abs(r.held) for r in runs]))
    mean, median, low = statistics.fmean(worth), statistics.median(worth), statistics.fmean(tail)
    money = "".join(f"{number:>{width}.3f}" for number, width in ((mean, 9), (median, 9), (low, 10), (ce, 9)))
    return f"{model:<20}{share:>9}{money}{fills:>8.1f}{held:>8.1f}"


def _pairs(other: str, share: str, pairs: Sequence[float]) -> str:
    better = sum(difference > 0 for difference in pairs) / len(pairs)
    error = statistics.stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else math.nan
    return (
        f"{OURS} - {other:<20} informed {share:>5}: better on {better:.1%} of {len(pairs)} seeds,"
        f" mean {statistics.fmean(pairs):+.3f} +- {error:.3f}, median {statistics.median(pairs):+.3f} USD"
    )


def _job(job: tuple[str, int, int]) -> Result:
    return play(*job)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tournament", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=int, default=RUN_S, help="of the pretend venue's time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=CONTEST)
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    jobs = [(model, seed, options.seconds) for seed in seeds for model in options.models]
    with ProcessPoolExecutor(options.workers) as pool:
        results = list(pool.map(_job, jobs, chunksize=4))
    print(f"{len(seeds)} seeds of {options.seconds} s, risk aversion {GAMMA} per USD, {len(options.models)} models")
    for line in compare(results):
        print(line)
    return int(any(one.residual for one in results))


if __name__ == "__main__":
    sys.exit(main())

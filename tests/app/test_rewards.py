"""What a day of rewards was expected to be: kept while quoting, and held against what the venue's own formula pays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from pmm.app.account import shadow_account
from pmm.app.rewards import day_rewards
from pmm.core.config import EngineConfig
from pmm.core.engine import Engine
from pmm.core.reward_worth import RewardParams
from pmm.core.step import RewardSample, Step
from pmm.drivers.event_time import EventTime
from pmm.drivers.wire import Wire
from pmm.events import MarketListed
from pmm.metrics.performance import DAY, performance
from pmm.metrics.sample import Sample
from pmm.model import MILLISECOND, SECOND, SHARE, USD, Nanos, RewardTerms, Side
from pmm.settings import Loaded, load
from pmm.sim.catalog import Rewards, demo_listing
from pmm.sim.floor import WorldParams
from pmm.sim.rewards import Epoch, parts
from pmm.sim.world import DemoWorld
from pmm.sinks.history import History
from pmm.sinks.store import Store
from pmm.strategies.fixed_spread import FixedSpread
from pmm.strategies.rewarded import Rewarded
from pmm.venues.simulated import OWNER, SimulatedGateway
from tests.support.story import START, page_of, shares

MINUTE: Nanos = 60 * SECOND
USD_A_DAY = 1_440
LISTING = replace(demo_listing(), rewards=Rewards(20 * SHARE, 300, USD_A_DAY))
MARKET = replace(LISTING.market, rewards=RewardTerms(20 * SHARE, 300, USD_A_DAY * USD))
# Of a pool that is sampled once in a minute, a quarter of an hour is known to about a minute.
TOLERANCE = 0.1


class Payday:
    """Samples the floor once in every minute, at a moment that dice choose, by the code that pays makers."""

    def __init__(self, world: DemoWorld) -> None:
        self.world, self.epoch, self.dice = world, Epoch(), Random(5)
        self.samples: list[RewardSample] = []
        self._due = START + int(self.dice.random() * MINUTE)
        self._minute = START

    def on_step(self, step: Step, _took: Nanos) -> None:
        self.samples += step.rewards
        if step.rewards:  # somebody far away, so that the feed is not taken for a dead one
            far = 1_000 + 100 * (len(self.samples) % 20)
            self.world.submit(f"far-{len(self.samples)}", MARKET.yes, Side.BUY, far, shares(5), owner="far")
        while step.event.at >= self._due:
            self.epoch.take(parts(self.world.floor(MARKET.condition_id).book, Rewards(20 * SHARE, 300, USD_A_DAY)))
            self._minute += MINUTE
            self._due = self._minute + int(self.dice.random() * MINUTE)

    def kept(self) -> list[Sample]:
        """As the state file keeps them."""
        here = (None,) * 6
        return [
            Sample(one.market, one.at, None, 0, 0, 0, *here, one.own, one.others, one.per_day) for one in self.samples
        ]


def test_expected_is_what_the_venue_s_formula_pays_within_a_minute_of_a_quarter_of_an_hour() -> None:
    """Two rivals of 150 and 300 shares who come and go, in a market where nobody trades."""
    gateway = SimulatedGateway(20 * MILLISECOND)
    world = DemoWorld([LISTING], WorldParams(), Random(1), START, gateway.told)
    gateway.attach(world)
    world.set_trading(on=False)
    world.clear(MARKET.yes)
    for name, size in (("one", 150), ("two", 300)):
        world.submit(f"{name}-bid", MARKET.yes, Side.BUY, 4_800, shares(size), owner=name)
        world.submit(f"{name}-ask", MARKET.yes, Side.SELL, 5_200, shares(size), owner=name)
    tokens = [MARKET.yes, MARKET.no]
    world.subscribe(tokens)
    payday = Payday(world)
    engine = Engine(Rewarded(FixedSpread(), RewardParams(adverse=0.0)), EngineConfig(in_book=True))
    driver = EventTime(engine, world, gateway, [payday])
    driver.run(START, 15 * MINUTE, [MarketListed(START, MARKET)], Wire(tokens, world.dump, page_of(world)))
    expected, earned = performance(payday.kept()).reward, payday.epoch.earned(OWNER, USD_A_DAY)
    assert payday.epoch.samples == 15
    assert 0.2 < payday.samples[-2].own / (payday.samples[-2].own + payday.samples[-2].others) < 0.8
    assert expected == pytest.approx(earned, rel=TOLERANCE)
    assert expected > USD


# --- the state file ---------------------------------------------------------------------------------------------------


def settings(folder: Path) -> Loaded:
    return load({"data_dir": str(folder)}, environ={})


def sampled(store: Store, account: int, begin: Nanos, minutes: int) -> None:
    """An hour at a quarter of 240 USD a day is 2.50 USD."""
    with store.writing() as db:
        history_epoch = db.execute("SELECT max(id) FROM runs").fetchone()[0]
        for number in range(minutes * 12 + 1):
            row = (begin + number * 5 * SECOND, *(None,) * 6, 25 * SHARE, 75 * SHARE, 240 * USD)
            values = (account, history_epoch, MARKET.condition_id, row[0], 9_900, 0, 0, 0, *row[1:])
            db.execute(f"INSERT INTO samples VALUES ({', '.join('?' * len(values))})", values)


async def test_a_dry_run_expects_what_it_sampled_of_that_day_and_nobody_pays_it(tmp_path: Path) -> None:
    day = date(2026, 11, 24)
    begin = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp()) * SECOND
    loaded = settings(tmp_path)
    with Store.open(tmp_path / "default") as store:
        account = shadow_account(store, loaded.settings)
        History(store, account, simulated=True, latch_halts=False)
        sampled(store, account, begin + 23 * 60 * MINUTE + 30 * MINUTE, 60)
    found = await day_rewards(loaded, "default", day, begin + DAY)
    (market,) = found.markets
    assert (found.over, found.paid, market.paid) == (True, None, None)
    assert market.expected == pytest.approx(1_250_000, abs=5_000)
    assert (market.share, market.watched) == (0.25, 30 * MINUTE - 5 * SECOND)
    rest = await day_rewards(loaded, "default", date(2026, 11, 25), begin + DAY)
    assert rest.expected == pytest.approx(1_250_000, abs=5_000)
    assert not rest.over
    assert (await day_rewards(loaded, "default", date(2026, 11, 23), begin)).markets == ()

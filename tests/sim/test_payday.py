"""What makers are paid at midnight."""

from __future__ import annotations

import pytest

from pmm.model import SECOND, SHARE, USD, Side
from pmm.sim.catalog import Rewards
from pmm.sim.fees import FeeSchedule
from pmm.sim.payday import DAY, MINUTE
from pmm.sim.venue import Verdict
from tests.sim.stage import ANN, BOB, Stage, still

BUY, SELL = Side.BUY, Side.SELL
HOUR = 3_600
POOL = Rewards(20 * SHARE, 300, 144)  # ten cents a minute


@pytest.fixture
def stage() -> Stage:
    return Stage(still(rewards=POOL))


def quote(stage: Stage, account: str, shares: int = 100) -> list[str]:
    return [stage.order(account, BUY, "0.49", shares), stage.order(account, SELL, "0.51", shares)]


def to_midnight(stage: Stage) -> None:
    stage.wait((DAY - stage.now % DAY) // SECOND)


def test_every_minute_is_sampled_once_and_shared_by_score(stage: Stage) -> None:
    stage.wait((MINUTE - stage.now % MINUTE) // SECOND)
    quote(stage, ANN, 300)
    quote(stage, BOB, 100)
    stage.wait(HOUR)
    condition = stage.market.condition_id
    assert stage.venue.payday.earned(ANN) == {condition: 4 * USD + USD // 2}
    assert stage.venue.payday.earned(BOB) == {condition: USD + USD // 2}


def test_rewards_are_paid_at_midnight_and_told(stage: Stage) -> None:
    quote(stage, ANN)
    earned = stage.venue.payday.earned(ANN)
    assert earned == {}
    to_midnight(stage)
    (paid,) = stage.venue.payday.rewards
    assert (paid.account, paid.market) == (ANN, stage.market.condition_id)
    assert paid.money == stage.venue.ledger.holdings(ANN)["COLLATERAL"] - 1_000 * USD
    assert paid.money == pytest.approx(144 * USD * (DAY - 14.2 * HOUR * SECOND) / DAY, rel=0.01)
    assert paid.at // DAY == stage.now // DAY - 1  # the day it was earned on
    assert [(one.kind, one.payload) for one in stage.venue.notifications(ANN)] == [(5, {"earnings": "58.6"})]
    stage.venue.check()
    stage.wait(24 * HOUR)
    assert stage.venue.payday.rewards[1].money == 144 * USD  # a whole day
    assert stage.venue.payday.rewards[1].at // DAY == paid.at // DAY + 1


def test_an_act_pays_for_the_samples_so_far_and_not_for_the_same_ones_again(stage: Stage) -> None:
    quote(stage, ANN)
    stage.wait(HOUR)
    (paid,) = stage.venue.pay_rewards(stage.now)
    assert paid.money == pytest.approx(6 * USD, abs=USD // 10)
    assert stage.venue.pay_rewards(stage.now) == []
    stage.venue.check()


def test_less_than_a_dollar_is_not_paid_and_lost(stage: Stage) -> None:
    quote(stage, ANN)
    stage.wait(9 * 60)
    assert stage.venue.pay_rewards(stage.now) == []
    stage.wait(9 * 60)
    assert stage.venue.pay_rewards(stage.now) == []
    assert stage.money(ANN) == 1_000


def test_an_order_scores_exactly_when_it_earns(stage: Stage) -> None:
    quote(stage, ANN)
    near, edge = stage.order(BOB, BUY, "0.48", 20), stage.order(BOB, BUY, "0.47", 20)
    small = stage.order(BOB, BUY, "0.48", 19)
    assert [stage.venue.scoring(one) for one in (near, edge, small)] == [True, False, False]
    assert stage.venue.payday.percentages(BOB)[stage.market.condition_id] > 0
    stage.venue.cancel(BOB, [near], stage.now)
    assert stage.venue.payday.percentages(BOB) == {}


def test_a_market_that_is_over_is_not_sampled(stage: Stage) -> None:
    quote(stage, ANN)
    stage.wait(HOUR)
    earned = stage.venue.payday.earned(ANN)
    stage.venue.resolve(stage.market.condition_id, Verdict.YES, stage.now)
    stage.wait(HOUR)
    assert stage.venue.payday.earned(ANN) == earned


def test_a_market_without_rewards_pays_none() -> None:
    stage = Stage(still(rewards=None))
    quote(stage, ANN)
    to_midnight(stage)
    assert not stage.venue.payday.rewards
    assert stage.venue.payday.percentages(ANN) == {}


def test_rebates_are_paid_at_midnight_too() -> None:
    stage = Stage(still(fees=FeeSchedule(700, 1, 2_000), rewards=None))
    stage.order(ANN, SELL, "0.5", 400)
    stage.order(BOB, BUY, "0.5", 400)
    to_midnight(stage)
    (paid,) = stage.venue.payday.rebates
    assert (paid.account, paid.money) == (ANN, 1_400_000)
    assert paid.at // DAY == stage.now // DAY - 1
    stage.venue.check()

"""What takers pay and makers get back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from random import Random

import pytest

from pmm.model import SHARE, USD, Side, TimeInForce
from pmm.sim.catalog import demo_listing
from pmm.sim.fees import FREE, FeeSchedule, Rebates, fee_bound, schedule_of, taker_fee
from pmm.sim.venue import Settlement, SettlementStep, TradeRecord
from tests.sim.stage import ANN, BOB, EVE, Stage

BUY, SELL = Side.BUY, Side.SELL
CRYPTO = schedule_of("Crypto")


@pytest.mark.parametrize(
    ("category", "price", "shares", "usd"),
    [
        ("Crypto", 5_000, 100, 1.75),
        ("Sports", 5_000, 100, 1.25),
        ("Politics", 5_000, 100, 1.0),
        ("Weather", 2_000, 100, 0.8),
        ("Geopolitics", 5_000, 100, 0),
    ],
)
def test_the_fee_of_a_category(category: str, price: int, shares: int, usd: float) -> None:
    assert taker_fee(schedule_of(category), price, shares * SHARE) == round(usd * USD)


def test_fees_are_symmetric_have_five_decimals_and_are_never_less_than_one_step() -> None:
    assert taker_fee(CRYPTO, 1_234, 7_654_321) == taker_fee(CRYPTO, 8_766, 7_654_321)
    assert taker_fee(CRYPTO, 1_234, 7_654_321) % 10 == 0
    assert taker_fee(CRYPTO, 100, 1) == 10
    assert taker_fee(FREE, 5_000, 10**12) == 0


def test_an_exponent_raises_the_whole_bracket() -> None:
    assert taker_fee(FeeSchedule(2_500, 2, 0), 5_000, 100 * SHARE) == 1_562_500


def test_random_fees_agree_with_fractions() -> None:
    dice = Random(1)
    for _ in range(2_000):
        schedule = FeeSchedule(dice.randrange(1, 1_000), dice.choice((1, 2)), 0)
        price, size = dice.randrange(1, 10_000), dice.randrange(1, 10**10)
        p = Fraction(price, 10_000)
        exact = size * Fraction(schedule.rate, 10_000) * (p * (1 - p)) ** schedule.exponent
        assert taker_fee(schedule, price, size) == max(1, floor(exact / 10 + Fraction(1, 2))) * 10


def test_the_bound_is_at_least_every_fee_between_two_prices() -> None:
    for best, worst in ((1_000, 4_000), (4_000, 7_000), (6_000, 9_000)):
        bound = fee_bound(CRYPTO, best, worst, 10 * SHARE)
        assert bound == max(taker_fee(CRYPTO, price, 10 * SHARE) for price in range(best, worst + 1))


def taxed() -> Stage:
    return Stage(replace(demo_listing(), pace=0.0, fees=CRYPTO))


def first(stage: Stage) -> TradeRecord:
    return stage.venue.trades(BOB)[0]


def test_a_buyer_pays_the_fee_on_top_and_a_seller_out_of_what_it_gets() -> None:
    stage = taxed()
    stage.order(ANN, SELL, "0.5", 100)
    answer = stage.ask(BOB, BUY, "0.5", 100)
    stage.wait(0)
    assert answer.making == 50 * USD  # type: ignore[union-attr]  # accepted
    assert (first(stage).fee, stage.money(BOB), stage.money(ANN)) == (1_750_000, 948.25, 1_050)
    stage.order(ANN, BUY, "0.5", 100)
    stage.order(BOB, SELL, "0.5", 100)
    stage.wait(0)
    assert (stage.money(BOB), stage.money(ANN)) == (996.5, 1_000)
    assert stage.venue.ledger.holdings("fees")["COLLATERAL"] == 3_500_000
    stage.venue.check()


def test_a_taker_needs_the_fee_too_and_a_maker_does_not() -> None:
    stage = taxed()
    stage.order(ANN, SELL, "0.5", 1_000)
    stage.venue.fund(BOB, -500 * USD, stage.now)
    assert "not enough balance" in stage.refused(BOB, BUY, "0.5", 1_000)
    assert "not enough balance" in stage.refused(BOB, BUY, "0.5", usd=500, tif=TimeInForce.FAK)
    assert stage.order(BOB, BUY, "0.5", usd=480, tif=TimeInForce.FAK)
    stage.rich(EVE, 500)
    assert stage.order(EVE, BUY, "0.4", 1_250)


def test_makers_share_a_part_of_the_fees_by_their_fee_equivalents() -> None:
    stage = taxed()
    stage.rich(EVE)
    stage.order(ANN, SELL, "0.5", 300)
    stage.order(EVE, SELL, "0.5", 100)
    stage.order(BOB, BUY, "0.5", 400)
    stage.wait(0)
    condition = stage.market.condition_id
    assert stage.venue.rebates.shares()[condition] == {ANN: 1_050_000, EVE: 350_000}
    assert stage.venue.pay_rebates(stage.now) == [(stage.now, condition, ANN, 1_050_000)]  # Eve's is below one dollar
    assert stage.money(ANN) == 1_151.05
    assert stage.venue.pay_rebates(stage.now) == []
    stage.venue.check()


def test_a_trade_that_fails_earns_no_rebate() -> None:
    stage = taxed()
    stage.order(ANN, SELL, "0.5", 600)
    stage.order(BOB, BUY, "0.5", 400)
    before = stage.venue.rebates.shares()
    stage.venue.script_settlement(SettlementStep(Settlement.MINED, 0), SettlementStep(Settlement.FAILED, 1_000))
    stage.order(BOB, BUY, "0.5", 200)
    assert stage.venue.rebates.shares() != before
    stage.wait(5)
    assert stage.venue.rebates.shares() == before
    stage.venue.check()


def test_a_failure_after_the_rebates_were_paid_leaves_nothing_to_take_back() -> None:
    rebates = Rebates()
    rebates.void("m", CRYPTO, 100 * USD, [("a", 1)])
    rebates.note("m", CRYPTO, 10 * USD, [("b", 1)])
    assert rebates.pay(USD * 100) == [("m", "b", 2 * USD)]


def test_rebates_are_not_paid_out_of_fees_that_have_not_settled() -> None:
    rebates = Rebates()
    rebates.note("m", CRYPTO, 100 * USD, [("a", 1)])
    assert rebates.pay(settled=19 * USD) == []
    rebates.note("m", CRYPTO, 100 * USD, [("a", 1)])
    assert rebates.pay(settled=20 * USD) == [("m", "a", 20 * USD)]

"""What a trade moves, and what becomes of it when the chain takes it back."""

from __future__ import annotations

import pytest

from pmm.model import SHARE, USD, Side
from pmm.sim.ledger import Broken
from pmm.sim.venue import Settlement, SettlementParams, SettlementStep, Verdict
from tests.sim.stage import ANN, BOB, Stage

BUY, SELL = Side.BUY, Side.SELL
MINED, RETRYING, FAILED = Settlement.MINED, Settlement.RETRYING, Settlement.FAILED
USUAL = SettlementParams(mined_ms=2_000, confirmed_ms=5_000, balance_lag_ms=1_000)


@pytest.fixture
def stage() -> Stage:
    return Stage(settlement=USUAL)


def ghost(stage: Stage, *, retrying: bool = False) -> None:
    """Ann sells Bob ten shares at a half, paid after a second and shown after two, void after twenty."""
    steps = [SettlementStep(MINED, 1_000), SettlementStep(FAILED, 20_000)]
    stage.venue.script_settlement(*(steps[:1] + [SettlementStep(RETRYING, 10_000)] * retrying + steps[1:]))
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)


def held(stage: Stage, account: str, asset: str) -> int:
    return stage.venue.ledger.holdings(account).get(asset, 0)


def everything(stage: Stage) -> list[tuple[float, float]]:
    return [(stage.money(account), stage.shares(account)) for account in (ANN, BOB)]


@pytest.mark.parametrize("retrying", [False, True])
def test_a_trade_that_was_paid_and_failed_is_taken_back_exactly_once(stage: Stage, retrying: bool) -> None:
    ghost(stage, retrying=retrying)
    stage.wait(5)
    assert everything(stage) == [(1_005, 990), (995, 1_010)]
    stage.wait(3_600)
    assert everything(stage) == [(1_000, 1_000)] * 2
    assert held(stage, "escrow", stage.yes) == held(stage, "escrow", "COLLATERAL") == 0
    assert stage.order(BOB, BUY, "0.5", 2_000)  # nothing of it is held back any more
    stage.venue.check()


def test_a_payment_that_was_not_shown_yet_is_taken_back_all_the_same(stage: Stage) -> None:
    stage.venue.script_settlement(SettlementStep(MINED, 1_000), SettlementStep(FAILED, 1_500))
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)
    stage.wait(60)
    assert everything(stage) == [(1_000, 1_000)] * 2
    assert stage.order(ANN, SELL, "0.5", 1_000)
    stage.venue.check()


def test_a_trade_that_is_tried_again_is_unpaid_until_it_is_mined_again(stage: Stage) -> None:
    steps = [(MINED, 1_000), (RETRYING, 10_000), (MINED, 20_000), (Settlement.CONFIRMED, 30_000)]
    stage.venue.script_settlement(*(SettlementStep(status, after) for status, after in steps))
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)
    stage.wait(10)
    assert everything(stage) == [(1_000, 1_000)] * 2
    assert "balance" in stage.refused(ANN, SELL, "0.5", 1_000)  # ten of them wait for the chain
    stage.wait(60)
    assert everything(stage) == [(1_005, 990), (995, 1_010)]
    stage.venue.check()


def test_what_was_spent_meanwhile_is_owed_and_shown_as_nothing(stage: Stage) -> None:
    ghost(stage)
    stage.wait(5)
    stage.venue.give(BOB, stage.yes, -1_006 * SHARE, stage.now)  # four are left
    stage.wait(60)
    assert held(stage, BOB, stage.yes) == -6 * SHARE
    assert stage.shares(BOB) == 0
    assert "balance: 0" in stage.refused(BOB, SELL, "0.6", 5)
    stage.venue.check()
    stage.venue.give(BOB, stage.yes, 10 * SHARE, stage.now)
    assert stage.shares(BOB) == 4
    stage.venue.check()


def test_whoever_owes_after_a_failure_may_not_owe_more(stage: Stage) -> None:
    ghost(stage)
    stage.wait(5)
    stage.venue.give(BOB, stage.yes, -1_010 * SHARE, stage.now)
    stage.wait(60)
    stage.venue.ledger.move(stage.yes, BOB, ANN, 1, stage.now, "theft")
    with pytest.raises(Broken, match=BOB):
        stage.venue.check()


def test_orders_that_are_not_covered_any_more_go_newest_first(stage: Stage) -> None:
    ghost(stage)
    stage.wait(5)
    older = stage.order(BOB, SELL, "0.7", 995)
    newer = stage.order(BOB, SELL, "0.8", 15)
    bid = stage.order(BOB, BUY, "0.1", 10)
    stage.events()
    stage.wait(60)
    assert (stage.status(older), stage.status(newer)) == ("LIVE", "CANCELED_NOT_ENOUGH_BALANCE")
    assert stage.status(bid) == "LIVE"
    assert stage.story(BOB) == ["TRADE FAILED", "CANCELLATION CANCELED_NOT_ENOUGH_BALANCE 0"]
    stage.venue.check()


def test_a_mint_and_a_merge_are_undone_like_any_other_trade(stage: Stage) -> None:
    for side in (BUY, SELL):
        stage.venue.script_settlement(SettlementStep(MINED, 1_000), SettlementStep(FAILED, 20_000))
        stage.order(ANN, side, "0.5", 10, token=stage.no)
        stage.order(BOB, side, "0.5", 10)
        stage.wait(5)
        stage.venue.check()
        assert stage.shares(BOB) == 1_000 + 10 * side.sign
        stage.wait(60)
        assert everything(stage) == [(1_000, 1_000)] * 2
        assert stage.shares(ANN, stage.no) == 1_000
        stage.venue.check()


def test_shares_that_were_redeemed_before_the_failure_are_owed_in_money(stage: Stage) -> None:
    condition = stage.market.condition_id
    ghost(stage)
    stage.wait(5)
    stage.venue.resolve(condition, Verdict.YES, stage.now)
    assert stage.venue.redeem(BOB, condition, stage.now) == 1_010 * USD
    stage.wait(60)
    assert stage.venue.positions(BOB) == {}
    assert stage.venue.redeem(ANN, condition, stage.now) == 1_000 * USD
    assert (stage.money(ANN), stage.money(BOB)) == (2_000, 2_000)
    stage.venue.check()


def test_shares_that_were_owed_before_the_resolution_are_owed_in_money(stage: Stage) -> None:
    ghost(stage)
    stage.wait(5)
    stage.venue.give(BOB, stage.yes, -1_010 * SHARE, stage.now)
    stage.venue.fund(BOB, -995 * USD, stage.now)
    stage.wait(60)
    stage.venue.resolve(stage.market.condition_id, Verdict.YES, stage.now)
    assert held(stage, BOB, stage.yes) == 0
    assert held(stage, BOB, "COLLATERAL") == 5 * USD - 10 * USD
    assert stage.money(BOB) == 0
    stage.venue.check()


def test_synthetic_traders_do_not_owe_what_they_have_spent(stage: Stage) -> None:
    world, market = stage.venue.world, stage.market
    stage.venue.script_settlement(SettlementStep(MINED, 0), SettlementStep(FAILED, 20_000))
    stage.order(BOB, BUY, "0.5", 100)
    world.submit("one", stage.yes, SELL, 5_000, 100 * SHARE, owner="seller")
    stage.wait(5)
    seller = f"{market.slug}/seller"
    stage.venue.ledger.move("COLLATERAL", seller, "faucet", held(stage, seller, "COLLATERAL"), stage.now, "spent")
    stage.wait(60)
    assert held(stage, seller, "COLLATERAL") >= 0
    assert stage.shares(BOB) == 1_000
    stage.venue.check()

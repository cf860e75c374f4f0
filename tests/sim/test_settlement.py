"""How trades reach the chain, and what the venue shows meanwhile."""

from __future__ import annotations

import pytest

from pmm.model import SECOND, SHARE, Side
from pmm.sim.venue import Settlement, SettlementParams, SettlementStep
from tests.sim.stage import ANN, BOB, Stage

BUY, SELL = Side.BUY, Side.SELL
MINED, CONFIRMED, RETRYING, FAILED = (
    Settlement.MINED,
    Settlement.CONFIRMED,
    Settlement.RETRYING,
    Settlement.FAILED,
)
USUAL = SettlementParams(mined_ms=2_000, confirmed_ms=5_000, balance_lag_ms=1_000)


@pytest.fixture
def stage() -> Stage:
    return Stage(settlement=USUAL)


def trade(stage: Stage) -> str:
    """Ann sells Bob ten shares at a half."""
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)
    return stage.venue.trades(BOB)[0].trade_id


def state(stage: Stage, trade_id: str) -> tuple[str, bool]:
    found = stage.venue.trade(trade_id)
    assert found is not None
    return found.status.value, bool(found.transaction)


def test_a_trade_is_matched_then_mined_then_confirmed_and_its_hash_comes_late(stage: Stage) -> None:
    trade_id = trade(stage)
    assert state(stage, trade_id) == ("MATCHED", False)
    stage.wait(2)
    assert state(stage, trade_id) == ("MINED", True)
    stage.wait(3)
    assert state(stage, trade_id) == ("CONFIRMED", True)
    assert [line for line in stage.story(ANN) if "TRADE" in line] == [
        "TRADE MATCHED",
        "TRADE MINED",
        "TRADE CONFIRMED",
    ]


def test_balances_follow_late_and_bought_shares_cannot_be_sold_before(stage: Stage) -> None:
    trade(stage)
    assert (stage.money(BOB), stage.shares(BOB)) == (1_000, 1_000)
    assert "balance" in stage.refused(BOB, SELL, "0.6", 1_001)
    stage.wait(2.5)
    assert stage.shares(BOB) == 1_000  # mined, and not shown yet
    assert stage.venue.positions(BOB)[stage.yes] == 1_010 * SHARE
    assert "balance" in stage.refused(BOB, SELL, "0.6", 1_001)
    stage.wait(0.5)
    assert (stage.money(BOB), stage.shares(BOB)) == (995, 1_010)
    assert stage.order(BOB, SELL, "0.6", 1_010)


def test_money_on_its_way_out_is_shown_and_cannot_be_spent_again(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 1_000)
    stage.order(BOB, BUY, "0.5", 1_000)
    assert stage.money(BOB) == 1_000
    assert "balance" in stage.refused(BOB, BUY, "0.4", 1_300)


def test_a_script_leads_the_next_trade_to_failure_and_gives_everything_back(stage: Stage) -> None:
    stage.venue.script_settlement(SettlementStep(RETRYING, 3_000), SettlementStep(FAILED, 9_000))
    trade_id = trade(stage)
    stage.wait(3)
    assert state(stage, trade_id) == ("RETRYING", False)
    stage.wait(6)
    assert state(stage, trade_id) == ("FAILED", False)
    for account in (ANN, BOB):
        assert (stage.money(account), stage.shares(account)) == (1_000, 1_000)
    assert stage.order(BOB, BUY, "0.5", 2_000)
    stage.venue.check()


def test_a_retried_trade_is_paid_once(stage: Stage) -> None:
    steps = [(RETRYING, 1_000), (MINED, 2_000), (RETRYING, 3_000), (MINED, 4_000), (CONFIRMED, 5_000)]
    stage.venue.script_settlement(*(SettlementStep(status, after) for status, after in steps))
    trade(stage)
    stage.wait(10)
    assert [line.split()[1] for line in stage.story(ANN) if "TRADE" in line] == [
        "MATCHED",
        *(status.value for status, _ in steps),
    ]
    assert (stage.money(ANN), stage.shares(BOB)) == (1_005, 1_010)


def test_a_trade_without_an_end_keeps_everything_in_escrow(stage: Stage) -> None:
    stage.venue.script_settlement(SettlementStep(RETRYING, 1_000))
    trade(stage)
    stage.wait(3_600)
    assert stage.money(ANN) == 1_000
    assert stage.venue.ledger.holdings("escrow")[stage.yes] == 10 * SHARE
    stage.venue.check()


def test_a_script_is_for_one_trade_and_the_next_one_goes_the_usual_way(stage: Stage) -> None:
    stage.venue.script_settlement(SettlementStep(FAILED, 0))
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(ANN, SELL, "0.6", 10)
    stage.order(BOB, BUY, "0.6", 20)  # a trade for every price
    stage.wait(10)
    assert [one.status.value for one in reversed(stage.venue.trades(BOB))] == ["FAILED", "CONFIRMED"]


@pytest.mark.parametrize("steps", [(), ((CONFIRMED, 1), (MINED, 2)), ((MINED, 2), (CONFIRMED, 1)), ((MINED, -1),)])
def test_a_script_that_makes_no_sense_is_refused(stage: Stage, steps: tuple[tuple[Settlement, int], ...]) -> None:
    with pytest.raises(ValueError, match="script"):
        stage.venue.script_settlement(*(SettlementStep(status, after) for status, after in steps))


def test_chance_fails_and_retries_as_often_as_it_is_told_and_the_same_way_twice() -> None:
    def ends() -> list[str]:
        stage = Stage(settlement=SettlementParams(fail_chance=0.25, retry_chance=0.5))
        for _ in range(90):
            trade(stage)
            stage.wait(30)
        stage.venue.check()
        return [one.status.value for one in stage.venue.trades(ANN)]

    first = ends()
    assert 10 <= first.count("FAILED") <= 36
    assert first.count("CONFIRMED") == len(first) - first.count("FAILED")
    assert ends() == first


def test_trade_events_carry_the_moment_of_every_state(stage: Stage) -> None:
    trade(stage)
    stage.wait(10)
    moments = [(event.at - event.trade.matched_at) / SECOND for event in stage.events(ANN) if hasattr(event, "trade")]
    assert moments == [0, 2, 5]

"""Shares into other shares: NO of outcomes that exclude each other into YES of the rest, and dollars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.model import SHARE, USD, Side
from pmm.sim.catalog import default_listings
from pmm.sim.ledger import Broken, adapter
from pmm.sim.orders import Refusal
from pmm.sim.venue import SettlementParams, Verdict
from tests.sim.stage import ANN, BOB, EVE, Stage, still

MAYOR = [replace(one, pace=0.0) for one in default_listings()[3:]]
FIRST, SECOND, THIRD = (listing.market for listing in MAYOR)
ALL = [listing.market.condition_id for listing in MAYOR]


@pytest.fixture
def stage() -> Stage:
    return Stage(*MAYOR, still())


def convert(stage: Stage, *markets: str, shares: int = 100) -> str:
    """The refusal, or nothing."""
    answer = stage.venue.convert(ANN, markets, shares * SHARE, stage.now)
    stage.venue.check()
    return answer.text if isinstance(answer, Refusal) else ""


def held(stage: Stage) -> list[tuple[float, float]]:
    return [(stage.shares(ANN, one.yes), stage.shares(ANN, one.no)) for one in (FIRST, SECOND, THIRD)]


def test_one_no_becomes_yes_of_all_others(stage: Stage) -> None:
    assert not convert(stage, ALL[0])
    assert held(stage) == [(1_000, 900), (1_100, 1_000), (1_100, 1_000)]
    assert stage.money(ANN) == 1_000


def test_two_nos_become_the_third_yes_and_a_dollar(stage: Stage) -> None:
    assert not convert(stage, ALL[0], ALL[2])
    assert held(stage) == [(1_000, 900), (1_100, 1_000), (1_000, 900)]
    assert stage.money(ANN) == 1_100


def test_one_of_every_no_is_worth_a_dollar_for_each_but_one(stage: Stage) -> None:
    assert not convert(stage, *ALL, shares=1_000)
    assert held(stage) == [(1_000, 0)] * 3
    assert stage.money(ANN) == 3_000


@pytest.mark.parametrize("winner", [0, 1, 2])
def test_what_was_converted_pays_what_it_would_have_paid(stage: Stage, winner: int) -> None:
    """Ann converted and Bob did not: they end with the same money, and the adapter with none."""
    assert not convert(stage, ALL[0], ALL[1])
    for number, condition in enumerate(ALL):
        stage.venue.resolve(condition, Verdict.YES if number == winner else Verdict.NO, stage.now)
        stage.venue.check()
        for account in (ANN, BOB):
            stage.venue.redeem(account, condition, stage.now)
    assert stage.money(ANN) == stage.money(BOB)
    assert not any(stage.venue.ledger.holdings(adapter(MAYOR[0].event_id)).values())
    stage.venue.check()


def test_nothing_else_can_be_converted(stage: Stage) -> None:
    demo = stage.listings[3].market.condition_id
    assert "at least one outcome" in convert(stage)
    assert "named once" in convert(stage, ALL[0], ALL[0])
    assert "of one event" in convert(stage, demo)
    assert "of one event" in convert(stage, ALL[0], demo)
    assert "balance: 1000000000" in convert(stage, ALL[0], shares=1_001)
    assert "balance" in convert(stage, ALL[0], shares=0)
    with pytest.raises(ValueError, match="no such market"):
        convert(stage, "0x0")
    assert held(stage) == [(1_000, 1_000)] * 3


def test_an_event_that_has_ended_in_part_is_redeemed_and_not_converted(stage: Stage) -> None:
    stage.venue.resolve(ALL[0], Verdict.NO, stage.now)
    assert "resolved" in convert(stage, ALL[1])


def test_shares_that_were_bought_can_be_converted_when_they_are_shown() -> None:
    stage = Stage(*MAYOR, settlement=SettlementParams(mined_ms=2_000, balance_lag_ms=1_000))
    stage.venue.give(ANN, FIRST.no, -1_000 * SHARE, stage.now)
    stage.order(BOB, Side.SELL, "0.5", 100, token=FIRST.no)
    stage.order(ANN, Side.BUY, "0.5", 100, token=FIRST.no)
    stage.wait(2.5)
    assert "balance: 0" in convert(stage, ALL[0])
    stage.wait(1)
    assert not convert(stage, ALL[0])


def test_orders_to_sell_what_was_converted_are_taken_away(stage: Stage) -> None:
    order = stage.order(ANN, Side.SELL, "0.9", 950, token=FIRST.no)
    assert not convert(stage, ALL[0])
    assert stage.status(order) == "CANCELED_NOT_ENOUGH_BALANCE"


def test_an_adapter_that_owes_more_than_it_keeps_is_found_out(stage: Stage) -> None:
    assert not convert(stage, ALL[0], ALL[1])
    stage.venue.ledger.move("COLLATERAL", adapter(MAYOR[0].event_id), EVE, USD, stage.now, "theft")
    with pytest.raises(Broken, match="owes"):
        stage.venue.check()

"""How markets end, and what their shares pay then."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from pmm.model import GRID, SHARE, USD
from pmm.sim.catalog import default_listings
from pmm.sim.matching import Outcome
from pmm.sim.venue import Verdict
from tests.sim.stage import ANN, BOB, Stage


@pytest.mark.parametrize(
    ("verdict", "yes", "no"), [(Verdict.YES, GRID, 0), (Verdict.NO, 0, GRID), (Verdict.SPLIT, GRID // 2, GRID // 2)]
)
def test_both_shares_together_always_pay_a_dollar(verdict: Verdict, yes: int, no: int) -> None:
    assert (verdict.price(Outcome.YES), verdict.price(Outcome.NO)) == (yes, no)
    assert verdict.pays(Outcome.YES, USD) + verdict.pays(Outcome.NO, USD) == USD


def test_half_a_share_pays_less_and_half_a_debt_costs_more() -> None:
    assert (Verdict.SPLIT.pays(Outcome.NO, 3), Verdict.SPLIT.pays(Outcome.NO, -3)) == (1, -2)


def test_a_market_that_nobody_won_pays_half_for_every_share() -> None:
    stage = Stage()
    condition = stage.market.condition_id
    stage.venue.give(BOB, stage.no, -999 * SHARE - 1, stage.now)
    stage.venue.resolve(condition, Verdict.SPLIT, stage.now)
    assert stage.venue.redeem(ANN, condition, stage.now) == 1_000 * USD
    assert stage.venue.redeem(BOB, condition, stage.now) == 500 * USD + USD // 2 - 1  # the half of a micro-dollar stays
    assert stage.venue.positions(BOB) == {}
    stage.venue.check()


def test_no_winner_is_named_where_there_is_none() -> None:
    stage = Stage()
    stage.venue.resolve(stage.market.condition_id, Verdict.SPLIT, stage.now)
    told = []
    while (due := stage.venue.next_at()) is not None and due <= stage.now:
        told += [orjson.loads(frame.data) for frame in stage.venue.step()]
    (end,) = [frame for frame in told if isinstance(frame, dict) and frame["event_type"] == "market_resolved"]
    assert (end["winning_asset_id"], end["winning_outcome"]) == ("", "")


def test_of_outcomes_that_exclude_each_other_one_alone_is_yes() -> None:
    stage = Stage(*[replace(one, pace=0.0) for one in default_listings()[3:]])
    first, second, third = (listing.market.condition_id for listing in stage.listings)
    with pytest.raises(ValueError, match="alone is YES"):
        stage.venue.resolve(first, Verdict.SPLIT, stage.now)
    stage.venue.resolve(first, Verdict.YES, stage.now)
    with pytest.raises(ValueError, match="alone is YES"):
        stage.venue.resolve(second, Verdict.YES, stage.now)
    assert stage.venue.verdict(second) is None
    stage.venue.resolve(third, Verdict.NO, stage.now)
    stage.venue.check()

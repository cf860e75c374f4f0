"""The further the day falls from its best, the less is quoted; a price that trembles switches nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.rules.drawdown import Drawdown, DrawdownLimits
from tests.support.risk import account, usd


def rule(limit=100):
    return Drawdown(DrawdownLimits(usd(limit)))


def stages(*falls, drawdown=None):
    """The stage at each fall in USD from a best of 30."""
    drawdown = drawdown or rule()
    said = [drawdown.judge(account(peak=usd(30), day=usd(30) - usd(fall))) for fall in falls]
    return [verdict.stage if isinstance(verdict, Trip) else Stage.NONE for verdict in said]


@pytest.mark.parametrize(
    ("inside", "at", "stage"),
    [(49.999999, 50, Stage.WIDEN), (74.999999, 75, Stage.REDUCE), (99.999999, 100, Stage.CANCEL)],
)
def test_each_stage_holds_from_its_share_of_the_limit_on(inside, at, stage):
    assert stages(inside) == [Stage(stage - 1)]
    assert stages(at) == [stage]


def test_the_reason_says_how_far_it_fell():
    assert rule().judge(account(peak=usd(30), day=usd(-21.5))) == Trip(
        Stage.WIDEN, "51.5 USD below the best of the day, at 100 nothing is quoted"
    )


@pytest.mark.parametrize(
    ("at", "kept", "left", "stage"),
    [(50, 40, 39.999999, Stage.WIDEN), (75, 65, 64.999999, Stage.REDUCE), (100, 90, 89.999999, Stage.CANCEL)],
)
def test_a_stage_is_left_a_tenth_of_the_limit_below_where_it_began(at, kept, left, stage):
    assert stages(at, kept, left) == [stage, stage, Stage(stage - 1)]


def test_a_fall_at_once_passes_the_stages_between():
    assert stages(0, 120, 0) == [Stage.NONE, Stage.CANCEL, Stage.NONE]


def test_a_new_day_begins_with_nothing():
    drawdown = rule()
    assert stages(100, drawdown=drawdown) == [Stage.CANCEL]
    assert drawdown.judge(account(day=0, peak=0)) == ALLOW


def test_a_day_that_only_loses_falls_by_its_loss():
    assert rule().judge(account(day=-usd(75), peak=0)).stage is Stage.REDUCE


@given(st.lists(st.integers(0, usd(130)), min_size=1))
def test_the_stage_is_never_below_what_the_fall_asks_for_and_never_above_what_it_asked_for_a_tenth_ago(falls):
    drawdown, bare = rule(), [(Stage.WIDEN, 50), (Stage.REDUCE, 75), (Stage.CANCEL, 100)]
    for fall in falls:
        verdict = drawdown.judge(account(peak=fall, day=0))
        stage = verdict.stage if isinstance(verdict, Trip) else Stage.NONE
        least = max((stage for stage, percent in bare if fall >= usd(percent)), default=Stage.NONE)
        most = max((stage for stage, percent in bare if fall >= usd(percent - 10)), default=Stage.NONE)
        assert least <= stage <= most

"""Near its end or the start of its game a market is brought home and then left."""

from dataclasses import replace

import pytest

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.model import SECOND, utc_text
from pmm.rules.near_end import HOUR, NearEnd, NearEndLimits
from tests.support.risk import later, one_market
from tests.support.story import START, market

END = START + 24 * HOUR
GAME = START + 6 * HOUR


def judge(left, end=END, **dates):
    """So many seconds before the end."""
    of = replace(market(), end_date=utc_text(END), **dates)
    return NearEnd(NearEndLimits()).judge(one_market((end - START) / SECOND - left, of=of))


def stage(said):
    return said.stage if isinstance(said, Trip) else Stage.NONE


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (7201, Stage.NONE),
        (7200, Stage.REDUCE),
        (3601, Stage.REDUCE),
        (3600, Stage.CANCEL),
        (0, Stage.CANCEL),
        (-1, Stage.CANCEL),
    ],
)
def test_two_hours_before_it_reduces_and_one_hour_before_it_cancels(left, expected):
    assert stage(judge(left)) is expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (7201, Stage.NONE),
        (7200, Stage.REDUCE),
        (3600, Stage.CANCEL),
        (-21_599, Stage.CANCEL),
        (-21_600, Stage.NONE),
    ],
)
def test_a_game_that_begins_earlier_is_what_counts_until_it_should_be_over(left, expected):
    assert stage(judge(left, GAME, game_start=utc_text(GAME))) is expected


def test_the_reason_says_what_comes_and_the_limit():
    assert judge(7000) == Trip(Stage.REDUCE, "it ends within 7200 s")
    assert judge(60, GAME, game_start=utc_text(GAME)) == Trip(Stage.CANCEL, "its game begins within 3600 s")
    assert judge(-60, GAME, game_start=utc_text(GAME)) == Trip(Stage.CANCEL, "its game begins: that time has passed")


def test_a_market_without_dates_is_quoted():
    assert NearEnd(NearEndLimits()).judge(one_market()) == ALLOW


def test_a_date_that_is_moved_frees_the_market():
    rule = NearEnd(NearEndLimits())
    soon = replace(market(), end_date=utc_text(later(60)))
    assert stage(rule.judge(one_market(of=soon))) is Stage.CANCEL
    assert rule.judge(one_market(of=replace(soon, end_date=utc_text(END)))) == ALLOW

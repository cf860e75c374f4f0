"""A day that costs too much halts, and stays as bad as it has been until it is over."""

import pytest

from pmm.core.daily_loss import DAY
from pmm.core.rule import ALLOW, Stage, Trip, Warn
from pmm.model import SECOND
from pmm.rules.daily_loss import DailyLoss, DailyLossLimits
from tests.support.risk import account, usd
from tests.support.story import START


def rule(limit=50):
    return DailyLoss(DailyLossLimits(usd(limit)))


@pytest.mark.parametrize("day", [10, 0, -39.999999])
def test_a_gain_and_a_small_loss_are_no_matter(day):
    assert rule().judge(account(day=usd(day))) == ALLOW


@pytest.mark.parametrize(("day", "text"), [(-40, "40"), (-40.01, "40.01"), (-50, "50")])
def test_four_fifths_are_warned_of_and_exactly_the_limit_is_allowed(day, text):
    assert rule().judge(account(day=usd(day))) == Warn(f"{text} USD lost today, 50 are allowed")


def test_a_micro_dollar_more_halts():
    assert rule().judge(account(day=-usd(50) - 1)) == Trip(Stage.HALT, "50.000001 USD lost today, 50 are allowed")


@pytest.mark.parametrize(("loss", "verdict"), [(45, Warn), (51, Trip)])
def test_what_was_said_stands_until_the_day_is_over_also_when_prices_come_back(loss, verdict):
    daily = rule()
    said = daily.judge(account(day=-usd(loss)))
    assert isinstance(said, verdict)
    assert daily.judge(account(60, day=usd(5))) == said
    midnight = (DAY - START % DAY) // SECOND + 1
    assert daily.judge(account(midnight, day=0)) == ALLOW


def test_a_loss_that_grows_is_told_as_it_is():
    daily = rule()
    daily.judge(account(day=-usd(41)))
    assert daily.judge(account(1, day=-usd(43))) == Warn("43 USD lost today, 50 are allowed")


def test_a_limit_of_nothing_halts_at_the_first_micro_dollar():
    daily = rule(0)
    assert daily.judge(account(day=0)) == ALLOW
    assert daily.judge(account(day=-1)) == Trip(Stage.HALT, "0.000001 USD lost today, 0 are allowed")

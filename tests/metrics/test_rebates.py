"""What fills earn of the taker fees of their market, by its own schedule."""

from dataclasses import replace

from pmm.core.position import cost_of
from pmm.core.step import Fill, Step
from pmm.events import MarketListed, Timer
from pmm.metrics.rebates import Rebates
from pmm.model import SHARE, FeeSchedule, Side
from tests.support.story import CONDITION, YES, market

POLITICS = FeeSchedule(rate=40_000, exponent=1, taker_only=True, rebate=250_000)


def fill(price, shares=100, trade="t"):
    paid = cost_of(Side.BUY, price, shares * SHARE)
    return Fill(0, "o", trade, CONDITION, YES, True, Side.BUY, price, shares * SHARE, paid, 2 * price)


def earned(fees, *steps):
    rebates = Rebates()
    rebates.on_step(Step(MarketListed(0, replace(market(), fees=fees))))
    for step in steps:
        rebates.on_step(step)
    return rebates.total


def test_a_hundred_shares_at_even_odds_earn_a_quarter_of_a_dollar():
    assert earned(POLITICS, Step(Timer(0), fills=(fill(5_000),))) == 250_000


def test_less_is_earned_where_the_outcome_is_nearly_certain():
    assert earned(POLITICS, Step(Timer(0), fills=(fill(500),))) == 47_500


def test_a_market_that_promises_nothing_earns_nothing():
    assert earned(None, Step(Timer(0), fills=(fill(5_000),))) == 0
    assert earned(replace(POLITICS, rebate=None), Step(Timer(0), fills=(fill(5_000),))) == 0


def test_a_fill_that_failed_earns_nothing():
    one = fill(5_000)
    assert earned(POLITICS, Step(Timer(0), fills=(one,)), Step(Timer(0), reversals=(one,))) == 0

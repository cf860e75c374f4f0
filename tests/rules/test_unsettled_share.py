"""While much hangs on trades that can still fail, the position is only brought home."""

import pytest

from pmm.core.position import Position
from pmm.core.rule import ALLOW, Stage, Trip
from pmm.rules.unsettled_share import UnsettledLimits, UnsettledShare, unsettled_worth
from tests.support.risk import held, one_market, usd

BY_WORTH = UnsettledLimits(usd(100), None)
BY_SHARE = UnsettledLimits(None, 90, usd(50))


def judge(limits, yes, no=None, rule=None, **more):
    position = Position(held(*yes), held(*(no or (0,))))
    return (rule or UnsettledShare(limits)).judge(one_market(position=position, **more))


def test_shares_of_both_tokens_count_at_the_mids_of_their_tokens_whatever_their_direction():
    position = Position(held(7, bought=10, sold=5), held(sold=20))
    facts = one_market(bid="0.59", ask="0.61", position=position).market
    assert unsettled_worth(facts) == usd(15 * 0.6 + 20 * 0.4)


def test_without_a_mid_they_count_at_even_odds():
    facts = one_market(bid=None, position=Position(held(bought=10))).market
    assert unsettled_worth(facts) == usd(5)


@pytest.mark.parametrize("bought", [0, 100, 200])
def test_exactly_the_worth_is_allowed(bought):
    assert judge(BY_WORTH, (0, bought)) == ALLOW


def test_more_worth_reduces():
    assert judge(BY_WORTH, (0, 201)) == Trip(Stage.REDUCE, "100.5 USD are not settled, 100 are allowed")
    assert judge(BY_WORTH, (0, 150), (0, 0, 60)) == Trip(Stage.REDUCE, "105 USD are not settled, 100 are allowed")


def test_a_small_position_may_be_unsettled_as_a_whole():
    assert judge(BY_SHARE, (0, 100)) == ALLOW
    reason = "100.1 of 100.1 shares are not settled, 90 % are allowed"
    assert judge(BY_SHARE, (0, 100.1)) == Trip(Stage.REDUCE, reason)


@pytest.mark.parametrize(("settled", "trips"), [(20, False), (19.99, True)])
def test_settled_shares_lower_the_share(settled, trips):
    assert isinstance(judge(BY_SHARE, (settled, 180)), Trip) is trips


def test_it_lets_go_at_four_fifths_of_the_limit_and_not_before():
    rule = UnsettledShare(BY_WORTH)
    assert isinstance(judge(None, (0, 201), rule=rule), Trip)
    assert isinstance(judge(None, (41, 160.1), rule=rule), Trip)
    assert judge(None, (41, 160), rule=rule) == ALLOW
    assert judge(None, (0, 200), rule=rule) == ALLOW


def test_the_price_decides_what_shares_are_worth():
    assert isinstance(judge(BY_WORTH, (0, 150), bid="0.66", ask="0.68"), Trip)
    assert judge(BY_WORTH, (0, 150), bid="0.64", ask="0.66") == ALLOW


def test_without_limits_everything_may_be_unsettled():
    assert judge(UnsettledLimits(None, None), (0, 10_000)) == ALLOW

"""A market that fills us too often, too much or too badly is left alone for a while."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.model import GRID, SECOND, Side
from pmm.rules.fill_protection import FillProtection, ProtectionLimits
from tests.support.risk import later, one_market, traded
from tests.support.story import market, shares

COUNT = ProtectionLimits(max_fills=3, max_shares=None, max_adverse=None)
SHARES = ProtectionLimits(max_fills=None, max_shares=shares(50), max_adverse=None)
MARKOUT = ProtectionLimits(max_fills=None, max_shares=None, markout_fills=2, max_adverse=100)


def every_second(count, **more):
    return [traded(second, **more) for second in range(count)]


# --- how often, and how much ---------------------------------------------


def test_one_fill_more_than_allowed_within_the_window_freezes_the_market():
    assert FillProtection(COUNT).judge(one_market(3, fills=every_second(3))) == ALLOW
    assert FillProtection(COUNT).judge(one_market(3, fills=every_second(4))) == Trip(
        Stage.CANCEL, "4 fills of the bid within 10 s, 3 are allowed", later(63)
    )


@pytest.mark.parametrize(("seconds", "trips"), [(10, True), (10.001, False)])
def test_fills_older_than_the_window_do_not_count(seconds, trips):
    said = FillProtection(COUNT).judge(one_market(seconds, fills=every_second(4)))
    assert isinstance(said, Trip) is trips


def test_both_sides_are_counted_apart_and_selling_no_is_buying_yes():
    both = [*every_second(3), *every_second(3, side=Side.SELL, price="0.52")]
    assert FillProtection(COUNT).judge(one_market(3, fills=both)) == ALLOW
    other = traded(2, Side.SELL, "0.52", is_yes=False)
    assert isinstance(FillProtection(COUNT).judge(one_market(3, fills=[*both, other])), Trip)
    said = FillProtection(COUNT).judge(one_market(3, fills=every_second(4, is_yes=False)))
    assert said.reason == "4 fills of the ask within 10 s, 3 are allowed"


def test_shares_of_one_side_are_summed_up():
    assert FillProtection(SHARES).judge(one_market(5, fills=every_second(5))) == ALLOW
    more = [*every_second(5), traded(5, size=0.000001)]
    assert FillProtection(SHARES).judge(one_market(5, fills=more)) == Trip(
        Stage.CANCEL, "50.000001 shares of the bid filled within 10 s, 50 are allowed", later(65)
    )


# --- how badly -----------------------------------------------------------


def after(bid, ask, fills, seconds=10):
    return FillProtection(MARKOUT).judge(one_market(seconds, bid=bid, ask=ask, fills=fills))


@pytest.mark.parametrize(("bid", "ask", "trips"), [("0.46", "0.48", False), ("0.46", "0.47", True)])
def test_a_market_that_moved_further_than_allowed_freezes(bid, ask, trips):
    assert isinstance(after(bid, ask, every_second(2)), Trip) is trips


def test_the_reason_says_what_a_share_lost():
    said = after("0.43", "0.45", every_second(2))
    assert said == Trip(Stage.CANCEL, "the last 2 fills lose 0.04 USD a share, 0.01 are allowed", later(70))


@pytest.mark.parametrize(
    ("side", "price", "is_yes"), [(Side.SELL, "0.52", True), (Side.BUY, "0.48", False), (Side.SELL, "0.52", False)]
)
def test_each_way_to_trade_loses_when_the_market_goes_through_it(side, price, is_yes):
    fills = every_second(2, side=side, price=price, is_yes=is_yes)
    up, down = after("0.55", "0.57", fills), after("0.43", "0.45", fills)
    long = (side is Side.BUY) is is_yes
    assert (isinstance(up, Trip), isinstance(down, Trip)) == (not long, long)


def test_large_fills_weigh_more_than_small_ones():
    bad_is_large = [traded(0, price="0.52", size=30), traded(1, price="0.47", size=10)]
    bad_is_small = [traded(0, price="0.52", size=10), traded(1, price="0.47", size=30)]
    assert isinstance(after("0.48", "0.50", bad_is_large), Trip)
    assert after("0.48", "0.50", bad_is_small) == ALLOW


def test_fewer_fills_than_asked_for_say_nothing():
    assert after("0.20", "0.22", every_second(1)) == ALLOW


def test_the_markout_is_taken_once_when_its_horizon_has_passed():
    rule, fills = FillProtection(MARKOUT), every_second(2)
    assert rule.judge(one_market(5.9, bid="0.43", ask="0.45", fills=fills)) == ALLOW  # the second one is too young
    assert rule.judge(one_market(6, fills=fills)) == ALLOW  # a loss of 0.04 and a gain of 0.02
    assert rule.judge(one_market(20, bid="0.01", ask="0.02", fills=fills)) == ALLOW  # taken before


def test_where_there_is_no_mid_the_markout_waits_for_one():
    rule, fills = FillProtection(MARKOUT), every_second(2)
    assert rule.judge(one_market(10, bid=None, fills=fills)) == ALLOW
    assert isinstance(rule.judge(one_market(11, bid="0.43", ask="0.45", fills=fills)), Trip)


def test_only_the_last_ones_count():
    rule = FillProtection(MARKOUT)
    good = every_second(2)
    assert rule.judge(one_market(8, fills=good)) == ALLOW
    bad = [traded(9, price="0.60"), traded(10, price="0.60")]
    assert isinstance(rule.judge(one_market(15, fills=[*good, *bad])), Trip)


# --- the freeze ----------------------------------------------------------


def test_a_freeze_lasts_its_time_and_nothing_of_before_or_during_it_counts_after():
    rule = FillProtection(replace(COUNT, freeze=5 * SECOND))
    fills = every_second(4)
    frozen = rule.judge(one_market(3, fills=fills))
    fills.append(traded(4))
    assert rule.judge(one_market(7.999, fills=fills)) == frozen
    assert rule.judge(one_market(8, fills=fills)) == ALLOW
    fills += [traded(second) for second in (8, 9, 9.5)]
    assert rule.judge(one_market(9.5, fills=fills)) == ALLOW
    assert isinstance(rule.judge(one_market(9.6, fills=[*fills, traded(9.6)])), Trip)


def test_bad_fills_freeze_once():
    rule = FillProtection(replace(MARKOUT, freeze=5 * SECOND))
    fills = every_second(2)
    assert isinstance(rule.judge(one_market(10, bid="0.43", ask="0.45", fills=fills)), Trip)
    fills.append(traded(12))
    assert rule.judge(one_market(60, bid="0.20", ask="0.22", fills=fills)) == ALLOW


def test_another_market_is_not_frozen():
    rule, other = FillProtection(COUNT), market(condition="0x" + "cd" * 32)
    assert isinstance(rule.judge(one_market(3, fills=every_second(4))), Trip)
    assert rule.judge(one_market(4, of=other)) == ALLOW
    assert isinstance(rule.judge(one_market(4)), Trip)


def test_without_limits_nothing_is_protected():
    rule = FillProtection(ProtectionLimits(max_fills=None, max_shares=None, max_adverse=None))
    assert rule.judge(one_market(3, bid="0.01", ask="0.02", fills=every_second(100))) == ALLOW


PRICES = st.integers(1, GRID - 1)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), PRICES, st.integers(1, 10**9)), min_size=2, max_size=2))
def test_the_mean_markout_is_exact(trades):
    fills, lost, size = [], 0, 0
    for buys, is_yes, price, count in trades:
        fill = replace(traded(0, Side.BUY if buys else Side.SELL, is_yes=is_yes), price=price, size=count)
        fills.append(fill)
        lost += count * ((price - 5_000) if buys else (5_000 - price))  # either token is worth 0.50
        size += count
    assert isinstance(after("0.49", "0.51", fills), Trip) is (lost > 100 * size)

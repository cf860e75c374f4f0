"""Worth that no fill explains away stops quoting at once, and halts when a second read shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.rules.balance_drop import BalanceDrop, BalanceDropLimits
from tests.support.risk import account, usd


def judge(worth, missing, before=0, percent=20):
    view = account(worth=usd(worth), missing=usd(missing), missing_before=usd(before))
    return BalanceDrop(BalanceDropLimits(percent)).judge(view)


def test_before_balances_were_read_there_is_nothing_to_say():
    assert BalanceDrop(BalanceDropLimits()).judge(account()) == ALLOW


@pytest.mark.parametrize("missing", [-5, 0, 19.99, 20])
def test_more_than_expected_and_up_to_the_limit_missing_is_no_matter(missing):
    assert judge(100, missing, before=50) == ALLOW


def test_beyond_the_limit_quoting_stops_until_balances_were_read_once_more():
    reason = "the account is worth 79 USD, 21 USD less than its fills explain"
    assert judge(100, 21) == Trip(Stage.CANCEL, f"{reason}; read once more")
    assert judge(100, 21, before=20) == Trip(Stage.CANCEL, f"{reason}; read once more")
    assert judge(100, 21, before=25) == Trip(Stage.HALT, reason)


def test_what_the_next_read_takes_back_costs_a_pause_only():
    assert judge(100, 0, before=40) == ALLOW


def test_an_account_that_is_worth_nothing_can_lose_nothing():
    assert judge(0, 1, before=1) == ALLOW


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(1, 99))
def test_the_share_is_exact_to_the_micro_dollar(worth, missing, percent):
    view = account(worth=worth, missing=missing)
    tripped = BalanceDrop(BalanceDropLimits(percent)).judge(view) != ALLOW
    assert tripped is (missing > worth * percent // 100)

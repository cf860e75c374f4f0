"""Double entry: nothing comes from nowhere, and what the venue holds of ours is what our books say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.account import Balances
from pmm.core.ledger import COLLATERAL, Account, Entry, Ledger, Posting
from pmm.core.position import cost_of
from pmm.core.step import Fill
from pmm.model import GRID, SHARE, USD, Side
from tests.support.story import CONDITION, NO, YES


def fill(side=Side.BUY, price=4800, size=10 * SHARE, token=YES):
    paid = cost_of(side, price, size)
    return Fill(0, "o1", "t1", CONDITION, token, token == YES, side, price, size, paid, 10_000)


FILLS = st.builds(
    fill, st.sampled_from(Side), st.integers(1, GRID - 1), st.integers(1, 10**10), st.sampled_from([YES, NO])
)


@given(st.lists(st.tuples(FILLS, st.booleans()), max_size=30))
def test_every_asset_sums_to_zero_whatever_happens(fills):
    ledger = Ledger()
    for one, failed in fills:
        ledger.reserve(one.order_id, one.side, one.token, one.price, one.size, 0)
        ledger.fill(one)
        if failed:
            ledger.reverse(one, 1)
    assert not any(ledger.sums().values())
    assert ledger.held() == -sum(one.paid for one, failed in fills if not failed)


def test_a_purchase_moves_cash_out_and_shares_in():
    ledger = Ledger()
    ledger.fill(fill())
    assert (ledger.held(), ledger.held(YES)) == (-4_800_000, 10 * SHARE)
    assert (ledger.balance(Account.VENUE), ledger.balance(Account.VENUE, YES)) == (4_800_000, -10 * SHARE)


def test_an_order_reserves_what_it_needs_and_frees_it_bit_by_bit():
    ledger = Ledger()
    for left, reserved in ((10, 4_800_000), (4, 1_920_000), (0, 0)):
        ledger.reserve("o1", Side.BUY, YES, 4800, left * SHARE, 0)
        assert ledger.balance(Account.RESERVED) == reserved
        assert ledger.held() == 0


def test_a_sale_reserves_shares():
    ledger = Ledger()
    ledger.reserve("o1", Side.SELL, YES, 4800, 10 * SHARE, 0)
    assert (ledger.balance(Account.RESERVED, YES), ledger.balance(Account.RESERVED)) == (10 * SHARE, 0)


def test_crumbs_of_a_purchase_are_reserved_in_full():
    ledger = Ledger()
    ledger.reserve("o1", Side.BUY, YES, 3333, 1, 0)
    assert ledger.balance(Account.RESERVED) == 1


def test_what_the_account_held_before_is_entered_once_and_everything_adds_to_it():
    ledger = Ledger()
    ledger.opening(Balances(100 * USD, {NO: 5 * SHARE}, {}), 0)
    ledger.fill(fill())
    assert (ledger.held(), ledger.held(NO), ledger.held(YES)) == (95_200_000, 5 * SHARE, 10 * SHARE)
    assert not any(ledger.sums().values())


def test_a_split_and_a_merge_undo_each_other():
    ledger = Ledger()
    ledger.split(CONDITION, (YES, NO), 3 * SHARE, 0)
    assert (ledger.held(), ledger.held(YES), ledger.held(NO)) == (-3 * USD, 3 * SHARE, 3 * SHARE)
    ledger.split(CONDITION, (YES, NO), -3 * SHARE, 1)
    assert (ledger.held(), ledger.held(YES), ledger.held(NO)) == (0, 0, 0)
    assert [posting.why for posting in ledger.postings] == ["split", "merge"]


def test_a_redemption_gives_shares_for_what_they_pay():
    ledger = Ledger()
    ledger.fill(fill())
    ledger.redeem(CONDITION, YES, 10 * SHARE, 10 * USD, 1)
    assert (ledger.held(), ledger.held(YES)) == (5_200_000, 0)
    assert not any(ledger.sums().values())


def test_a_posting_that_does_not_balance_is_refused():
    with pytest.raises(AssertionError, match="does not balance"):
        Posting(0, "gift", "", (Entry(Account.FREE, COLLATERAL, 1),))

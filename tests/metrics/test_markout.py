"""What the price did after fills: the two parts are computed apart and add up to the move of inventory."""

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from pmm.core.position import cost_of
from pmm.core.step import Decision, Fill, Opening, Step
from pmm.core.view import Targets
from pmm.events import Timer
from pmm.metrics.markout import HORIZONS_S, Markouts
from pmm.metrics.pnl import UNIT, Pnl
from pmm.model import GRID, SECOND, SHARE, Side
from tests.support.story import CONDITION, NO, YES

MIDS2 = st.integers(2, 2 * GRID - 2)


def fill(at_s, side, size, mid2, is_yes=True, trade="t", price=4_800):
    token = YES if is_yes else NO
    paid = cost_of(side, price, size)
    return Fill(at_s * SECOND, "o", trade, CONDITION, token, is_yes, side, price, size, paid, mid2)


def filled(one):
    return Step(Timer(one.at), fills=(one,))


def mark(at_s, mid2):
    return Step(Timer(0), decisions=(Decision(at_s * SECOND, CONDITION, None, None, mid2, 0, Targets()),))


def told(*steps):
    markouts = Markouts()
    for step in steps:
        markouts.on_step(step)
    return dict(zip(HORIZONS_S, markouts.markets[CONDITION], strict=True))


def test_the_mid_that_was_in_force_at_the_horizon_counts():
    bought = filled(fill(0, Side.BUY, 10 * SHARE, 10_000))
    after = told(bought, mark(1, 9_900), mark(4, 9_800), mark(7, 10_400))
    cent = UNIT // 100
    assert after[1].adverse == -10 * cent // 2  # the mark at one second is still inside
    assert after[5].adverse == -10 * cent
    assert after[5].held == 10 * 3 * cent
    assert after[30].adverse == 10 * 2 * cent  # not over yet: as far as the mid has come
    assert (after[5].matured, after[5].shares, after[30].matured) == (1, 10 * SHARE, 0)


def test_a_sale_that_the_price_ran_away_from_is_a_loss():
    sold = filled(fill(0, Side.SELL, SHARE, 10_000))
    assert told(sold, mark(2, 10_200), mark(9, 10_200))[5].adverse == -UNIT // 100


def test_buying_no_is_selling_yes():
    bought = filled(fill(0, Side.BUY, SHARE, 10_000, is_yes=False))
    assert told(bought, mark(2, 10_200), mark(9, 10_200))[5].adverse == -UNIT // 100


TIMES = st.integers(0, 40)
STORY = st.lists(
    st.tuples(
        TIMES,
        MIDS2,
        st.one_of(
            st.none(),
            st.tuples(st.sampled_from(Side), st.integers(1, 10**9), st.booleans(), st.sampled_from((None, 0, 1, 2, 3))),
        ),
    ),
    max_size=30,
)


@given(STORY, st.integers(-(10**9), 10**9))
def test_both_parts_add_up_to_the_move_of_inventory_at_every_horizon(story, before):
    pnl, markouts, trades = Pnl(), Markouts(), count()
    steps = [Step(Timer(0), openings=(Opening(0, CONDITION, YES, True, before, before, 9_000),))]
    booked, now = [], 0
    for later, mid2, what in story:
        now += later
        if what is None:
            steps.append(mark(now, mid2))
            continue
        side, size, is_yes, undone = what
        one = fill(now, side, size, mid2, is_yes, trade=f"t{next(trades)}")
        steps.append(filled(one))
        booked.append(one)
        if undone is not None and undone < len(booked):
            steps.append(Step(Timer(now * SECOND), reversals=(booked.pop(undone),)))
    for step in steps:
        pnl.on_step(step)
        markouts.on_step(step)
    for horizon in markouts.markets[CONDITION]:
        assert horizon.adverse + horizon.held == pnl.inventory


def test_a_fill_that_is_told_with_another_size_counts_as_it_was_told_last():
    wrong, right = fill(0, Side.BUY, 10 * SHARE, 10_000), fill(0, Side.BUY, 6 * SHARE, 10_000)
    after = told(filled(wrong), Step(Timer(0), fills=(right,), reversals=(wrong,)), mark(2, 9_800), mark(9, 9_800))
    assert after[1].adverse + after[1].held == -6 * UNIT // 100
    assert after[5].shares == 6 * SHARE

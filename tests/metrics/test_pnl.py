"""The parts of the result sum to the whole exactly, whatever happened."""

from hypothesis import given
from hypothesis import strategies as st

from pmm.core.position import cost_of
from pmm.core.step import Decision, Fill, Opening, Step
from pmm.core.view import Targets
from pmm.events import Timer
from pmm.metrics.pnl import UNIT, Pnl, pnl_text
from pmm.model import GRID, SHARE, Side
from tests.support.story import CONDITION, NO, YES

MIDS2 = st.integers(2, 2 * GRID - 2)


def fill(side, price, size, mid2, is_yes=True):
    token = YES if is_yes else NO
    return Fill(0, "o", "t", CONDITION, token, is_yes, side, price, size, cost_of(side, price, size), mid2)


def mark(mid2):
    return Step(Timer(0), decisions=(Decision(0, CONDITION, None, None, mid2, 0, Targets()),))


FILLS = st.builds(
    fill, st.sampled_from(Side), st.integers(1, GRID - 1), st.integers(1, 10**10), MIDS2, st.booleans()
).map(lambda one: Step(Timer(0), fills=(one,)))


def opening(size, mid2, is_yes=True):
    return Step(Timer(0), openings=(Opening(0, CONDITION, YES if is_yes else NO, is_yes, size, size, mid2),))


OPENINGS = st.builds(opening, st.integers(-(10**10), 10**10), MIDS2, st.booleans())


@given(st.lists(FILLS | OPENINGS | MIDS2.map(mark), max_size=40))
def test_residual_is_always_zero(steps):
    pnl = Pnl()
    for step in steps:
        pnl.on_step(step)
    assert pnl.residual == 0
    assert pnl.total == pnl.spread + pnl.inventory


@given(st.lists(FILLS | MIDS2.map(mark), max_size=20), FILLS, st.lists(FILLS | MIDS2.map(mark), max_size=20))
def test_a_fill_whose_trade_failed_leaves_every_part_as_if_it_had_never_happened(before, failed, after):
    with_it, without = Pnl(), Pnl()
    (fill,) = failed.fills
    for step in (*before, failed, *after, Step(Timer(0), reversals=(fill,))):
        with_it.on_step(step)
    for step in (*before, mark(fill.mid2), *after):
        without.on_step(step)
    assert with_it.residual == 0
    assert with_it == without


def test_a_bid_below_the_mid_captures_its_distance_and_then_rides_the_mid():
    pnl = Pnl()
    pnl.on_step(Step(Timer(0), fills=(fill(Side.BUY, 4800, 10 * SHARE, 10_000),)))
    pnl.on_step(mark(10_200))
    assert (pnl_text(pnl.spread), pnl_text(pnl.inventory), pnl_text(pnl.total)) == ("0.2", "0.1", "0.3")


def test_buying_both_tokens_below_one_dollar_locks_the_difference():
    pnl = Pnl()
    for is_yes in (True, False):
        pnl.on_step(Step(Timer(0), fills=(fill(Side.BUY, 4800, 10 * SHARE, 10_000, is_yes),)))
    pnl.on_step(mark(4_000))
    assert pnl_text(pnl.total) == "0.4"
    assert pnl.inventory == 0


def test_one_unit_has_an_exact_text():
    assert pnl_text(1) == "0.00000000005"
    assert pnl_text(-UNIT) == "-1"


def test_shares_of_before_are_no_profit_until_the_mid_moves():
    pnl = Pnl()
    pnl.on_step(opening(10 * SHARE, 10_000))
    assert (pnl.total, pnl.spread, pnl.inventory, pnl.cash) == (0, 0, 0, 0)
    pnl.on_step(mark(10_200))
    pnl.on_step(Step(Timer(0), fills=(fill(Side.SELL, 5200, 10 * SHARE, 10_200),)))
    assert (pnl_text(pnl.total), pnl_text(pnl.inventory), pnl_text(pnl.spread)) == ("0.2", "0.1", "0.1")
    assert pnl.markets[CONDITION].yes == 0

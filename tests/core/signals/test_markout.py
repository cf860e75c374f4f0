"""What fills cost afterwards, by side and horizon, shrunk to nothing while there are few."""

import pytest

from pmm.core.signals.markout import PENDING_MAX, PRIOR_FILLS, Markout
from pmm.model import SECOND
from tests.support.story import shares

START = 1_790_000_000 * SECOND
ONE = 1 / (1 + PRIOR_FILLS)  # what is left of the word of a single fill


def markout(horizons: tuple[int, ...] = (5,)) -> Markout:
    learnt = Markout(tuple(seconds * SECOND for seconds in horizons), 1_800.0)
    learnt.on_fair(START - 60 * SECOND, 0.5)
    return learnt


@pytest.mark.parametrize(("sign", "after", "lost"), [(1, 0.48, 0.02), (1, 0.53, -0.03), (-1, 0.53, 0.03)])
def test_a_loss_is_above_nought_whichever_side_was_filled(sign, after, lost):
    learnt = markout()
    learnt.on_fill(START, sign, shares(10))
    learnt.on_fair(START + 2 * SECOND, after)
    assert learnt.value(START + 2 * SECOND, sign) == 0.0, "its horizon has not passed"
    learnt.advance(START + 5 * SECOND)
    assert learnt.value(START + 5 * SECOND, sign) == pytest.approx(lost * ONE)
    assert learnt.value(START + 5 * SECOND, -sign) == 0.0


def test_what_comes_after_the_horizon_does_not_count():
    learnt = markout()
    learnt.on_fill(START, 1, shares(10))
    learnt.on_fair(START + 4 * SECOND, 0.49)
    learnt.on_fair(START + 9 * SECOND, 0.1)
    assert learnt.value(START + 9 * SECOND, 1) == pytest.approx(0.01 * ONE, rel=0.01)


def test_the_trade_itself_moved_the_book_before_its_news_came():
    learnt = markout()
    learnt.on_fair(START - SECOND // 10, 0.47)
    learnt.on_fill(START, 1, shares(10))
    learnt.advance(START + 5 * SECOND)
    assert learnt.value(START + 5 * SECOND, 1) == pytest.approx(0.03 * ONE)


def test_both_horizons_have_the_same_weight():
    learnt = markout((5, 30))
    learnt.on_fill(START, 1, shares(10))
    learnt.on_fair(START + SECOND, 0.48)
    learnt.on_fair(START + 20 * SECOND, 0.44)
    learnt.advance(START + 30 * SECOND)
    assert learnt.value(START + 30 * SECOND, 1) == pytest.approx((0.02 + 0.06) / 2 * ONE, rel=0.02)


def test_many_fills_are_believed_and_large_ones_weigh_more():
    learnt = markout()
    for number in range(200):
        at = START + number * 10 * SECOND
        learnt.on_fair(at, 0.5)
        learnt.on_fill(at + 2 * SECOND, 1, shares(30 if number % 2 else 10))
        learnt.on_fair(at + 3 * SECOND, 0.48 if number % 2 else 0.5)
    end = START + 2_000 * SECOND
    learnt.advance(end)
    assert learnt.value(end, 1) == pytest.approx(0.02 * 3 / 4, rel=0.06)


def test_old_fills_are_forgotten():
    learnt = markout()
    learnt.on_fill(START, 1, shares(10))
    learnt.on_fair(START + SECOND, 0.4)
    learnt.advance(START + 5 * SECOND)
    assert learnt.value(START + 86_400 * SECOND, 1) < 1e-4


def test_a_gap_takes_what_waits_with_it():
    learnt = markout()
    learnt.on_fill(START, 1, shares(10))
    learnt.interrupt()
    learnt.on_fair(START + 60 * SECOND, 0.1)
    assert learnt.value(START + 60 * SECOND, 1) == 0.0


def test_without_a_fair_price_a_fill_teaches_nothing():
    learnt = Markout((5 * SECOND,), 1_800.0)
    learnt.on_fill(START, 1, shares(10))
    learnt.on_fair(START + SECOND, 0.5)
    learnt.advance(START + 60 * SECOND)
    assert learnt.value(START + 60 * SECOND, 1) == 0.0


def test_a_flood_of_fills_is_bounded():
    learnt = markout()
    for _ in range(3 * PENDING_MAX):
        learnt.on_fill(START, 1, shares(1))
    learnt.on_fair(START + SECOND, 0.4)
    learnt.advance(START + 60 * SECOND)
    assert learnt.value(START + 5 * SECOND, 1) == pytest.approx(0.1, rel=0.03)

"""The heavier side near the touch, the nearest levels counting most."""

import pytest

from pmm.core.signals.imbalance import LEVELS, imbalance
from tests.support.story import shares


def levels(*sizes: float) -> list[tuple[int, int]]:
    return [(4_900 - 100 * place, shares(size)) for place, size in enumerate(sizes)]


def test_equal_sides_are_balanced():
    assert imbalance(levels(10, 5), levels(10, 5)) == 0.0


def test_more_bid_is_above_nought_and_more_asked_below():
    assert imbalance(levels(30), levels(10)) == pytest.approx(0.5)
    assert imbalance(levels(10), levels(30)) == pytest.approx(-0.5)


def test_each_level_counts_half_of_the_one_before():
    assert imbalance(levels(10, 40), levels(10)) == pytest.approx(20 / 40)


def test_what_lies_deeper_does_not_count():
    near = imbalance(levels(*[10] * LEVELS), levels(*[20] * LEVELS))
    assert imbalance(levels(*[10] * LEVELS, 1_000), levels(*[20] * LEVELS)) == near


def test_an_empty_side_is_all_the_other_and_an_empty_book_nothing():
    assert imbalance(levels(10), []) == 1.0
    assert imbalance([], []) == 0.0

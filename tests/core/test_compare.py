"""A REST read speaks about our book only when it is not older."""

from dataclasses import replace

import pytest

from pmm._fast import BID
from pmm.core.compare import Comparison, compare, load
from pmm.model import BookPage, Level
from tests.support.story import CONDITION, YES, book_of, shares

PAGE = BookPage(
    YES, CONDITION, 1000, (Level(4900, shares(10)),), (Level(5100, shares(10)),), 100, shares(5), False, None, ""
)


@pytest.mark.parametrize("ours_ms", [999, 1000, 1001])
def test_the_same_levels_are_equal_whatever_the_times(ours_ms):
    assert compare(PAGE, book_of([("0.49", 10)], [("0.51", 10)]), ours_ms) is Comparison.EQUAL


@pytest.mark.parametrize(
    ("ours_ms", "found"),
    [(1001, Comparison.OLDER), (1000, Comparison.AMBIGUOUS), (999, Comparison.AHEAD)],
)
@pytest.mark.parametrize("bids", [[("0.49", 11)], [("0.49", 10), ("0.48", 1)], []])
def test_other_levels_mean_what_the_times_allow(bids, ours_ms, found):
    assert compare(PAGE, book_of(bids, [("0.51", 10)]), ours_ms) is found


def test_a_page_becomes_a_book():
    assert load(PAGE).levels(BID) == [(4900, shares(10))]


def test_a_page_off_its_own_tick_is_none():
    with pytest.raises(ValueError, match=r"tick|price"):
        load(replace(PAGE, bids=(Level(4905, 1),)))

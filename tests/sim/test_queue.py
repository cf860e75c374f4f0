"""The queue never moves us by a share that the tape did not show, and never twice for the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.model import SECOND
from pmm.sim.queue import PRINT_DELAY, QueueEstimate


def test_everything_displayed_stands_ahead():
    queue = QueueEstimate(100, 100)
    assert queue.on_trade(100, 0) == 0
    assert queue.ahead == 0
    assert queue.on_trade(5, 0) == 5


def test_a_trade_that_exceeds_the_queue_reaches_us_with_the_rest():
    assert QueueEstimate(30, 30).on_trade(50, 0) == 20


def test_a_fall_and_its_print_count_once_in_either_order():
    book_first, print_first = QueueEstimate(100, 100), QueueEstimate(100, 100)
    book_first.on_displayed(70, 0)
    assert book_first.on_trade(30, 1) == 0
    print_first.on_trade(30, 0)
    print_first.on_displayed(70, 1)
    assert book_first.ahead == print_first.ahead == 70


def test_cancels_come_from_behind_until_the_display_says_otherwise():
    queue = QueueEstimate(50, 200)
    queue.on_displayed(60, 0)
    assert queue.ahead == 50
    queue.on_displayed(40, 0)
    assert queue.ahead == 40


def test_additions_stand_behind_us():
    queue = QueueEstimate(50, 50)
    queue.on_displayed(500, 0)
    assert queue.ahead == 50


@pytest.mark.parametrize(("late", "ahead"), [(PRINT_DELAY, 70), (PRINT_DELAY + 1, 40)])
def test_a_fall_that_no_print_explained_in_time_was_a_cancel(late, ahead):
    queue = QueueEstimate(100, 100)
    queue.on_displayed(70, 0)
    queue.on_trade(30, late)
    assert queue.ahead == ahead


@given(st.integers(0, 1000), st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), max_size=30))
def test_fills_never_exceed_what_traded_beyond_the_first_queue(ahead, moves):
    queue = QueueEstimate(ahead, ahead)
    traded = filled = 0
    for step, (is_trade, size) in enumerate(moves):
        if is_trade:
            traded += size
            filled += queue.on_trade(size, step * SECOND)
        else:
            queue.on_displayed(size, step * SECOND)
        assert queue.ahead >= 0
    assert filled <= traded

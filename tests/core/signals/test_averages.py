"""Means of the fair price over blocks of time, whatever the times of its changes."""

import pytest

from pmm.core.signals.averages import Averages, Moves
from pmm.model import SECOND

START = 1_790_000_000 * SECOND


def averages() -> Averages:
    return Averages(10 * SECOND)


def test_a_mean_weighs_each_price_by_its_time():
    fair = averages()
    fair.on_fair(START, 0.4)
    fair.on_fair(START + 8 * SECOND, 0.6)  # the first block: 8 s at 0.4, 2 s at 0.6
    fair.on_fair(START + 15 * SECOND, 0.7)  # the second: 5 s at 0.6, 5 s at 0.7
    assert fair.advance(START + 20 * SECOND) == [Moves(pytest.approx(0.65 - 0.44), 1)]


def test_nothing_moves_before_a_block_is_over():
    fair = averages()
    assert fair.on_fair(START, 0.4) == ()
    assert fair.on_fair(START + 9 * SECOND, 0.5) == ()
    assert fair.advance(START + 10 * SECOND) == []


def test_silence_is_blocks_without_a_move():
    fair = averages()
    fair.on_fair(START, 0.4)
    fair.on_fair(START + 5 * SECOND, 0.6)
    assert fair.advance(START + 65 * SECOND) == [Moves(pytest.approx(0.1), 1), Moves(0.0, 4)]
    assert fair.advance(START + 69 * SECOND) == ()
    assert fair.advance(START + 70 * SECOND) == [Moves(0.0, 1)]


def test_time_in_steps_and_time_at_once_come_to_the_same():
    at_once, in_steps = averages(), averages()
    for fair in (at_once, in_steps):
        fair.on_fair(START, 0.4)
        fair.on_fair(START + 5 * SECOND, 0.6)
    steps = [moves for second in range(6, 66) for moves in in_steps.advance(START + second * SECOND)]
    whole = at_once.advance(START + 65 * SECOND)
    assert sum(moves.move * moves.blocks for moves in steps) == pytest.approx(sum(m.move * m.blocks for m in whole))
    assert sum(moves.blocks for moves in steps) == sum(moves.blocks for moves in whole)


def test_no_block_reaches_across_a_gap():
    fair = averages()
    fair.on_fair(START, 0.4)
    fair.interrupt()
    assert fair.advance(START + 60 * SECOND) == ()
    assert fair.on_fair(START + 60 * SECOND, 0.9) == ()
    assert fair.advance(START + 85 * SECOND) == [Moves(pytest.approx(0.0), 1)]

"""A jump is a move of the whole touch that the variance does not explain, seen as it happens."""

import pytest

from pmm.core.signals.jumps import Jumps
from pmm.model import SECOND

TICK = 100
START = 1_790_000_000 * SECOND


def calm() -> float:
    return 1e-6  # five deviations over four seconds are one cent


def jumps(bid: int = 4_900, ask: int = 5_100) -> Jumps:
    seen = Jumps(2 * SECOND, 600.0)
    seen.on_touch(START, bid, ask, TICK, calm)
    return seen


@pytest.mark.parametrize(("ticks", "expected"), [(2, False), (3, True), (-2, False), (-3, True)])
def test_both_sides_have_to_move_three_ticks_the_same_way(ticks, expected):
    seen = jumps()
    move = ticks * TICK
    assert seen.on_touch(START + 60 * SECOND, 4_900 + move, 5_100 + move, TICK, calm) is expected


@pytest.mark.parametrize("touch", [(4_900, 5_900), (4_000, 5_100), (4_400, 5_600), (4_500, 5_000)])
def test_a_side_that_opens_or_closes_is_no_jump(touch):
    seen = jumps()
    assert not seen.on_touch(START + SECOND, *touch, TICK, calm)


@pytest.mark.parametrize(("bid", "expected"), [(5_000, False), (150, True)])
def test_on_a_fine_grid_half_a_cent_is_a_jump_only_near_the_ends(bid, expected):
    seen = jumps(bid, bid + 10)
    assert seen.on_touch(START + 60 * SECOND, bid + 50, bid + 60, 10, lambda: 1e-8) is expected


def test_what_the_variance_explains_is_no_jump():
    seen = jumps()
    assert not seen.on_touch(START + SECOND, 5_400, 5_600, TICK, lambda: 1e-4)
    assert seen.on_touch(START + SECOND, 5_950, 6_150, TICK, lambda: 1e-4)


def test_steps_within_the_window_add_up():
    seen = jumps()
    found = [
        seen.on_touch(START + 60 * SECOND + n, 4_900 + n * TICK, 5_100 + n * TICK, TICK, calm) for n in range(1, 4)
    ]
    assert found == [False, False, True]


def test_a_slow_move_never_is_one():
    seen = jumps()
    moved = [
        seen.on_touch(START + n * 3 * SECOND, 4_900 + n * TICK, 5_100 + n * TICK, TICK, calm) for n in range(1, 20)
    ]
    assert not any(moved)


def test_a_jump_is_told_once_and_its_rate_fades():
    seen = jumps()
    at = START + 60 * SECOND
    assert seen.on_touch(at, 5_400, 5_600, TICK, calm)
    assert not seen.on_touch(at + 1, 5_400, 5_700, TICK, calm)
    assert seen.last_at == at
    assert seen.rate(at + 600 * SECOND) == pytest.approx(seen.rate(at) / 2)
    assert jumps().rate(at) == 0.0

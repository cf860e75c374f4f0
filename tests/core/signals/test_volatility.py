"""Variance per second: right for a random walk, blind to flicker and jumps, never below what the grid shows."""

from random import Random
from statistics import mean

import pytest

from pmm.core.signals.averages import Averages
from pmm.core.signals.volatility import CLIP_TICKS, FIRST_SECONDS, Volatility
from pmm.model import SECOND

FINE, CENT = 0.0001, 0.01


def measured(seed: int, sigma: float, flicker: float = 0.0, tick: float = FINE) -> float:
    """Variance after half an hour of a random walk, seen every half second through a touch that flickers."""
    dice, averages, volatility, price = Random(seed), Averages(5 * SECOND), Volatility(5.0, 300.0), 0.5
    for step in range(3_600):
        price += dice.gauss(0.0, sigma * 0.5**0.5)
        for move, blocks in averages.on_fair(step * SECOND // 2, price + dice.uniform(-flicker, flicker)):
            volatility.on_move(move, blocks, tick)
    return volatility.value(tick)


@pytest.mark.parametrize("sigma", [0.0005, 0.002, 0.01])
def test_a_random_walk_has_its_own_variance(sigma):
    assert mean(measured(seed, sigma) for seed in range(20)) == pytest.approx(sigma**2, rel=0.12)


def test_flicker_of_the_touch_is_no_variance():
    assert mean(measured(seed, 0.002, flicker=0.01) for seed in range(20)) == pytest.approx(0.002**2, rel=0.2)


def test_a_price_that_never_moves_has_the_variance_of_a_move_that_has_not_come():
    volatility = Volatility(5.0, 300.0)
    assert volatility.value(CENT) == CENT**2 / FIRST_SECONDS
    volatility.on_move(0.0, 720, CENT)
    assert volatility.value(CENT) == CENT**2 / 3_600


def test_a_coarse_grid_that_hides_small_moves_is_the_floor():
    volatility = Volatility(5.0, 300.0)
    for _ in range(20):
        volatility.on_move(0.0, 9, CENT)
        volatility.on_move(CENT, 1, CENT)
    assert volatility.value(CENT) >= CENT**2 / 50
    volatility.on_move(0.0, 2_000, CENT)
    assert volatility.value(CENT) == pytest.approx(CENT**2 / 10_000), "the travel that has not ended counts"


def test_a_jump_is_variance_and_hardly_drift():
    volatility = Volatility(5.0, 300.0)
    volatility.on_move(0.0, 2_000, CENT)
    assert volatility.on_move(0.3, 1, CENT) == pytest.approx(CLIP_TICKS * CENT)
    assert volatility.value(CENT) == pytest.approx(0.3**2 * (1 - 0.5 ** (5 / 300)) / 5)


def test_it_is_known_after_half_a_minute():
    volatility = Volatility(5.0, 300.0)
    volatility.on_move(0.001, 1, FINE)
    assert not volatility.known
    volatility.on_move(0.0, 6, FINE)
    assert volatility.known

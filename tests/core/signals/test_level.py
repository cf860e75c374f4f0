"""The fair price of the last seconds."""

import pytest

from pmm.core.signals.level import Level
from pmm.model import SECOND


def at(seconds: float) -> int:
    return 1_790_000_000 * SECOND + round(seconds * SECOND)


@pytest.fixture
def level() -> Level:
    level = Level(half_life=4.0)
    level.on_fair(at(0), 0.40)
    return level


def test_the_first_price_is_the_level(level):
    assert Level(4.0).value(at(0)) is None
    assert level.value(at(100)) == pytest.approx(0.40)


def test_a_new_price_is_half_of_the_level_after_a_half_life(level):
    level.on_fair(at(10), 0.50)
    assert level.value(at(10)) == pytest.approx(0.40)
    assert level.value(at(14)) == pytest.approx(0.45)
    assert level.value(at(60)) == pytest.approx(0.50, abs=1e-4)


def test_a_hole_that_is_filled_soon_hardly_moves_it(level):
    level.on_fair(at(10), 0.44)
    level.on_fair(at(10.5), 0.40)
    assert level.value(at(10.5)) == pytest.approx(0.40 + 0.04 * (1 - 0.5 ** (0.5 / 4)))


def test_it_does_not_depend_on_how_often_it_is_told(level):
    often = Level(4.0)
    often.on_fair(at(0), 0.40)
    for tenth in range(101):
        often.on_fair(at(10 + tenth / 10), 0.50)
    level.on_fair(at(10), 0.50)
    assert often.value(at(21)) == pytest.approx(level.value(at(21)))


def test_after_a_gap_it_begins_again(level):
    level.interrupt()
    assert level.value(at(1)) is None
    level.on_fair(at(2), 0.70)
    assert level.value(at(2)) == 0.70

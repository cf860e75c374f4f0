"""Hours in which next to nothing happens are no fault of anybody."""

import pytest

from tests.chaos.quiet import live


@pytest.mark.parametrize("canary", [True, False])
def test_a_market_with_one_change_an_hour_is_quoted_without_a_break(canary):
    hours = live(2, canary=canary)
    assert hours.calm, hours
    assert hours.changes_of_the_book == 2
    assert (hours.frames > 100) is canary

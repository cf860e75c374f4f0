"""What is held and what was paid, to the micro-dollar and always against us."""

from hypothesis import given
from hypothesis import strategies as st

from pmm.core.position import Position, cost_of
from pmm.model import GRID, SHARE, Side

SIZES = st.integers(1, 10**12)
PRICES = st.integers(1, GRID - 1)


@given(PRICES, SIZES)
def test_rounding_of_cash_is_against_us_and_below_one_micro_dollar(price, size):
    buy, sell = cost_of(Side.BUY, price, size), cost_of(Side.SELL, price, size)
    assert 0 <= buy * GRID - price * size < GRID
    assert 0 <= price * size + sell * GRID < GRID


def test_yes_and_no_of_one_market_set_each_other_off():
    position = Position()
    position.apply(Side.BUY, 4800, 10 * SHARE, is_yes=True)
    position.apply(Side.BUY, 4800, 10 * SHARE, is_yes=False)
    assert (position.net, position.yes, position.no) == (0, 10 * SHARE, 10 * SHARE)
    assert position.cash == -9_600_000


def test_selling_brings_cash_back():
    position = Position(yes=10 * SHARE)
    assert position.apply(Side.SELL, 5200, 10 * SHARE, is_yes=True) == -5_200_000
    assert (position.net, position.cash) == (0, 5_200_000)

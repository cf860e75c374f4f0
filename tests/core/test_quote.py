"""The last clamp: legal, uncrossed, never taking, and never better for the other side than was asked for."""

from hypothesis import given
from hypothesis import strategies as st

from pmm.core.quote import clamp
from pmm.model import GRID, TICKS

PRICES2 = st.integers(-GRID, 3 * GRID)


@given(PRICES2, PRICES2, st.sampled_from(TICKS), st.data())
def test_quotes_are_legal_for_every_wish_and_every_touch(bid2, ask2, tick, data):
    ticks = st.integers(1, GRID // tick - 1).map(lambda n: n * tick)
    best_bid = data.draw(st.none() | ticks)
    best_ask = data.draw(st.none() | ticks)
    bid, ask = clamp(bid2, ask2, tick, best_bid, best_ask)
    for price in (bid, ask):
        assert price is None or (tick <= price <= GRID - tick and price % tick == 0)
    assert bid is None or ask is None or bid < ask
    assert bid is None or best_ask is None or bid < best_ask
    assert ask is None or best_bid is None or ask > best_bid
    assert bid is None or bid * 2 <= max(bid2, 0)


def test_the_mid_of_fifty_with_four_cents_gives_the_textbook_quote():
    assert clamp(10_000 - 400, 10_000 + 400, 100, 4900, 5100) == (4800, 5200)


def test_half_ticks_round_outward():
    assert clamp(10_100 - 400, 10_100 + 400, 100, 5000, 5100) == (4800, 5300)


def test_a_side_without_a_legal_price_drops_out():
    assert clamp(200 - 400, 200 + 400, 100, None, 200) == (None, 300)
    assert clamp(2 * GRID - 200 - 400, 2 * GRID + 200, 100, 9800, None) == (9700, None)

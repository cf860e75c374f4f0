"""The fees of strategy reference, section 4.5, by the functions that quoting, accounting and the pretend venue use."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.fees import FEE_STEP, fee, maker_rebate, taker_fee
from pmm.model import GRID, RATE_ONE, SHARE, USD, FeeSchedule, parse_decimal
from pmm.sim import fees as venue

PRICES = (100, 1_000, 3_000, 5_000)
PUBLISHED = {
    "0.072": ("0.07128", "0.648", "1.512", "1.8"),
    "0.05": ("0.0495", "0.45", "1.05", "1.25"),
    "0.04": ("0.0396", "0.36", "0.84", "1"),
    "0.03": ("0.0297", "0.27", "0.63", "0.75"),
}
ROWS = [(rate, *row) for rate, usd in PUBLISHED.items() for row in zip(PRICES, usd, strict=True)]


def of(rate: str, rebate: str | None = None) -> FeeSchedule:
    part = None if rebate is None else parse_decimal(rebate, 6)
    return FeeSchedule(parse_decimal(rate, 6), 1, taker_only=True, rebate=part)


@pytest.mark.parametrize(("rate", "price", "usd"), ROWS)
def test_a_hundred_shares_pay_the_published_fee(rate: str, price: int, usd: str) -> None:
    assert taker_fee(of(rate), price, 100 * SHARE) == parse_decimal(usd, 6)
    tenths = venue.FeeSchedule(parse_decimal(rate, 4))
    assert venue.taker_fee(tenths, price, 100 * SHARE) == parse_decimal(usd, 6)


@pytest.mark.parametrize(("rate", "rebate", "cents"), [("0.04", "0.25", "0.25"), ("0.072", "0.2", "0.36")])
def test_a_maker_s_fill_at_even_odds_earns_the_published_part(rate: str, rebate: str, cents: str) -> None:
    """A quarter of a cent a share in politics, 0.36 in crypto (section 1.10)."""
    assert maker_rebate(of(rate, rebate), 5_000, SHARE) == parse_decimal(cents, 4)


def test_the_curve_of_january_charged_78_cents_for_a_hundred_shares() -> None:
    """0.78 USD at 0.50 (section 1.10); its rate went with the price, 0.25 p, and its exponent was 2."""
    squared = FeeSchedule(parse_decimal("0.125", 6), 2, taker_only=True, rebate=None)
    assert taker_fee(squared, 5_000, 100 * SHARE) == 781_250


def test_what_the_venue_does_not_promise_is_not_counted_on() -> None:
    assert maker_rebate(None, 5_000, SHARE) == 0
    assert maker_rebate(of("0.05"), 5_000, SHARE) == 0
    assert taker_fee(of("0"), 5_000, SHARE) == 0


@given(
    st.integers(1, RATE_ONE // 4),
    st.integers(1, 3),
    st.integers(1, GRID - 1),
    st.integers(1, 10**12),
    st.integers(0, RATE_ONE),
)
def test_a_fee_is_the_formula_rounded_to_a_step_and_a_rebate_rounded_down(
    rate: int, exponent: int, price: int, size: int, part: int
) -> None:
    p = Fraction(price, GRID)
    exact = Fraction(size, SHARE) * Fraction(rate, RATE_ONE) * (p * (1 - p)) ** exponent * USD
    charged = fee(rate, exponent, price, size)
    assert charged % FEE_STEP == 0
    assert charged == FEE_STEP or abs(charged - exact) <= Fraction(FEE_STEP, 2)
    schedule = FeeSchedule(rate, exponent, taker_only=True, rebate=part)
    assert maker_rebate(schedule, price, size) == int(exact * part / RATE_ONE)


@given(st.integers(1, GRID - 1), st.integers(1, 10**9))
def test_both_tokens_pay_alike(price: int, size: int) -> None:
    assert taker_fee(of("0.07"), price, size) == taker_fee(of("0.07"), GRID - price, size)

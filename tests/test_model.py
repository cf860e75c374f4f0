"""The units and their text forms are exact both ways, and rounding never worsens a price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.model import (
    GRID,
    SECOND,
    TICKS,
    Market,
    Side,
    Token,
    ceil_to_tick,
    decimal_text,
    floor_to_tick,
    last_trade_text,
    notional,
    parse_decimal,
    parse_price,
    price_text,
    unix_time,
)


@given(st.integers(-(10**17), 10**17), st.integers(0, 9))
def test_text_form_is_exact_both_ways(value, decimals):
    assert parse_decimal(decimal_text(value, decimals), decimals) == value


@pytest.mark.parametrize(
    ("text", "price"), [("0.48", 4800), (".48", 4800), ("0.480", 4800), ("1", 10_000), ("0.0001", 1), ("0.50000", 5000)]
)
def test_prices_are_read_in_every_spelling_of_the_venue(text, price):
    assert parse_price(text) == price


@pytest.mark.parametrize(
    "text", ["", ".", "-", "NaN", "1e-2", "0.48 ", "+0.4", "0,4", "0.00001", "\u0660.\u0664", "1" * 19, "0x1", "1.2.3"]
)
def test_what_is_not_a_plain_decimal_is_refused(text):
    with pytest.raises(ValueError, match="plain decimal"):
        parse_price(text)


@given(st.integers(1, GRID - 1), st.sampled_from(TICKS))
def test_bids_round_down_and_asks_round_up_to_the_tick(price, tick):
    bid, ask = floor_to_tick(price, tick), ceil_to_tick(price, tick)
    assert bid <= price <= ask
    assert bid % tick == ask % tick == 0
    assert ask - bid in (0, tick)


def test_shortest_text_has_no_trailing_zeros():
    assert [price_text(price) for price in (4800, 6000, 10_000, 1, 0)] == ["0.48", "0.6", "1", "0.0001", "0"]


def test_notional_is_price_times_size_in_micro_dollars():
    assert notional(4800, 10_000_000) == 4_800_000


def test_sides_know_their_sign_and_opposite():
    assert Side.BUY.sign == 1
    assert Side.SELL.opposite is Side.BUY


def test_a_market_is_tradable_only_with_two_tokens_and_open_doors():
    tokens = (Token("1", "Yes"), Token("2", "No"))
    whole = Market("0xc", "s", "q", tokens, 100, 5_000_000)
    assert whole.tradable
    assert not Market("0xc", "s", "q", tokens[:1], 100, 5_000_000).tradable
    assert not Market("0xc", "s", "q", tokens, 100, 5_000_000, accepting_orders=False).tradable


@pytest.mark.parametrize(
    "text",
    ["2026-03-31T12:00:00Z", "2026-03-31 12:00:00+00", "2026-03-31T14:00:00.000+02:00", "2026-03-31T12:00:00"],
)
def test_the_venue_s_ways_to_write_a_time_are_the_same_time(text: str) -> None:
    assert unix_time(text) == 1_774_958_400 * SECOND


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13-01", "2026-02-30T00:00:00Z", "٢٠٢٦", "9" * 40])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert unix_time(text) is None


def test_a_date_is_its_first_moment_and_microseconds_are_kept() -> None:
    assert unix_time("1970-01-02") == 86_400 * SECOND
    assert unix_time("1970-01-01T00:00:00.000001Z") == 1_000


@pytest.mark.parametrize(("price", "text"), [(6200, "0.620"), (4200, "0.420"), (10, "0.001"), (6225, "0.6225")])
def test_trades_are_written_with_at_least_three_decimals(price, text):
    assert last_trade_text(price) == text

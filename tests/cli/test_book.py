"""Order books of the local exchange, and the arithmetic of the touch."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.cli.book import book_record, mid_text, percent_text
from pmm.errors import Exit
from pmm.model import BookPage, Level
from tests.cli.conftest import Exchange, Pmm


def page(bids: list[int], asks: list[int]) -> BookPage:
    return BookPage(
        token="1",
        condition_id="0x1",
        timestamp_ms=1,
        bids=tuple(Level(price, 1_000_000) for price in sorted(bids, reverse=True)),
        asks=tuple(Level(price, 1_000_000) for price in sorted(asks)),
        tick=1,
        min_size=5_000_000,
        neg_risk=False,
        last_trade=None,
        hash="",
    )


PRICES = st.lists(st.integers(1, 9_999), max_size=8, unique=True)


@given(PRICES, PRICES)
def test_mid_and_spread_agree_with_exact_decimals_on_any_book(bids: list[int], asks: list[int]) -> None:
    record = book_record(page(bids, asks), None)
    if not bids or not asks:
        assert (record["mid"], record["spread"], record["spread_percent"]) == (None, None, None)
        return
    bid, ask = Decimal(max(bids)) / 10_000, Decimal(min(asks)) / 10_000
    assert Decimal(str(record["mid"])) == (bid + ask) / 2
    assert Decimal(str(record["spread"])) == ask - bid
    percent = (ask - bid) / ((bid + ask) / 2) * 100
    assert abs(Decimal(str(record["spread_percent"])) - percent) <= Decimal("0.00005")


def test_the_mid_is_exact_to_half_a_step() -> None:
    assert mid_text(page([4_999], [5_000])) == "0.49995"


def test_the_spread_in_per_cent_is_rounded() -> None:
    expected = (Decimal(200) * 400 / 9_800).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    assert percent_text(page([4_700], [5_100])) == str(expected)


def test_an_empty_book_has_no_values_rather_than_zeros() -> None:
    record = book_record(page([], []), None)
    assert [record[key] for key in ("best_bid", "best_ask", "mid", "spread", "bids", "asks")] == [None] * 4 + [[], []]


def test_a_book_equals_that_of_the_exchange_level_by_level(pmm: Pmm, exchange: Exchange) -> None:
    shown = pmm("book", "demo", "--json", **exchange.environment).document["data"]
    truth = exchange.control(f"/book?token_id={shown['token_id']}")
    assert shown["bids"] == sorted(truth["bids"], key=lambda level: -Decimal(level["price"]))
    assert shown["asks"] == sorted(truth["asks"], key=lambda level: Decimal(level["price"]))
    assert (shown["best_bid"], shown["best_ask"]) == (shown["bids"][0]["price"], shown["asks"][0]["price"])


def test_several_books_come_in_one_batch(pmm: Pmm, exchange: Exchange) -> None:
    tokens = pmm("markets", "show", "demo", "--json", **exchange.environment).document["data"]["tokens"]
    before = len(exchange.control("/requests")["requests"])
    done = pmm("book", *(token["token_id"] for token in tokens), "--json", **exchange.environment)
    books = done.document["data"]["books"]
    assert [book["token_id"] for book in books] == [token["token_id"] for token in tokens]
    asked = exchange.control("/requests")["requests"][before:]
    assert [(row["method"], row["path"]) for row in asked if "/book" in row["path"]] == [("POST", "/books")]


def test_the_ladder_shows_asks_above_bids_and_the_depth_asked(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("book", "demo", "--depth", "2", **exchange.environment)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("DRY RUN  token ")
    assert [line.split()[0] for line in lines[1:]] == ["side", "ask", "ask", "--", "bid", "bid"]
    prices = [line.split()[1] for line in lines if line.startswith(("ask", "bid"))]
    assert prices == sorted(prices, reverse=True)


@pytest.mark.parametrize("name", ["no-such-market", "9" * 40])
def test_a_book_of_nothing_exits_5(pmm: Pmm, exchange: Exchange, name: str) -> None:
    assert pmm("book", name, **exchange.environment).status == Exit.NOT_FOUND

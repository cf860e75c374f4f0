"""One token's book: what it holds, refuses and derives, on both implementations."""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import sha1
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Kernel, implementations, load

TICKS = (1000, 100, 50, 25, 10, 1)
BID, ASK = 0, 1
KERNELS = [load(name) for name in implementations()]

operations = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 399), st.sampled_from((0, 0, 1, 5, 10**7, 2**63 - 1))), max_size=60
)


def fill(book: Any, given_operations: list[tuple[int, int, int]]) -> list[dict[int, int]]:
    """The same operations on the book and on two dicts."""
    sides: list[dict[int, int]] = [{}, {}]
    for side, step, size in given_operations:
        price = step % (10_000 // book.tick - 1) * book.tick + book.tick
        book.set(side, price, size)
        sides[side].pop(price, None)
        if size:
            sides[side][price] = size
    return sides


@given(operations, st.sampled_from(TICKS))
def test_a_book_is_what_two_dicts_are(given_operations: list[tuple[int, int, int]], tick: int) -> None:
    for kernel in KERNELS:
        book = kernel.Book(tick)
        bids, asks = fill(book, given_operations)
        assert book.levels(BID) == sorted(bids.items(), reverse=True)
        assert book.levels(ASK) == sorted(asks.items())
        assert (book.depth(BID), book.depth(ASK)) == (len(bids), len(asks))
        assert (book.best_bid, book.best_ask) == (max(bids, default=None), min(asks, default=None))
        both = bool(bids and asks)
        assert book.mid2 == (max(bids) + min(asks) if both else None)
        assert book.spread == (min(asks) - max(bids) if both else None)
        assert all(
            book.size_at(ASK, price) == asks.get(price, 0) for price in range(tick, 10_000, tick * max(1, 250 // tick))
        )


@given(operations, st.sampled_from(TICKS))
def test_copies_mirrors_and_loads_hold_the_same_levels(given_operations: Any, tick: int) -> None:
    for kernel in KERNELS:
        book = kernel.Book(tick)
        bids, asks = fill(book, given_operations)
        loaded = kernel.Book(tick)
        loaded.load(bids.items(), asks.items())
        mirror = book.mirrored()
        assert loaded == book == book.copy() == mirror.mirrored()
        assert mirror.levels(BID) == [(10_000 - price, size) for price, size in book.levels(ASK)]


@given(operations, st.sampled_from(TICKS), st.integers(1, 5), st.sampled_from((1, 7, 10**7, 2**63 - 1)))
def test_questions_about_depth_have_brute_force_answers(given_operations: Any, tick: int, n: int, size: int) -> None:
    for kernel in KERNELS:
        book = kernel.Book(tick)
        sides = fill(book, given_operations)
        ladders = [sorted(sides[0].items(), reverse=True), sorted(sides[1].items())]
        sums = [sum(here for _, here in ladder[:n]) for ladder in ladders]
        total = sum(sums)
        assert book.imbalance(n) == ((sums[0] - sums[1]) * 10**6 // total if total else None)
        if all(ladders):
            (bid, bids), (ask, asks) = ladders[0][0], ladders[1][0]
            assert book.microprice == (bid * asks + ask * bids) * 100 // (bids + asks)
        else:
            assert book.microprice is None
        cuts = [reach(ladder, size) for ladder in ladders]
        assert [book.cut(side, size) for side in (BID, ASK)] == cuts
        assert book.cut_mid2(size) == (None if None in cuts else sum(cuts))
        assert [book.walk(side, size) for side in (BID, ASK)] == [taken(ladder, size) for ladder in ladders]
        room = kernel.Ladder(n)
        book.top(room)
        padded = [(ladder + [(0, 0)] * n)[:n] for ladder in ladders]
        assert list(room.view) == [level[part] for ladder in padded for part in (0, 1) for level in ladder]


def reach(ladder: list[tuple[int, int]], size: int) -> Any:
    return next((price for at, (price, _) in enumerate(ladder) if sum(s for _, s in ladder[: at + 1]) >= size), None)


def taken(ladder: list[tuple[int, int]], size: int) -> tuple[int, int]:
    cost, left = 0, size
    for price, here in ladder:
        cost, left = cost + price * min(here, left), left - min(here, left)
    return size - left, cost // 10_000


@pytest.mark.parametrize("levels", [0, -1, 10_001])
def test_questions_that_make_no_sense_are_refused(kernel: Kernel, levels: int) -> None:
    with pytest.raises(ValueError):
        kernel.Ladder(levels)
    for ask in (kernel.Book().cut, kernel.Book().walk):
        for size in (0, -1, 2**63):
            with pytest.raises(ValueError):
                ask(BID, size)
        with pytest.raises(ValueError):
            ask(2, 1)


def test_an_update_tells_the_best_price_of_its_side(kernel: Kernel) -> None:
    book = kernel.Book()
    assert [book.update(ASK, price, 1) for price in (5000, 4900, 5100)] == [5000, 4900, 4900]
    assert [book.update(ASK, price, 0) for price in (4900, 5000, 5100)] == [5000, 5100, None]
    with pytest.raises(ValueError):
        book.update(BID, 4850, 1)


def test_a_copy_is_independent(kernel: Kernel) -> None:
    book = kernel.Book()
    book.set(BID, 4800, 5)
    other = book.copy()
    other.set(BID, 4800, 6)
    assert (book.size_at(BID, 4800), other.size_at(BID, 4800)) == (5, 6)
    assert book != other


def test_books_of_different_ticks_differ_and_other_things_are_no_books(kernel: Kernel) -> None:
    assert kernel.Book(100) != kernel.Book(10)
    assert kernel.Book(100) != "book"
    with pytest.raises(TypeError):
        hash(kernel.Book())


@pytest.mark.parametrize("tick", [0, -1, 2, 99, 10_000, 2**40, -(2**70)])
def test_a_tick_that_the_venue_does_not_have_is_refused(kernel: Kernel, tick: int) -> None:
    with pytest.raises(ValueError):
        kernel.Book(tick)
    with pytest.raises(ValueError):
        kernel.Book().change_tick(tick)


@pytest.mark.parametrize(
    ("side", "price", "size"),
    [
        *((2, 4800, 1), (-1, 4800, 1), (BID, 0, 1), (BID, 10_000, 1), (ASK, 4801, 1), (ASK, -100, 1)),
        *((ASK, 2**70, 1), (BID, 4800, -1), (BID, 4800, 2**63), (BID, 4800, 2**70)),
    ],
)
def test_what_a_book_cannot_hold_is_refused_and_changes_nothing(
    kernel: Kernel, side: int, price: int, size: int
) -> None:
    book = kernel.Book()
    book.set(BID, 4800, 7)
    with pytest.raises(ValueError):
        book.set(side, price, size)
    if side in (BID, ASK):
        levels = [(5000, 1), (price, size)]
        with pytest.raises(ValueError):
            book.load(*([levels, []] if side == BID else [[], levels]))
    assert (book.levels(BID), book.levels(ASK)) == ([(4800, 7)], [])


def test_a_price_given_twice_keeps_its_last_size_and_zero_is_no_level(kernel: Kernel) -> None:
    book = kernel.Book()
    book.load([(4800, 1), (4800, 2), (4700, 5), (4700, 0)], [])
    assert book.levels(BID) == [(4800, 2)]


def test_levels_are_cut_at_n(kernel: Kernel) -> None:
    book = kernel.Book()
    book.load([(4800, 1), (4900, 2), (4700, 3)], [])
    assert book.levels(BID, 2) == [(4900, 2), (4800, 1)]
    assert book.levels(BID, 0) == []
    assert len(book.levels(BID, 10**30)) == 3
    with pytest.raises(ValueError):
        book.levels(BID, -1)


def test_a_finer_tick_keeps_the_levels_and_a_coarser_one_must_hold_them(kernel: Kernel) -> None:
    book = kernel.Book(100)
    book.load([(4800, 1)], [(5200, 2)])
    book.change_tick(10)
    book.set(BID, 4810, 3)
    with pytest.raises(ValueError):
        book.change_tick(100)
    assert (book.tick, book.levels(BID), book.levels(ASK)) == (10, [(4810, 3), (4800, 1)], [(5200, 2)])


def test_a_crossed_book_is_kept_and_visible(kernel: Kernel) -> None:
    book = kernel.Book()
    book.load([(5000, 1)], [(4900, 1)])
    assert (book.spread, book.best_bid, book.best_ask) == (-100, 5000, 4900)


def plain(value: int, places: int) -> str:
    return (
        f"{Decimal(value).scaleb(-places):f}".rstrip("0").rstrip(".")
        if value % 10**places
        else str(value // 10**places)
    )


def ten_keys(book: Any, market: str, last: str) -> str:
    def texts(side: int) -> list[dict[str, str]]:
        return [{"price": plain(p, 4), "size": plain(s, 6)} for p, s in reversed(book.levels(side))]

    tick_text = {1000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}[book.tick]
    head = {"market": market, "asset_id": "77", "timestamp": "1789156413830", "hash": "", "bids": texts(BID)}
    tail = {
        "asks": texts(ASK),
        "min_order_size": "5",
        "tick_size": tick_text,
        "neg_risk": True,
        "last_trade_price": last,
    }
    text = json.dumps({**head, **tail}, separators=(",", ":"), ensure_ascii=False)
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(1, 399), st.integers(0, 10**9)), max_size=40),
    st.sampled_from(TICKS),
)
def test_the_hash_is_sha1_over_the_ten_keys(given_operations: Any, tick: int) -> None:
    for kernel in KERNELS:
        book = kernel.Book(tick)
        fill(book, given_operations)
        digest = book.hash('0x"ä\n', "77", "1789156413830", "5", True, "0.620")
        assert digest == ten_keys(book, '0x"ä\n', "0.620")


def test_the_longest_level_text_fits(kernel: Kernel) -> None:
    book = kernel.Book(1)
    book.load([(price, 2**63 - 1) for price in range(1, 5000)], [(price, 2**63 - 1) for price in range(5000, 10_000)])
    assert len(book.hash("m" * 1000, "77", "1", "5", False, "")) == 40


def test_a_long_life_gives_its_pages_back(kernel: Kernel) -> None:
    dice = Random(11)
    book = kernel.Book(1)
    sides: list[dict[int, int]] = [{}, {}]
    for _ in range(20_000):
        side, price, size = dice.randint(0, 1), dice.randint(1, 9_999), dice.choice((0, 0, 0, 9))
        book.set(side, price, size)
        sides[side].pop(price, None)
        if size:
            sides[side][price] = size
    assert dict(book.levels(BID)) == sides[0]
    assert dict(book.levels(ASK)) == sides[1]

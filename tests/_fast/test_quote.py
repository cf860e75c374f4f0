"""Plans, targets and the gate: what should be working and whether anything has to move."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm._fast.refusal import Refusal
from pmm.core.quote import clamp

from . import frames
from .conftest import Kernel, implementations, load
from .test_wire import NO, STRANGER, YES, change, entry

BID, ASK = 0, 1
MID, MICRO, REFERENCE = 0, 1, 2
TEN = 10_000_000
KERNELS = [load(name) for name in implementations()]


@pytest.fixture
def quoter(kernel: Kernel) -> Any:
    books = kernel.Books()
    for token in (YES, NO):
        books.add(token)
    books.book(0).load([(4700, TEN)], [(4900, TEN)])
    return kernel.Quoter(books)


def work(quoter: Any, index: int) -> None:
    """Everything wanted is now working."""
    for side, targets in enumerate(quoter.targets(index)):
        for level, (price, size) in enumerate(targets):
            quoter.working(index, side, level, price, size, quoter.centre(index) or 0)


def test_targets_lie_a_half_spread_from_the_mid(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    assert quoter.centre(0) == 480_000
    assert quoter.targets(0) == ([(4600, TEN)], [(5000, TEN)])


def test_bids_round_down_and_asks_up(quoter: Any) -> None:
    quoter.plan(0, 15_000, TEN)
    assert quoter.targets(0) == ([(4600, TEN)], [(5000, TEN)])


def test_inventory_moves_the_centre_against_it_and_the_limit_takes_a_side_out(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN, skew=1_000, limit=5 * TEN, min_size=TEN)
    quoter.inventory(0, 5 * TEN)
    assert quoter.centre(0) == 430_000
    assert quoter.targets(0) == ([(0, 0)], [(4800, TEN)])
    quoter.inventory(0, -5 * TEN + 1)
    assert [side[0][1] for side in quoter.targets(0)] == [TEN, 0]


def test_a_ladder_steps_outward_and_shares_the_room(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN, levels=3, step=2, limit=25_000_000)
    assert quoter.targets(0)[0] == [(4600, TEN), (4400, TEN), (4200, 5_000_000)]


def test_post_only_keeps_the_distance_to_the_other_side(quoter: Any) -> None:
    quoter.plan(0, 0, TEN, fair=REFERENCE, post_only=2)
    quoter.reference(0, 600_000)
    assert quoter.targets(0) == ([(4700, TEN)], [(6000, TEN)])


def test_without_a_fair_value_nothing_is_wanted(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN, fair=REFERENCE)
    quoter.plan(1, 20_000, TEN)
    assert [quoter.centre(0), quoter.centre(1)] == [None, None]
    assert not quoter.must_move(1)
    quoter.working(1, BID, 0, 4000, TEN)
    assert quoter.must_move(1)


@settings(max_examples=300)
@given(st.integers(1, 99), st.integers(1, 99), st.integers(0, 400), st.sampled_from((100, 10)))
def test_one_level_without_skew_is_the_clamp_of_the_engine(bid: int, ask: int, half: int, tick: int) -> None:
    for kernel in KERNELS:
        books = kernel.Books()
        books.add(YES, tick)
        books.book(0).load([(bid * 100, TEN)], [(ask * 100, TEN)])
        quoter = kernel.Quoter(books)
        quoter.plan(0, half * 100, TEN)
        mid2 = bid * 100 + ask * 100
        wanted = clamp(mid2 - 2 * half, mid2 + 2 * half, tick, bid * 100, ask * 100)
        prices = [side[0][0] for side in quoter.targets(0)]
        assert [price or None for price in prices] == list(wanted)


def test_the_gate_opens_for_what_is_missing_and_closes_when_it_works(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    assert quoter.feed(change(entry(price="0.3"))) == 1
    assert quoter.moved == [0]
    work(quoter, 0)
    assert quoter.feed(change(entry(price="0.31"))) == 0
    assert (quoter.moved, quoter.must_move(0)) == ([], False)


def test_the_gate_opens_when_the_centre_went_the_threshold(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN, threshold=10_000)
    work(quoter, 0)
    assert quoter.feed(change(entry(price="0.48"))) == 0
    assert quoter.feed(change(entry(price="0.49", size="0", side="SELL"), entry(price="0.5", side="SELL"))) == 1


def test_what_was_placed_works(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN, levels=2)
    assert quoter.must_move(0)
    quoter.placed(0)
    assert not quoter.must_move(0)


def test_a_settling_quoter_moves_once(kernel: Kernel) -> None:
    books = kernel.Books()
    books.add(YES)
    quoter = kernel.Quoter(books, settle=True)
    quoter.plan(0, 20_000, TEN)
    assert quoter.feed(change(entry(price="0.4"), entry(price="0.5", side="SELL"))) == 1
    assert quoter.feed(change(entry(price="0.3"))) == 0
    assert quoter.settle


@pytest.mark.parametrize(("left", "moves"), [(TEN, False), (TEN + 1, True), (TEN // 2, False), (TEN // 2 - 1, True)])
def test_the_gate_opens_for_an_order_too_large_or_eaten_by_half(quoter: Any, left: int, moves: bool) -> None:
    quoter.plan(0, 20_000, TEN)
    work(quoter, 0)
    quoter.working(0, BID, 0, 4600, left, 480_000)
    assert quoter.must_move(0) is moves


def test_the_gate_opens_for_a_book_that_disagrees_with_the_venue(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    work(quoter, 0)
    assert quoter.feed(change(entry(price="0.3", best_bid="0.46", best_ask="0.49"))) == 1


def test_a_refused_frame_is_a_refusal_and_moves_nothing(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    assert quoter.feed("{") == Refusal.MALFORMED
    assert (quoter.feed(change(entry(STRANGER))), quoter.moved) == (0, [])
    assert quoter.feed_many([b"{", change(entry()), change(entry())]) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"half_spread": -1}, {"half_spread": 2**40}, {"size": -1}, {"size": 2**70}, {"fair": 3}, {"skew": -1},
        {"levels": 0}, {"levels": 9}, {"step": -1}, {"limit": 10**14}, {"post_only": -1}, {"threshold": -1},
    ],
)  # fmt: skip
def test_a_plan_out_of_range_is_refused_and_the_old_one_stays(quoter: Any, odd: dict[str, int]) -> None:
    quoter.plan(0, 20_000, TEN)
    before = quoter.targets(0)
    with pytest.raises(ValueError):
        quoter.plan(0, **{"half_spread": 0, "size": TEN, **odd})
    assert quoter.targets(0) == before


def test_facts_out_of_range_are_refused(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    for side, level, price, size in ((2, 0, 1, 1), (0, 8, 1, 1), (0, -1, 1, 1), (0, 0, 10_001, 1), (0, 0, 1, -1)):
        with pytest.raises(ValueError):
            quoter.working(0, side, level, price, size)
    for call, value in ((quoter.reference, 1_000_001), (quoter.reference, -1), (quoter.inventory, 2**62)):
        with pytest.raises(ValueError):
            call(0, value)


def test_a_token_without_a_plan_is_an_index_error(quoter: Any) -> None:
    quoter.plan(0, 20_000, TEN)
    quoter.drop(0)
    for index in (0, 1, -1, 10**6):
        with pytest.raises(IndexError):
            quoter.targets(index)
    with pytest.raises(IndexError):
        quoter.plan(7, 0, TEN)
    quoter.plan(1, 0, TEN)
    quoter.books.remove(NO)
    with pytest.raises(IndexError):
        quoter.must_move(1)


def planned(kernel: Kernel, dice: Random) -> Any:
    books = kernel.Books()
    quoter = kernel.Quoter(books, settle=dice.random() < 0.2)
    for index, (token, tick) in enumerate(frames.TOKENS.items()):
        books.add(token, tick)
        numbers = {
            "skew": dice.choice((0, 50, 10**6)),
            "min_size": dice.choice((0, 5_000_000)),
            "fair": dice.randint(0, 2),
        }
        shape = {"levels": dice.randint(1, 8), "step": dice.randint(0, 3), "post_only": dice.randint(0, 2)}
        limit, threshold = dice.choice((0, 5 * TEN, 10**12)), dice.choice((0, 100, 20_000))
        quoter.plan(index, dice.randint(0, 60_000), TEN, limit=limit, threshold=threshold, **numbers, **shape)
    return quoter


def tell(kernel: Kernel, seed: int) -> list[Any]:
    """The story of one seed: frames, facts and what the quoter said to them."""
    dice = Random(seed)
    quoter = planned(kernel, dice)
    told: list[Any] = []
    for _ in range(15):
        index = dice.randrange(len(frames.TOKENS))
        told.append((quoter.feed(frames.frame(dice)), quoter.moved))
        if dice.random() < 0.6:
            dice.choice((lambda at: work(quoter, at), quoter.placed))(index)
        if dice.random() < 0.3:
            quoter.inventory(index, dice.choice((0, 3, -3, 7 * TEN, -7 * TEN, 9 * 10**12)))
            quoter.reference(index, dice.choice((None, 0, 480_000, 1_000_000)))
            quoter.working(
                index, dice.randint(0, 1), dice.randint(0, 7), dice.randint(0, 10_000), dice.choice((0, TEN))
            )
        told += [(quoter.centre(at), quoter.targets(at), quoter.must_move(at)) for at in range(len(frames.TOKENS))]
    return told


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_both_implementations_tell_the_same_story(seed: int) -> None:
    first, *others = [tell(kernel, seed) for kernel in KERNELS]
    assert all(other == first for other in others)

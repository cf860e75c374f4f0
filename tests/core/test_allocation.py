"""Water-filling against every other way: all subsets by plain bisection, and every point of a grid."""

from __future__ import annotations

from itertools import chain, combinations, product
from math import inf, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.allocation import Allocation, Pool, allocate

CASES = 1_000
GRID_CASES = 60


def random_pool(dice: Random) -> Pool:
    return Pool(
        reward=dice.uniform(1, 200),
        weight=dice.uniform(0.02, 1),
        competing=dice.choice((0.5, 50, 5_000)) * dice.uniform(0.5, 2),
        cost=dice.choice((0.0, dice.uniform(-0.05, 0.3))),
        capital=dice.uniform(0.3, 1),
        least=dice.choice((0, 5, 20, 100)),
        most=dice.choice((dice.uniform(0, 400), 1_000)),
    )


def free(pool: Pool, price: float) -> float:
    net = pool.cost + price * pool.capital
    if net <= 0:
        return pool.most
    size = (sqrt(pool.reward * pool.weight * pool.competing / net) - pool.competing) / pool.weight
    return min(max(size, pool.least), pool.most)


def all_in(pools: tuple[Pool, ...], capital: float) -> float | None:
    """The best income with every one of these taking part; None where their least sizes are too much."""
    if any(pool.most < pool.least for pool in pools) or sum(one.capital * one.least for one in pools) > capital:
        return None
    low, high = 0.0, 1e6
    for _ in range(120):
        price = (low + high) / 2
        if sum(pool.capital * free(pool, price) for pool in pools) > capital:
            low = price
        else:
            high = price
    if sum(pool.capital * free(pool, 0.0) for pool in pools) <= capital:
        high = 0.0
    return sum(pool.income(free(pool, high)) for pool in pools)


def best_of_all_subsets(pools: list[Pool], capital: float) -> float:
    subsets = chain.from_iterable(combinations(pools, size) for size in range(len(pools) + 1))
    return max(income for subset in subsets if (income := all_in(subset, capital)) is not None)


def holds(told: Allocation, pools: list[Pool], capital: float) -> bool:
    within = all(size == 0 or pool.least <= size <= pool.most for pool, size in zip(pools, told.sizes, strict=True))
    income = sum(pool.income(size) for pool, size in zip(pools, told.sizes, strict=True))
    known = told.income == pytest.approx(income, abs=1e-12) and told.income <= told.bound
    return within and known and told.capital <= capital * (1 + 1e-12)


def test_a_thousand_small_cases_are_equal_to_brute_force_over_all_subsets() -> None:
    dice = Random(19)
    for case in range(CASES):
        pools = [random_pool(dice) for _ in range(dice.randint(1, 4))]
        capital = dice.choice((dice.uniform(0, 60), dice.uniform(0, 1_000)))
        told = allocate(pools, capital)
        assert holds(told, pools, capital), case
        assert told.income == pytest.approx(best_of_all_subsets(pools, capital), rel=1e-7, abs=1e-9), case


def test_no_point_of_a_grid_is_better() -> None:
    dice = Random(7)
    for _ in range(GRID_CASES):
        pools = [random_pool(dice) for _ in range(2)]
        capital = dice.uniform(5, 300)
        told = allocate(pools, capital)
        axes = [[0.0, *(s * p.most / 40 for s in range(1, 41) if s * p.most / 40 >= p.least)] for p in pools]
        best = max(
            sum(pool.income(size) for pool, size in zip(pools, sizes, strict=True))
            for sizes in product(*axes)
            if sum(pool.capital * size for pool, size in zip(pools, sizes, strict=True)) <= capital
        )
        assert best <= told.income + 1e-9


def test_one_market_gets_the_size_of_the_closed_form() -> None:
    """n* = (sqrt(R w C / c) - C) / w: R 100, w 1/4, C 400, c 0.01 makes sqrt(10^6) - 400 = 600, and 2,400 shares."""
    (size,) = allocate([Pool(100, 0.25, 400, cost=0.01)], inf).sizes
    assert size == pytest.approx(2_400)


def test_a_market_takes_part_exactly_while_its_first_share_pays() -> None:
    """Participate iff R w / C > c."""
    rich, poor = Pool(100, 0.5, 1_000, cost=0.0499), Pool(100, 0.5, 1_000, cost=0.0501)
    assert allocate([rich], 1e6).sizes[0] > 0
    assert allocate([poor], 1e6).sizes == (0.0,)


def test_capital_goes_where_its_last_dollar_earns_the_same() -> None:
    pools = [Pool(100, 0.5, 1_000), Pool(50, 0.25, 300, capital=0.5), Pool(1, 0.01, 10**6)]
    told = allocate(pools, 500)
    earned = [
        (pool.income(size + 1e-4) - pool.income(size)) / (1e-4 * pool.capital)
        for pool, size in zip(pools, told.sizes, strict=True)
    ]
    assert earned[:2] == pytest.approx([told.price] * 2, rel=1e-4)
    assert told.sizes[2] == 0
    assert earned[2] < told.price
    assert told.capital == pytest.approx(500)


def test_a_least_size_that_is_too_much_for_the_purse_is_left_out() -> None:
    dear, cheap = Pool(1_000, 1, 10, least=100), Pool(1, 1, 10, least=10)
    assert allocate([dear, cheap], 99).sizes[0] == 0
    assert allocate([dear, cheap], 100).sizes == (100, 0)


def test_without_capital_there_is_nothing() -> None:
    told = allocate([Pool(100, 1, 10, least=5)], 0)
    assert (told.sizes, told.income, told.capital) == ((0.0,), 0.0, 0.0)
    assert allocate([], 100).sizes == ()


@pytest.mark.parametrize("bad", [{"reward": 0}, {"weight": -1}, {"competing": 0}, {"capital": 0}, {"cost": inf}])
def test_a_pool_without_an_answer_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not a pool"):
        Pool(**{"reward": 1.0, "weight": 1.0, "competing": 1.0, **bad})


def test_sizes_without_any_end_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing limits"):
        allocate([Pool(1, 1, 1, cost=-1)], inf)
    with pytest.raises(ValueError, match="below nothing"):
        allocate([], -1)


POOLS = st.builds(
    Pool,
    reward=st.floats(0.01, 1e4),
    weight=st.floats(0.01, 1),
    competing=st.floats(0.1, 1e6),
    cost=st.floats(-0.1, 1),
    capital=st.floats(0.01, 1),
    least=st.sampled_from((0, 5, 20, 200)),
    most=st.just(0.0) | st.floats(1e-3, 1e5),
)


@given(st.lists(POOLS, max_size=12), st.just(0.0) | st.floats(1e-3, 1e6))
def test_an_allocation_is_within_its_bounds_and_near_the_greatest_possible(pools: list[Pool], capital: float) -> None:
    told = allocate(pools, capital)
    assert holds(told, pools, capital)
    assert told.bound - told.income <= 0.05 * told.bound + 1e-9

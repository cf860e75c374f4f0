"""Coherent probabilities: published numbers (strategy reference, 4.6), and what makes them the nearest ones."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.projection import project

PRICES = st.lists(st.floats(0, 1), min_size=2, max_size=12)


@pytest.mark.parametrize(
    ("prices", "shift", "probabilities", "divergence"),
    [
        ((0.35, 0.32, 0.30), 0.045436179, (0.36040586, 0.32996671, 0.30962743), 6.833079643e-4),
        ((0.45, 0.40, 0.25), -0.151170532, (0.41293600, 0.36432626, 0.22273774), 7.505436595e-3),
    ],
)
def test_the_numbers_of_the_reference_to_their_last_printed_digit(prices, shift, probabilities, divergence):
    found = project(prices)
    assert found.shift == pytest.approx(shift, abs=5e-10)
    assert found.probabilities == pytest.approx(probabilities, abs=5e-9)
    assert found.divergence == pytest.approx(divergence, rel=5e-10)


@given(PRICES)
def test_whatever_the_prices_the_probabilities_sum_to_one_and_keep_their_order(prices):
    found = project(prices)
    assert math.fsum(found.probabilities) == pytest.approx(1, abs=1e-12)
    assert all(0 < mu < 1 for mu in found.probabilities)
    by_price = [mu for _, mu in sorted(zip(prices, found.probabilities, strict=True))]
    assert all(one <= other * (1 + 1e-9) for one, other in pairwise(by_price))
    assert found.divergence >= 0


@given(st.lists(st.floats(1e-4, 1 - 1e-4), min_size=2, max_size=8))
def test_every_price_moves_by_the_same_step_in_log_odds(prices):
    found = project(prices)
    for price, mu in zip(prices, found.probabilities, strict=True):
        step = math.log(mu / (1 - mu)) - math.log(price / (1 - price))
        assert step == pytest.approx(found.shift, abs=1e-6)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=5), st.integers(0, 4), st.floats(-0.005, 0.005))
def test_no_other_coherent_probabilities_are_nearer(prices, place, step):
    found = project(prices)
    moved = list(found.probabilities)
    moved[place % len(moved)] += step
    moved[(place + 1) % len(moved)] -= step
    if all(0 < mu < 1 for mu in moved):
        assert divergence(moved, prices) >= found.divergence - 1e-12


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=10))
def test_coherent_prices_stay_where_they_are(weights):
    prices = [weight / sum(weights) for weight in weights]
    found = project(prices)
    assert found.probabilities == pytest.approx(prices, abs=1e-9)
    assert found.divergence == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("prices", [(), (0.5,), (0.5, 1.1), (0.5, -0.1), (0.5, math.nan)])
def test_what_is_no_event_is_refused(prices):
    with pytest.raises(ValueError, match="two prices"):
        project(prices)


def divergence(probabilities, prices):
    return math.fsum(
        mu * math.log(mu / price) + (1 - mu) * math.log((1 - mu) / (1 - price))
        for mu, price in zip(probabilities, prices, strict=True)
    )

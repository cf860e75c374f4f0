"""GLFT: the values behind the quotes, far from the published figures, and the bounds of the inventory."""

from itertools import pairwise
from math import ceil, exp, floor, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.fill_curve import Problem
from pmm.core.signals import Signals
from pmm.core.view import View
from pmm.strategies.glft import LIMIT_MAX, STATIONARY, Glft, GlftParams, closed_distances, exact_distances, log_values
from tests.support.story import START, market, shares

PROBLEM = Problem(sigma=1.0, arrival=0.2, decay=0.3, gamma=0.01, limit=30)


def modes(alpha, eta, limit):
    """Eigenvalues of even inventories by another way: a dense symmetric matrix."""
    matrix = np.diag([alpha * held**2 for held in range(limit + 1)]).astype(float)
    for held in range(limit):
        matrix[held, held + 1] = matrix[held + 1, held] = -eta * (2**0.5 if held == 0 else 1)
    return np.linalg.eigh(matrix)


@pytest.mark.parametrize("limit", [1, 2, 5, 30])
def test_the_slowest_mode_is_gone_when_the_values_are_called_stationary(limit):
    for alpha in np.logspace(-12, 8, 21):
        least, second = modes(alpha, 1.0, limit)[0][:2]
        horizon = STATIONARY * limit**2 / (2 * (alpha * limit**2 + 1.0))
        assert exp(-(second - least) * horizon) < 1e-16


def test_values_are_the_exponential_of_the_matrix():
    limit, horizon = 6, 7.0
    problem = Problem(sigma=1.0, arrival=0.2, decay=0.3, gamma=0.01, limit=limit, impact=0.5)
    rates, shapes = modes(problem.alpha, problem.eta, limit)
    end = np.exp(-problem.decay * problem.impact / 2 * np.arange(limit + 1) ** 2)
    scale = np.array([1.0] + [2**0.5] * limit)
    values = shapes @ (np.exp(-rates * horizon) * (shapes.T @ (end * scale))) / scale
    assert log_values(problem, horizon) == pytest.approx([log(value / values[0]) for value in values], abs=1e-10)


def test_a_long_horizon_is_a_stationary_one_however_it_is_reached():
    stepped, stationary = log_values(PROBLEM, 3_000.0), log_values(PROBLEM)
    assert stepped == pytest.approx(stationary, abs=1e-9)


def test_nothing_underflows_where_the_plain_values_would():
    values = log_values(Problem(sigma=100.0, arrival=0.2, decay=0.3, gamma=1.0, limit=LIMIT_MAX))
    assert values[-1] < -1_000
    assert all(nearer > further for nearer, further in pairwise(values))


def test_the_bound_of_the_inventory_leaves_one_side():
    assert exact_distances(30, PROBLEM).bid is None
    assert closed_distances(-30, PROBLEM).ask is None
    assert exact_distances(30, PROBLEM).ask < exact_distances(29, PROBLEM).ask


def test_between_two_inventories_quotes_are_between():
    low, between, high = (exact_distances(held, PROBLEM).bid for held in (3, 3.25, 4))
    assert between == pytest.approx(0.75 * low + 0.25 * high)


def test_a_drift_up_bids_nearer_and_asks_further_away():
    still, rising = closed_distances(0, PROBLEM), closed_distances(0, PROBLEM, drift=0.01)
    assert rising.bid < still.bid
    assert rising.ask - still.ask == pytest.approx(still.bid - rising.bid)
    assert rising.ask - still.ask == pytest.approx(0.01 / (0.01 * 1.0) * PROBLEM.skew)


def test_what_a_fill_moves_the_price_by_is_asked_for():
    hit = Problem(sigma=1.0, arrival=0.2, decay=0.3, gamma=0.01, limit=30, impact=0.4)
    assert hit.margin - PROBLEM.margin == pytest.approx(0.2)
    assert hit.skew == pytest.approx(PROBLEM.skew * exp(0.3 * 0.4 / 4))


@pytest.mark.parametrize(("limit", "impact"), [(0, 0.0), (LIMIT_MAX + 1, 0.0), (30, 5.0)])
def test_a_problem_without_an_answer_is_refused(limit, impact):
    with pytest.raises(ValueError, match=r"limit|impact"):
        log_values(Problem(1.0, 0.2, 0.3, 0.01, limit, impact), 10.0)


@given(
    st.floats(1e-4, 10), st.floats(1e-4, 100), st.floats(0.01, 200), st.floats(1e-6, 1e3), st.sampled_from([1, 4, 12])
)
def test_more_inventory_bids_further_away_and_asks_nearer(sigma, arrival, decay, gamma, limit):
    problem = Problem(sigma, arrival, decay, gamma, limit)
    bids = [exact_distances(held, problem).bid for held in range(-limit, limit)]
    assert all(more >= less - 1e-9 for less, more in pairwise(bids))


# --- the model ----------------------------------------------------------------------------------------------------


def look(position=0, **signals):
    book = Book(1)
    book.set(BID, 4_900, shares(100))
    book.set(ASK, 5_100, shares(100))
    return View(START, market("0.0001"), book, shares(position), signals=Signals(**signals))


def test_the_model_quotes_the_closed_form_for_orders_of_its_size():
    targets = Glft(GlftParams(gamma=0.5, arrival=36.0, decay=100.0, volatility=0.1)).decide(look(20))
    expected = closed_distances(2.0, Problem(0.1 / 86_400**0.5, 0.01, 100.0, 5.0, 5))
    assert targets.bid.price == floor((0.5 - expected.bid) * 10_000)
    assert targets.ask.price == ceil((0.5 + expected.ask) * 10_000)
    assert {term.name: term.value for term in targets.terms}["bid distance"] == pytest.approx(expected.bid)


def test_the_exact_model_comes_near_the_closed_one_far_from_the_bound():
    closed, exact = (Glft(GlftParams(exact=exact)).decide(look()) for exact in (False, True))
    assert abs(closed.bid.price - exact.bid.price) <= 3


def test_measured_variance_and_costly_fills_quote_wider():
    model = Glft()
    calm, wild, costly = (model.decide(look(**said)) for said in ({}, {"variance": 1e-4}, {"bid_markout": 0.01}))
    assert wild.ask.price - wild.bid.price > calm.ask.price - calm.bid.price
    assert costly.ask.price - costly.bid.price > calm.ask.price - calm.bid.price

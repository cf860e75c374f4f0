"""Gueant-Lehalle-Fernandez-Tapia: the quotes of the paper's figures, to every digit that is known (reference, 4.3)."""

import pytest

from pmm.core.fill_curve import Problem
from pmm.strategies.glft import closed_distances, exact_distances

HELD = (-10, -5, -2, -1, 0, 1, 2, 5, 10)
HORIZON = 600.0

# sigma, arrival, eta, G, then the bid distances of the exact and of the closed form, in ticks.
FIGURES = [
    (
        (0.3, 0.9, 0.325678, 0.067866),
        (2.632802, 2.972522, 3.176796, 3.244919, 3.313045, 3.381168, 3.449280, 3.653479, 3.992933),
        (2.634257, 2.973586, 3.177184, 3.245049, 3.312915, 3.380781, 3.448647, 3.652244, 3.991574),
    ),
    (
        (0.4, 0.9, 0.325678, 0.090488),
        (2.417367, 2.869957, 3.142563, 3.233506, 3.324458, 3.415401, 3.506318, 3.778746, 4.230704),
        (2.419348, 2.871787, 3.143251, 3.233738, 3.324226, 3.414714, 3.505202, 3.776665, 4.229104),
    ),
    (
        (1.0, 0.2, 0.072373, 0.479884),
        (-1.072185, 1.100245, 2.540419, 3.032313, 3.525651, 4.017546, 4.505189, 5.918517, 8.022747),
        (-1.279915, 1.119505, 2.559156, 3.039040, 3.518924, 3.998808, 4.478692, 5.918344, 8.317763),
    ),
]


def problem(sigma, arrival):
    return Problem(sigma, arrival, decay=0.3, gamma=0.01, limit=30)


@pytest.mark.parametrize(("inputs", "exact", "closed"), FIGURES)
def test_quotes_of_the_papers_figures(inputs, exact, closed):
    of = problem(*inputs[:2])
    assert (of.eta, of.skew) == pytest.approx(inputs[2:], abs=1e-6)
    assert [exact_distances(held, of, HORIZON).bid for held in HELD] == pytest.approx(exact, abs=1e-5)
    assert [closed_distances(held, of).bid for held in HELD] == pytest.approx(closed, abs=1e-5)


@pytest.mark.parametrize(("inputs", "exact", "closed"), FIGURES)
def test_an_ask_lies_as_far_away_as_a_bid_of_the_opposite_inventory(inputs, exact, closed):
    of = problem(*inputs[:2])
    assert [exact_distances(-held, of, HORIZON).ask for held in HELD] == pytest.approx(exact, abs=1e-5)
    assert [closed_distances(-held, of).ask for held in HELD] == pytest.approx(closed, abs=1e-5)


def test_what_the_fills_alone_ask_for():
    assert problem(0.3, 0.9).margin == pytest.approx(3.278982, abs=1e-6)

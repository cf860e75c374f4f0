"""Avellaneda-Stoikov: the paper's formulas and numbers."""

import pytest

from pmm.core.fill_curve import intensity, margin
from pmm.strategies.avellaneda_stoikov import average_spread, distances, reservation, spread


@pytest.mark.parametrize(("gamma", "expected"), [(0.1, 1.490770), (0.01, 1.349), (1.0, 3.0217)])
def test_average_spreads_of_the_papers_tables(gamma, expected):
    assert average_spread(gamma, 4.0, 1.0, 1.5) == pytest.approx(expected, abs=5e-4)


def test_every_share_held_moves_both_quotes_down():
    assert reservation(100.0, 3, 0.1, 4.0, 0.5) == pytest.approx(99.4)
    bid, ask = distances(3, 0.1, 4.0, 0.5, 1.5)
    assert bid + ask == pytest.approx(spread(0.1, 4.0, 0.5, 1.5))
    assert (ask - bid) / 2 == pytest.approx(-0.6)


def test_without_risk_aversion_the_margin_is_that_of_the_fills_alone():
    assert margin(0.0, 50.0) == margin(1e-15, 50.0) == pytest.approx(0.02)
    assert intensity(0.9, 1e-15, 50.0) == pytest.approx(0.9 / 2.718281828, rel=1e-8)

"""How fills thin out with distance, and what is asked for because of it."""

from math import exp, log

import pytest

from pmm.core.fill_curve import PRIOR_TAKERS, Problem, intensity, learnt, margin


@pytest.mark.parametrize(("gamma", "decay"), [(0.01, 0.3), (0.5, 100.0), (200.0, 100.0)])
def test_the_margin_and_the_rate_are_those_of_the_formulas(gamma, decay):
    assert margin(gamma, decay) == pytest.approx(log(1 + gamma / decay) / gamma)
    assert intensity(2.0, gamma, decay) == pytest.approx(2.0 * (1 + gamma / decay) ** -(1 + decay / gamma))


def test_without_risk_aversion_the_margin_is_one_over_the_decay():
    assert margin(0.0, 50.0) == margin(1e-15, 50.0) == pytest.approx(0.02)
    assert intensity(0.9, 1e-15, 50.0) == pytest.approx(0.9 / exp(1), rel=1e-8)


def test_skew_grows_with_volatility_and_risk_aversion_and_shrinks_with_fills():
    usual = Problem(sigma=0.3, arrival=0.9, decay=0.3, gamma=0.01, limit=30)
    assert usual.skew == pytest.approx((0.3**2 * 0.01 / (2 * 0.3 * 0.9) * (1 + 0.01 / 0.3) ** (1 + 30)) ** 0.5)
    assert Problem(0.6, 0.9, 0.3, 0.01, 30).skew == pytest.approx(2 * usual.skew)
    assert Problem(0.3, 3.6, 0.3, 0.01, 30).skew == pytest.approx(usual.skew / 2)
    assert Problem(0.3, 0.9, 0.3, 0.04, 30).skew > usual.skew


def test_what_takers_show_is_believed_the_more_the_more_there_were():
    assert learnt(0.01, 0.03, 0.0) == 0.01
    assert learnt(0.01, 0.03, PRIOR_TAKERS) == pytest.approx(0.02)
    assert learnt(0.01, 0.03, 1e9) == pytest.approx(0.03)

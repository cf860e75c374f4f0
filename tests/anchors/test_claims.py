"""Claims that pay 1 or 0: every number of the strategy reference, 4.4, and the volatility it gives."""

import pytest

from pmm.core.claim import (
    certainty_equivalent,
    event_certainty_equivalent,
    event_reservations,
    expit,
    informed_half_spread,
    informed_quotes,
    logit,
    reservation,
    score_volatility,
)
from pmm.strategies import avellaneda_stoikov

EXACT = 1e-8
# The reference prints six digits of the rest, each of which is held to half of its last one.
SIX_DIGITS = 5.1e-7


def test_five_hundred_shares_of_an_even_claim():
    assert reservation(0.5, 500, 0.001) == pytest.approx(0.377540669, abs=EXACT)
    assert certainty_equivalent(0.5, 500, 0.001) == pytest.approx(219.070196, abs=SIX_DIGITS)


def test_an_event_of_three_outcomes():
    probabilities, positions = (0.6, 0.25, 0.15), (200, 0, -100)
    worth = event_reservations(probabilities, positions, 0.002)
    assert worth == pytest.approx([0.481435060, 0.299256970, 0.219307970], abs=EXACT)
    assert event_certainty_equivalent(probabilities, positions, 0.002) == pytest.approx(89.920852, abs=SIX_DIGITS)


@pytest.mark.parametrize(
    ("p", "informed", "bid", "ask", "half"),
    [
        (0.5, 0.2, 0.400000, 0.600000, 0.405465),
        (0.2, 0.2, 0.142857, 0.272727, 0.405465),
        (0.05, 0.2, 0.033898, 0.073171, 0.405465),
        (0.9, 0.1, 0.880435, 0.916667, 0.200671),
        (0.5, 0.05, 0.475000, 0.525000, 0.100083),
    ],
)
def test_quotes_against_takers_that_know(p, informed, bid, ask, half):
    assert informed_quotes(p, informed) == pytest.approx((bid, ask), abs=SIX_DIGITS)
    assert informed_half_spread(informed) == pytest.approx(half, abs=SIX_DIGITS)
    low, high = informed_quotes(p, informed)
    assert logit(high) - logit(p) == pytest.approx(informed_half_spread(informed), abs=EXACT)
    assert logit(p) - logit(low) == pytest.approx(informed_half_spread(informed), abs=EXACT)


@pytest.mark.parametrize(("p", "volatility"), [(0.5, 0.398942), (0.2, 0.279962), (0.05, 0.103136), (0.01, 0.026652)])
def test_volatility_of_a_gaussian_score(p, volatility):
    assert score_volatility(p) == pytest.approx(volatility, abs=SIX_DIGITS)
    assert score_volatility(1 - p) == pytest.approx(volatility, abs=SIX_DIGITS)


@pytest.mark.parametrize(
    ("position", "bid", "worth", "ask"),
    [
        (-10, 0.798093, 0.806323, 0.814296),
        (0, 0.791571, 0.800000, 0.808171),
        (10, 0.784894, 0.793523, 0.801893),
    ],
)
def test_avellaneda_stoikov_in_log_odds(position, bid, worth, ask):
    centre = avellaneda_stoikov.reservation(logit(0.8), position, gamma=0.1, variance=0.04, horizon=1.0)
    half = avellaneda_stoikov.spread(gamma=0.1, variance=0.04, horizon=1.0, decay=20.0) / 2
    assert (expit(centre - half), expit(centre), expit(centre + half)) == pytest.approx(
        (bid, worth, ask), abs=SIX_DIGITS
    )

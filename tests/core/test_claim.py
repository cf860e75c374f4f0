"""Claims that pay 1 or 0: what must hold over the whole domain."""

import random
from math import isfinite

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pmm.core.claim import (
    INFORMED_MAX,
    block_value,
    certainty_equivalent,
    event_certainty_equivalent,
    event_log_odds,
    event_reservations,
    expit,
    informed_half_spread,
    informed_quotes,
    informed_share,
    logit,
    reservation,
    score_variance,
    score_volatility,
)

probabilities = st.one_of(
    st.floats(1e-12, 1 - 1e-12), st.floats(-12, -1).map(lambda e: 10**e), st.floats(-12, -1).map(lambda e: 1 - 10**e)
)
gammas = st.floats(-9, 3).map(lambda e: 10**e)
risks = st.one_of(st.floats(-1e6, 1e6), st.floats(-3, 3))


@st.composite
def events(draw, reach=1e6):
    """Probabilities that sum to 1, holdings and a risk aversion."""
    weights = draw(st.lists(st.floats(1e-12, 1), min_size=2, max_size=8))
    gamma = draw(gammas)
    held = [draw(st.floats(-reach, reach)) / gamma for _ in weights]
    return [weight / sum(weights) for weight in weights], held, gamma


@given(probabilities)
def test_log_odds_and_back(p):
    assert expit(logit(p)) == pytest.approx(p, rel=1e-10)
    assert expit(-logit(p)) == pytest.approx(1 - p, rel=1e-10, abs=1e-16)


@given(st.floats(allow_nan=False))
def test_every_number_is_log_odds_of_something(x):
    assert 0 <= expit(x) <= 1


@given(probabilities, risks, gammas)
def test_a_holding_is_worth_less_than_its_mean_and_no_less_than_the_worst(p, risk, gamma):
    held = risk / gamma
    worth = certainty_equivalent(p, held, gamma)
    slack = 1e-9 * (abs(held) + 1 / gamma)
    assert isfinite(worth)
    assert min(held, 0.0) - slack <= worth <= p * held + slack


@given(probabilities, risks, gammas)
def test_a_share_is_worth_what_the_holding_gains_by_it(p, risk, gamma):
    held, step = risk / gamma, 1e-4 / gamma
    assume(abs(risk) < 30)
    slope = (certainty_equivalent(p, held + step, gamma) - certainty_equivalent(p, held - step, gamma)) / (2 * step)
    assert reservation(p, held, gamma) == pytest.approx(slope, rel=1e-6, abs=1e-9)


@given(probabilities, risks, gammas)
def test_a_claim_and_its_complement_are_one_dollar(p, risk, gamma):
    held = risk / gamma
    other = certainty_equivalent(expit(-logit(p)), -held, gamma) + held
    assert certainty_equivalent(p, held, gamma) == pytest.approx(other, rel=1e-3, abs=1e-6 * (abs(held) + 1 / gamma))


def test_without_risk_aversion_a_share_is_worth_its_probability():
    assert certainty_equivalent(0.3, 70, 0.0) == pytest.approx(21)
    assert certainty_equivalent(0.3, 70, 1e-12) == pytest.approx(21)
    assert reservation(0.3, 70, 0.0) == pytest.approx(0.3)
    assert block_value(0.3, 10, 5, 1e-9) == pytest.approx(1.5)


def test_a_block_is_worth_the_sum_of_its_parts():
    whole = block_value(0.4, 20, 30, 0.01)
    assert whole == pytest.approx(block_value(0.4, 20, 10, 0.01) + block_value(0.4, 30, 20, 0.01))
    assert whole < 30 * reservation(0.4, 20, 0.01)


@given(events())
def test_worths_of_the_outcomes_of_an_event_sum_to_one(event):
    worths = event_reservations(*event)
    assert sum(worths) == pytest.approx(1)
    assert all(0 <= worth <= 1 for worth in worths)
    assert isfinite(event_certainty_equivalent(*event))


@given(events(reach=20), st.floats(-20, 20))
def test_as_many_shares_of_every_outcome_are_that_much_money(event, risk):
    pi, held, gamma = event
    more = risk / gamma
    moved = [one + more for one in held]
    assert event_reservations(pi, moved, gamma) == pytest.approx(event_reservations(pi, held, gamma), rel=1e-6)
    gained = event_certainty_equivalent(pi, moved, gamma) - event_certainty_equivalent(pi, held, gamma)
    assert gained == pytest.approx(more, abs=1e-7 / gamma)


@given(events(reach=10), st.integers(0, 7), st.floats(0.01, 5))
def test_to_buy_one_outcome_lowers_it_and_raises_every_other(event, index, risk):
    pi, held, gamma = event
    index %= len(held)
    before = [event_log_odds(pi, held, gamma, i) for i in range(len(held))]
    held[index] += risk / gamma
    after = [event_log_odds(pi, held, gamma, i) for i in range(len(held))]
    assert after[index] == pytest.approx(before[index] - risk)
    assert all(after[i] >= before[i] - 1e-12 for i in range(len(held)) if i != index)


@given(probabilities, st.floats(-1e6, 1e6), gammas)
def test_an_event_of_two_outcomes_is_one_claim(p, risk, gamma):
    pi, held = (p, expit(-logit(p))), (risk / gamma, 0.0)
    assert event_log_odds(pi, held, gamma, 0) == pytest.approx(logit(p) - risk, rel=1e-9, abs=1e-9)
    assert event_reservations(pi, held, gamma)[0] == pytest.approx(reservation(p, held[0], gamma), rel=1e-6)
    single = certainty_equivalent(p, held[0], gamma)
    assert event_certainty_equivalent(pi, held, gamma) == pytest.approx(single, rel=1e-6, abs=1e-9 / gamma)


def test_what_others_gain_by_a_purchase_is_seen():
    before = event_reservations((0.5, 0.3, 0.2), (0, 0, 0), 0.01)
    after = event_reservations((0.5, 0.3, 0.2), (20, 0, 0), 0.01)
    assert after == pytest.approx([0.450166, 0.329900, 0.219934], abs=1e-6)
    assert after[1] / after[2] == pytest.approx(before[1] / before[2])


def test_an_outcome_that_cannot_win_is_worth_nothing():
    assert event_reservations((0.0, 0.4, 0.6), (-50, 0, 0), 0.01) == pytest.approx([0, 0.4, 0.6])


@given(probabilities, st.floats(0, INFORMED_MAX))
def test_quotes_against_the_informed_are_one_distance_in_log_odds(p, informed):
    bid, ask = informed_quotes(p, informed)
    assert 0 < bid <= p * (1 + 1e-12)
    assert p * (1 - 1e-12) <= ask < 1
    assert logit(bid) == pytest.approx(logit(p) - informed_half_spread(informed), abs=1e-3)


def test_quotes_against_the_informed_earn_nothing_and_tighter_ones_lose():
    p, informed, dice = 0.3, 0.2, random.Random(5)
    bid, ask = informed_quotes(p, informed)
    fair = tight = 0.0
    count = 200_000
    for _ in range(count):
        wins = dice.random() < p
        buys = wins if dice.random() < informed else dice.random() < 0.5
        fair += (ask - wins) if buys else (wins - bid)
        tight += (ask - 0.02 - wins) if buys else (wins - bid - 0.02)
    assert abs(fair / count) < 0.004  # four standard errors
    assert tight / count < -0.015


@pytest.mark.parametrize(("markout", "share"), [(-0.01, 0.0), (0.0, 0.0), (0.005, 0.01), (9.0, INFORMED_MAX)])
def test_the_informed_share_is_read_from_what_fills_cost(markout, share):
    assert informed_share(0.5, markout) == pytest.approx(share)


@given(probabilities)
def test_a_scores_volatility_is_the_same_of_both_outcomes_and_greatest_between_them(p):
    assert 0 < score_volatility(p) <= score_volatility(0.5)
    assert score_volatility(1 - p) == pytest.approx(score_volatility(p), rel=1e-2)


def test_what_remains_of_the_variance_is_p_times_one_minus_p():
    p, steps, dice = 0.2, 60, random.Random(3)
    total = 0.0
    for _ in range(1_500):
        now = p
        for step in range(steps):
            variance = score_variance(now, 1 - step / steps)
            total += variance / steps
            now = min(max(now + dice.gauss(0, (variance / steps) ** 0.5), 1e-9), 1 - 1e-9)
    assert total / 1_500 == pytest.approx(p * (1 - p), rel=0.1)


def test_a_score_with_little_time_left_moves_much():
    assert score_variance(0.3, 60) == pytest.approx(60 * score_variance(0.3, 3_600))

"""A drift is found, and noise is not taken for one."""

from random import Random
from statistics import fmean

import pytest

from pmm.core.signals.trend import Trend

VARIANCE = 1e-6


def walked(seed: int, drift: float, blocks: int = 400) -> Trend:
    """Moves of block means under this drift: sums of two halves of neighbouring blocks."""
    dice, trend, half = Random(seed), Trend(5.0, 120.0), 0.0
    for _ in range(blocks):
        shock = dice.gauss(0.0, (VARIANCE * 5.0) ** 0.5)
        trend.on_move(drift * 5.0 + (half + shock) / 2, 1)
        half = shock
    return trend


def test_a_steady_drift_is_found():
    trend = Trend(5.0, 120.0)
    for _ in range(500):
        trend.on_move(0.01, 1)
    assert trend.value == pytest.approx(0.002)
    assert trend.score(VARIANCE) > 5


def test_noise_scores_one_deviation():
    scores = [walked(seed, 0.0).score(VARIANCE) for seed in range(200)]
    assert abs(fmean(scores)) < 0.25
    assert fmean(score * score for score in scores) == pytest.approx(1.0, rel=0.25)


def test_little_history_says_little():
    trend = Trend(5.0, 120.0)
    trend.on_move(0.01, 1)
    assert 0 < trend.value < 0.0001


def test_blocks_at_once_and_one_by_one_come_to_the_same():
    one, many = walked(1, 0.001), walked(1, 0.001)
    for _ in range(24):
        one.on_move(0.0, 1)
    many.on_move(0.0, 24)
    assert one.value == pytest.approx(many.value)
    assert many.value == pytest.approx(walked(1, 0.001).value / 2)


def test_without_variance_there_is_no_score():
    assert Trend(5.0, 120.0).score(0.0) == 0.0

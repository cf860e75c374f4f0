"""Quantiles from a histogram of bounded size stay within three per cent of the exact ones."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pmm.metrics.latency import StepTime


@given(st.lists(st.integers(0, 10**11), min_size=1, max_size=300), st.sampled_from([0.01, 0.5, 0.99, 1.0]))
def test_quantiles_are_close_to_the_exact_ones(values, share):
    times = StepTime()
    for value in values:
        times.add(value)
    rank = max(1, -(-int(share * len(values) * 1000) // 1000))
    exact = {sorted(values)[index] for index in (min(rank, len(values)) - 1, min(rank + 1, len(values)) - 1)}
    assert any(abs(times.quantile(share) - value) <= value * 0.035 + 1 for value in exact)


def test_memory_is_bounded():
    dice, times = random.Random(1), StepTime()
    for _ in range(50_000):
        times.add(dice.randrange(10**10))
    assert len(times.counts) < 1_200


def test_before_the_first_step_there_is_no_quantile():
    assert StepTime().quantile(0.5) is None

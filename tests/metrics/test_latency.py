"""Quantiles from a histogram of bounded size stay within three per cent of the exact ones."""

import random

from hypothesis import given
from hypothesis import strategies as st

from pmm.commands import Cancel, Place
from pmm.core.step import Step
from pmm.events import Accepted, Canceled, CancelRejected, Rejected, Timer, Unanswered
from pmm.metrics.latency import RoundTrips, StepTime
from pmm.model import MILLISECOND, SHARE, Side


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


def trips(*steps: Step) -> tuple[int, int]:
    """How many answers were measured, of orders and of cancels."""
    told = RoundTrips()
    for step in steps:
        told.on_step(step)
    assert told.places.quantile(1) in (None, told.places.quantile(0.01)), "all took as long"
    return told.places.total, told.cancels.total


def asked(order_id: str, at: int = 0) -> Step:
    place = Place(order_id, "0xm", "1", Side.BUY, 4_800, 10 * SHARE)
    return Step(Timer(at * MILLISECOND), commands=(place, Cancel(f"{order_id}-old")))


def test_an_answer_is_measured_once_from_the_step_that_asked():
    told = RoundTrips()
    for step in (asked("o1"), Step(Accepted(7 * MILLISECOND, "o1")), Step(Accepted(9 * MILLISECOND, "o1"))):
        told.on_step(step)
    assert told.places.total == 1
    assert abs(told.places.quantile(0.5) - 7 * MILLISECOND) < MILLISECOND // 4
    assert told.cancels.quantile(0.5) is None


def test_refusals_are_answers_and_silence_is_none():
    assert trips(asked("o1"), Step(Rejected(5, "o1", "no")), Step(CancelRejected(5, "o1-old", "gone"))) == (1, 1)
    assert trips(asked("o1"), Step(Unanswered(5, "o1", "late")), Step(Accepted(9, "o1"))) == (0, 0)
    assert trips(asked("o1"), Step(Canceled(5, "o1")), Step(Accepted(9, "o1"))) == (0, 0)


def test_before_the_first_step_there_is_no_quantile():
    assert StepTime().quantile(0.5) is None

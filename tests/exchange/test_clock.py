from __future__ import annotations

import time

import pytest

from pmm.exchange.clock import AS_FAST_AS_POSSIBLE, Clock
from pmm.model import SECOND


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Real time, in a list of one, to be moved by hand."""
    now = [5 * SECOND]
    monkeypatch.setattr(time, "monotonic_ns", lambda: now[0])
    return now


def test_it_runs_as_fast_as_it_was_told_to(real: list[int]) -> None:
    clock = Clock(100 * SECOND, speed=10)
    real[0] += 2 * SECOND
    assert clock.now() == 120 * SECOND
    assert clock.seconds_until(130 * SECOND) == 1.0


def test_it_can_be_set(real: list[int]) -> None:
    clock = Clock(100 * SECOND)
    real[0] += SECOND
    clock.set(7 * SECOND)
    assert clock.now() == 7 * SECOND


@pytest.mark.parametrize(("speed", "late"), [(10.0, False), (AS_FAST_AS_POSSIBLE, True)])
def test_a_moment_has_come_when_the_clock_shows_it_or_when_nothing_is_waited_for(speed: float, *, late: bool) -> None:
    clock = Clock(100 * SECOND, speed)
    assert (clock.has_come(100 * SECOND), clock.has_come(1_000 * SECOND)) == (True, late)


def test_as_fast_as_possible_waits_for_nothing(real: list[int]) -> None:
    clock = Clock(100 * SECOND, AS_FAST_AS_POSSIBLE)
    real[0] += SECOND
    assert (clock.now(), clock.seconds_until(999 * SECOND)) == (100 * SECOND, 0.0)


@pytest.mark.parametrize("speed", [-1, float("nan")])
def test_time_cannot_run_backwards(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Clock(0, speed)

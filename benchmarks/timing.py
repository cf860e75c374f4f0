"""Timing that survives a noisy machine: candidates take turns on the same bytes, and only their ratios are believed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from statistics import median

CHUNK = 250

Candidate = Callable[[bytes], object]


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection while the clock runs."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def chunk_ns(candidate: Candidate, frames: Sequence[bytes]) -> float:
    """Nanoseconds a frame; the bytes were just read, as after a socket read."""
    for frame in frames:
        frame.find(b"\0")
    began = time.perf_counter_ns()
    for frame in frames:
        candidate(frame)
    return (time.perf_counter_ns() - began) / len(frames)


def interleaved(
    candidates: dict[str, Candidate], frames: Sequence[bytes], segment: int = 2000
) -> dict[str, list[float]]:
    """Medians over chunks of every segment; inside a segment the candidates run in random order."""
    dice = Random(1)
    names = list(candidates)
    medians: dict[str, list[float]] = {name: [] for name in names}
    with quiet():
        for start in range(0, len(frames) - segment + 1, segment):
            dice.shuffle(names)
            for name in names:
                parts = range(start, start + segment, CHUNK)
                medians[name].append(median(chunk_ns(candidates[name], frames[at : at + CHUNK]) for at in parts))
    return medians


def ratio(slow: list[float], fast: list[float]) -> float:
    """The median of the segments' ratios: how many times faster `fast` was."""
    return median(one / other for one, other in zip(slow, fast, strict=True))


def percentiles(candidate: Candidate, frames: Sequence[bytes]) -> tuple[float, float, float]:
    """p50, p99 and p99.9 of single calls in ns, less the cost of reading the clock."""
    clock = time.perf_counter_ns
    with quiet():
        empty = median(-(clock() - clock()) for _ in range(2000))
        times = []
        for frame in frames:
            frame.find(b"\0")
            began = clock()
            candidate(frame)
            times.append(clock() - began - empty)
    times.sort()
    return times[len(times) // 2], times[len(times) * 99 // 100], times[len(times) * 999 // 1000]


def per_call(work: Callable[[], object], calls: int, rounds: int = 7) -> float:
    """The best of some rounds of `work`, which makes `calls` calls, in ns a call."""
    with quiet():
        times = []
        for _ in range(rounds):
            began = time.perf_counter_ns()
            work()
            times.append(time.perf_counter_ns() - began)
    return min(times) / calls

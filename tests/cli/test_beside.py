"""A session beside the engine: told in order, its failure comes back, and what was lost is said."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pmm.cli.beside import Beside
from pmm.cli.context import Cli
from pmm.cli.session import Session
from pmm.core.step import Change, Step
from pmm.events import Timer

LIMIT_S = 5.0


class Told:
    """A session that keeps what it is told, when the gate is open, or raises."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.steps: list[int] = []
        self.lost = 0
        self._failure = failure

    def tells(self, step: Step) -> bool:
        return bool(step.changes)

    def on_step(self, step: Step, _took: int) -> None:
        self.entered.set()
        assert self.gate.wait(LIMIT_S)
        if self._failure is not None:
            raise self._failure
        self.steps.append(step.event.at)

    def on_loss(self, steps: int) -> None:
        self.lost += steps


def beside(told: Told, **options: Any) -> Beside:  # whatever the sink takes
    return Beside(Cli(quiet=True), cast("Session", told), **options)


def step(at: int) -> Step:
    return Step(Timer(at), changes=(Change(at, "feed", "feed 0", "STARTING", "RUNNING", "synced", "data"),))


def test_steps_that_say_something_are_told_in_order() -> None:
    told = Told()
    sink = beside(told)
    told.gate.set()
    for at in range(100):
        sink.on_step(step(at), 0)
        sink.on_step(Step(Timer(at)), 0)
    assert sink.close()
    assert told.steps == list(range(100))


def test_a_slow_reader_is_told_how_much_it_missed() -> None:
    told = Told()
    sink = beside(told, limit=10)
    for at in range(100):
        sink.on_step(step(at), 0)
        assert told.entered.wait(LIMIT_S)
    told.gate.set()
    assert sink.close()
    assert told.lost > 0
    assert told.lost + len(told.steps) == 100
    assert told.steps[-1] == 99 or told.lost == 99


def test_what_stdout_raised_is_raised_at_the_next_step() -> None:
    told = Told(BrokenPipeError("gone"))
    sink = beside(told)
    told.gate.set()
    sink.on_step(step(0), 0)
    assert sink.close()
    with pytest.raises(BrokenPipeError, match="gone"):
        sink.on_step(step(1), 0)


def test_a_session_says_how_much_was_lost(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(cast("Cli", SimpleNamespace(json=True, note=print, emit=lambda _, data, **__: print(data))), [])
    session.on_loss(7)
    assert "{'event': 'lost', 'steps': 7}" in capsys.readouterr().out

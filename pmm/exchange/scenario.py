"""A scenario file: acts of the control port, done by the venue's clock instead of by a test.

    [[step]]
    at = 2.5                    # seconds of the venue's clock since the exchange opened
    do = "/faults/requests"     # the path of the act
    on = "POST /order"          # and whatever its body holds
    harm = "answer_late"
    seconds = 8

Steps of one moment are done in the order of the file.  One seed and one file make one log.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from pmm.errors import UsageError
from pmm.model import SECOND, Nanos

STEPS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Step:
    """An act, so many ns after the exchange opened."""

    after: Nanos
    act: str
    body: dict[str, object] = field(default_factory=dict)


def read_scenario(file: Path, acts: Collection[str] | None = None) -> tuple[Step, ...]:
    """The steps of a file by time.  Raises UsageError that says which step is wrong."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read the scenario {file}: {error}") from error
    rows = table.get("step", [])
    if not isinstance(rows, list) or len(rows) > STEPS_MAX or set(table) - {"step"}:
        raise UsageError(f"{file}: a scenario is a list of [[step]] and nothing else")
    steps = [_step(file, number, row, acts) for number, row in enumerate(rows, 1)]
    return tuple(sorted(steps, key=lambda step: step.after))


def _step(file: Path, number: int, row: object, acts: Collection[str] | None) -> Step:
    if not isinstance(row, dict):
        raise UsageError(f"{file}: step {number} is no table")
    body = dict(row)
    at, act = body.pop("at", 0), body.pop("do", None)
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 1e9:
        raise UsageError(f"{file}: `at` of step {number} must be seconds since the beginning")
    if not isinstance(act, str) or (acts is not None and act not in acts):
        known = "" if acts is None else f" one of {', '.join(sorted(acts))}"
        raise UsageError(f"{file}: `do` of step {number} must be{known or ' the path of an act'}")
    return Step(round(at * SECOND), act, body)

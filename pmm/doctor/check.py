"""A check as data: what it is called, what it needs, and how it looks.  One wrong thing fails one row.

A check whose needs are not met is skipped, so that a wrong key is not also told as wrong credentials, no balance and
no approvals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from pmm.errors import ConfigError, PmmError

if TYPE_CHECKING:
    from pmm.doctor.patient import Patient


class State(StrEnum):
    """How it stands; FAIL keeps one from trading, WARN does not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, and how to mend it where something is wrong."""

    state: State
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The finding of one check."""

    name: str
    state: State
    found: str
    fix: str


Look: TypeAlias = Callable[["Patient"], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """`needs` are names of checks before this one; `network` and `wallet` say what it looks at."""

    name: str
    look: Look
    needs: tuple[str, ...] = ()
    network: bool = False
    wallet: bool = False


def ok(found: str) -> Finding:
    return Finding(State.OK, found)


def warn(found: str, fix: str) -> Finding:
    return Finding(State.WARN, found, fix)


def fail(found: str, fix: str) -> Finding:
    return Finding(State.FAIL, found, fix)


def skip(found: str) -> Finding:
    return Finding(State.SKIP, found)


async def run(checks: Sequence[Check], patient: Patient) -> list[Row]:
    """One row per check, in their order."""
    rows: dict[str, Row] = {}
    for check in checks:
        finding = _excuse(check, patient, rows) or await _look(check, patient)
        rows[check.name] = Row(check.name, finding.state, finding.found, finding.fix)
    return list(rows.values())


def _excuse(check: Check, patient: Patient, rows: dict[str, Row]) -> Finding | None:
    """Why a check is not made; None when it is."""
    if check.network and patient.offline:
        return skip("offline")
    if check.wallet and not patient.wants_wallet:
        return skip("not needed for a dry run")
    unmet = [need for need in check.needs if need in rows and rows[need].state in (State.FAIL, State.SKIP)]
    return skip(f"needs: {', '.join(unmet)}") if unmet else None


async def _look(check: Check, patient: Patient) -> Finding:
    """A failure that was foreseen is a finding; anything else is a defect of ours."""
    try:
        return await check.look(patient)
    except ConfigError as error:
        return fail("; ".join(error.problems), error.hint)
    except PmmError as error:
        return fail(error.message, error.hint)

"""Checks run in their order, and one that cannot be made says what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pmm.doctor.check import Check, Finding, State, fail, ok, run, skip, warn
from pmm.doctor.patient import Patient
from pmm.errors import ConfigError, DiskError


@dataclass
class Somebody:
    """What `run` itself looks at."""

    offline: bool = False
    wants_wallet: bool = True


def check(name: str, finding: Finding | Exception, *needs: str, network: bool = False, wallet: bool = False) -> Check:
    async def look(_patient: Patient) -> Finding:
        if isinstance(finding, Exception):
            raise finding
        return finding

    return Check(name, look, needs, network, wallet)


async def states(*checks: Check, patient: Somebody | None = None) -> list[tuple[State, str]]:
    rows = await run(checks, cast("Patient", patient or Somebody()))  # `run` looks at two fields only
    assert [row.name for row in rows] == [one.name for one in checks]
    return [(row.state, row.found) for row in rows]


async def test_what_needs_a_failed_or_skipped_check_is_skipped() -> None:
    told = await states(
        check("a", fail("broken", "mend it")),
        check("b", ok("fine"), "a"),
        check("c", ok("fine"), "b"),
        check("d", ok("fine")),
    )
    assert told == [
        (State.FAIL, "broken"),
        (State.SKIP, "needs: a"),
        (State.SKIP, "needs: b"),
        (State.OK, "fine"),
    ]


async def test_a_warning_keeps_nobody_from_looking() -> None:
    told = await states(check("a", warn("old", "renew it")), check("b", ok("fine"), "a"))
    assert told == [(State.WARN, "old"), (State.OK, "fine")]


async def test_a_foreseen_failure_is_a_finding_with_its_hint() -> None:
    (row,) = await run([check("a", DiskError("full", hint="Free some."))], cast("Patient", Somebody()))
    assert (row.state, row.found, row.fix) == (State.FAIL, "full", "Free some.")
    assert await states(check("a", ConfigError(["one", "two"]))) == [(State.FAIL, "one; two")]


async def test_offline_and_without_a_wallet_nothing_of_that_kind_is_looked_at() -> None:
    checks = (check("a", ok("fine"), network=True), check("b", ok("fine"), wallet=True), check("c", skip("no")))
    assert await states(*checks, patient=Somebody(offline=True, wants_wallet=False)) == [
        (State.SKIP, "offline"),
        (State.SKIP, "not needed for a dry run"),
        (State.SKIP, "no"),
    ]

"""`pmm drill`: trigger every safety of live trading, and see how long orders of ours stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.app.drill import Drill, Drilled

SCHEMA = "pmm.drill/1"
COLUMNS = ("drill", "ok", "what happened", "gone after", "promised", "because")


def drill(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="One of the drills; repeat for several.")
    ] = None,
) -> None:
    """Trigger each safety in turn and print the time until the venue holds no order of ours.

    Every drill quotes live on an exchange of its own with a fresh key and play money.  Exit 0, or 8 when one misses.
    """
    import asyncio

    from pmm.errors import CheckFailed

    cli = Cli.current()
    results = asyncio.run(_all(cli, _chosen(only)))
    missed = [one.name for one in results if not one.ok]
    data = {"drills": [_record(one) for one in results], "missed": missed}
    cli.emit(SCHEMA, data, human=lambda: cli.table(COLUMNS, [_row(one) for one in results]))
    if missed:
        raise CheckFailed(f"{len(missed)} drills missed what is promised: {', '.join(missed)}")


def _chosen(names: Sequence[str] | None) -> Sequence[Drill]:
    """Raises UsageError for a name that there is not."""
    from pmm.app.drill import DRILLS
    from pmm.errors import UsageError

    known = {one.name: one for one in DRILLS}
    strange = [name for name in names or () if name not in known]
    if strange:
        raise UsageError(f"there is no drill {strange[0]!r}", hint=f"The drills are: {', '.join(known)}.")
    return [known[name] for name in names] if names else DRILLS


async def _all(cli: Cli, drills: Sequence[Drill]) -> list[Drilled]:
    from pmm.app.drill import drill as run

    loaded, results = cli.load({"dry_run": True}), []
    for one in drills:
        results.append(await run(loaded, one))
        if results[-1].interrupted:
            raise KeyboardInterrupt
        cli.note("  ".join(_row(results[-1])))
    return results


def _record(one: Drilled) -> dict[str, object]:
    return {
        "drill": one.name,
        "ok": one.ok,
        "happened": one.happened,
        "expected": one.promised,
        "gone_after_ms": None if one.took is None else _ms(one.took),
        "promised_ms": _ms(one.bound),
        "cause": one.cause,
    }


def _row(one: Drilled) -> tuple[str, ...]:
    took = "never" if one.took is None else f"{_ms(one.took)} ms"
    return (one.name, "ok" if one.ok else "MISSED", one.happened, took, f"{_ms(one.bound)} ms", one.cause)


def _ms(nanos: int) -> int:
    return nanos // 1_000_000

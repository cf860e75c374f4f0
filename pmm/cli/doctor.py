"""`pmm doctor`: one row per thing that trading needs, and how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.doctor import Row

SCHEMA = "pmm.doctor/1"


def doctor(
    live: Annotated[bool, typer.Option("--live", help="Everything that live trading needs must be right.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Look at this machine only.")] = False,
) -> None:
    """Look at settings, machine, venue and wallet, and name what is wrong.  Exit 0, or 8 when a check fails."""
    import asyncio

    from pmm.doctor import State
    from pmm.doctor.examine import examine, unreadable
    from pmm.errors import CheckFailed, ConfigError

    cli = Cli.current()
    try:
        rows = asyncio.run(examine(cli.load(), cli.instance, cli.asker, live=live, offline=offline))
    except ConfigError as error:
        rows = unreadable(error)
    failed = [row.name for row in rows if row.state is State.FAIL]
    data = {
        "healthy": not failed,
        "live": live,
        "offline": offline,
        "failed": failed,
        "checks": [{"name": row.name, "state": row.state, "found": row.found, "fix": row.fix} for row in rows],
    }
    cli.emit(SCHEMA, data, human=lambda: _text(cli, rows))
    if failed:
        raise CheckFailed(f"{len(failed)} checks failed: {', '.join(failed)}", hint="The table says how to mend each.")


def _text(cli: Cli, rows: Sequence[Row]) -> str:
    lines = [cli.table(("check", "state", "found"), [(row.name, row.state, row.found) for row in rows])]
    lines += [f"{row.state}  {row.name}: {row.found}\n      {row.fix}" for row in rows if row.fix]
    return "\n\n".join(lines)

"""`pmm machines`: the state machines, as the rows that run."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.errors import Exit, UsageError

if TYPE_CHECKING:
    from pmm.fsm import Table


class NoSuchMachine(UsageError):
    """No state machine has that name."""

    code = "PMM-E102"
    exit = Exit.NOT_FOUND


def machines(name: Annotated[str | None, typer.Argument(help="One machine; all of them without.")] = None) -> None:
    """The transition tables of the state machines."""
    from pmm.core.machines import TABLES

    cli = Cli.current()
    if name is not None and name not in TABLES:
        near = difflib.get_close_matches(name, list(TABLES), n=1)
        hint = f"Did you mean `pmm machines {near[0]}`?" if near else f"There are: {', '.join(TABLES)}."
        raise NoSuchMachine(f"no state machine is called {name!r}", hint=hint)
    chosen = [table for key, table in TABLES.items() if name in {None, key}]
    if name is not None:
        cli.emit("pmm.machine/1", _record(chosen[0]), human=lambda: _text(cli, chosen[0]))
    else:
        records = [_record(table) for table in chosen]
        cli.emit_list(
            "pmm.machines/1", "machines", records, human=lambda: "\n\n".join(_text(cli, table) for table in chosen)
        )


def _record(table: Table) -> dict[str, object]:
    return {
        "name": table.name,
        "initial": table.initial,
        "states": list(table.states),
        "triggers": list(table.triggers),
        "rows": [{"state": row.source, "trigger": row.trigger, "dest": row.dest, "why": row.why} for row in table.rows],
    }


def _text(cli: Cli, table: Table) -> str:
    rows = [(row.source, row.trigger, row.dest, row.why) for row in table.rows]
    return f"{table.name} (starts in {table.initial})\n" + cli.table(("state", "trigger", "dest", "why"), rows)

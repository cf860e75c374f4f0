"""`pmm state`: the state file of an instance, its version, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.sinks.store import Store

SCHEMA = "pmm.state/1"
TABLES = ("intents", "orders", "trades", "openings", "ledger", "risk_events", "decisions", "samples", "markouts")

app = typer.Typer(help="The state file of an instance.", no_args_is_help=True)


@app.command()
def show() -> None:
    """Version, size and content of the state file, and the number of what a restart must come back to.

    A file of an older version is brought up to date first, as any command does that opens it.
    """
    from pmm.sinks.schema import SCRIPTS
    from pmm.sinks.store import Store

    cli = Cli.current()
    folder = _folder(cli)
    with Store.open(folder) as store:
        told: dict[str, object] = {
            "path": str(store.path),
            "version": len(SCRIPTS),
            "bytes": store.path.stat().st_size,
            "rows": {table: _count(store, table) for table in TABLES},
            "accounts": _accounts(store),
        }
    cli.emit(SCHEMA, told, human=lambda: _text(told))


@app.command()
def migrate() -> None:
    """Bring the state file to the tables of this version; what was there before stays beside it as a copy.

    Opening the file does the same; this is for doing it on purpose, before a bot is started.
    """
    from pmm.errors import DiskError, Exit
    from pmm.sinks.schema import SCRIPTS, copy_of, version_of
    from pmm.sinks.store import Store

    cli = Cli.current()
    folder = _folder(cli)
    before = version_of(folder)
    if before is None:
        error = DiskError(f"there is no state file in {folder}", hint="A bot makes one when it starts.")
        error.exit = Exit.NOT_FOUND
        raise error
    with Store.open(folder) as store:
        path = store.path
    copy = copy_of(folder, before) if 0 < before < len(SCRIPTS) else None
    told = {"path": str(path), "from": before, "to": len(SCRIPTS), "copy": None if copy is None else str(copy)}
    kept = "" if copy is None else f"; as it was: {copy}"
    moved = f"{path}: version {before} to {len(SCRIPTS)}{kept}"
    cli.emit(
        "pmm.state.migrate/1",
        told,
        human=lambda: moved if before != len(SCRIPTS) else f"{path}: is of version {before} already",
    )


def _folder(cli: Cli) -> Path:
    from pmm.app.account import state_folder

    return state_folder(cli.load().settings, cli.instance)


def _count(store: Store, table: str) -> int:
    from pmm.sinks.store import whole

    ((rows,),) = store.rows(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of a constant list
    return whole(rows)


def _accounts(store: Store) -> list[dict[str, object]]:
    """Each with the hash of its state; a live account's is what its next run has after its first read."""
    from pmm.app.account import SHADOW_WALLET
    from pmm.sinks.image import image
    from pmm.sinks.records import Records
    from pmm.sinks.store import whole

    told: list[dict[str, object]] = []
    for number, wallet, venue in store.rows("SELECT id, wallet, venue FROM accounts ORDER BY id"):
        simulated = wallet == SHADOW_WALLET
        epoch = Records(store, whole(number)).epoch if simulated else 0
        hexdigest = image(store, whole(number), epoch).hexdigest()
        mode = "dry-run" if simulated else "live"
        told.append({"wallet": wallet, "venue": venue, "mode": mode, "state_hash": hexdigest})
    return told


def _text(told: dict[str, object]) -> str:
    rows, accounts = told["rows"], told["accounts"]
    assert isinstance(rows, dict), "it was made as one"
    assert isinstance(accounts, list), "it was made as one"
    lines = [f"{told['path']}  version {told['version']}, {told['bytes']} bytes"]
    lines.append("  ".join(f"{table} {count}" for table, count in rows.items()))
    lines += [f"{one['mode']}  {one['wallet']} at {one['venue']}: state {one['state_hash'][:16]}" for one in accounts]
    return "\n".join(lines)

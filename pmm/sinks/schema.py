"""The state file of an instance: SQLite, its tables by version, and what its errors mean to a person.

A version is never changed once it was released: a new one is a further script at the end of `SCRIPTS`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pmm.errors import DiskError, Exit

NAME = "state.db"
# Somebody else's transaction lasts milliseconds; whoever waits longer waits for a program that hangs.
BUSY_MS = 1_000
# "pmm1", so that `file` and we can tell our files from others.
APPLICATION_ID = 0x706D6D31
FOLDER_MODE = 0o700
FILE_MODE = 0o600

# Numbers are integers in the units of `pmm.model`.  `epoch` is the run in a dry run, whose ids begin anew with every
# run, and 0 for an account at the venue, whose ids are unique.
SCRIPTS: tuple[str, ...] = (
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY, wallet TEXT NOT NULL, venue TEXT NOT NULL, UNIQUE (wallet, venue)
    );
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, began_at INTEGER NOT NULL,
        pid INTEGER NOT NULL
    );
    CREATE TABLE intents (
        account INTEGER NOT NULL REFERENCES accounts, order_id TEXT NOT NULL, venue_id TEXT NOT NULL,
        market TEXT NOT NULL, token TEXT NOT NULL, side TEXT NOT NULL, price INTEGER NOT NULL, size INTEGER NOT NULL,
        expires_at INTEGER, created_at INTEGER NOT NULL, body BLOB NOT NULL, crc INTEGER NOT NULL,
        closed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account, order_id)
    );
    CREATE UNIQUE INDEX intents_by_venue_id ON intents (account, venue_id);
    CREATE INDEX intents_open ON intents (account, created_at) WHERE closed = 0;
    CREATE INDEX intents_closed ON intents (created_at) WHERE closed = 1;
    CREATE TABLE markets (
        condition_id TEXT PRIMARY KEY, slug TEXT NOT NULL, question TEXT NOT NULL, yes TEXT NOT NULL, no TEXT NOT NULL,
        yes_outcome TEXT NOT NULL, no_outcome TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE orders (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, order_id TEXT NOT NULL,
        market TEXT NOT NULL, token TEXT NOT NULL, side TEXT NOT NULL, price INTEGER NOT NULL, size INTEGER NOT NULL,
        matched INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER,
        PRIMARY KEY (account, epoch, order_id)
    );
    CREATE INDEX orders_by_time ON orders (created_at);
    CREATE TABLE trades (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, trade_id TEXT NOT NULL,
        order_id TEXT NOT NULL, market TEXT NOT NULL, token TEXT NOT NULL, is_yes INTEGER NOT NULL, side TEXT NOT NULL,
        price INTEGER NOT NULL, size INTEGER NOT NULL, paid INTEGER NOT NULL, mid2 INTEGER NOT NULL,
        at INTEGER NOT NULL, status TEXT NOT NULL,
        PRIMARY KEY (account, epoch, trade_id, order_id)
    ) WITHOUT ROWID;
    CREATE INDEX trades_by_time ON trades (account, epoch, at);
    CREATE INDEX trades_by_order ON trades (account, epoch, order_id);
    CREATE TABLE marks (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, market TEXT NOT NULL,
        mid2 INTEGER NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (account, epoch, market)
    ) WITHOUT ROWID;
    CREATE TABLE latches (
        account INTEGER NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (account, name)
    ) WITHOUT ROWID;
    """,
    # Shares that no trade here explains, and the result of a day.
    """
    CREATE TABLE openings (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, token TEXT NOT NULL, at INTEGER NOT NULL,
        market TEXT NOT NULL, is_yes INTEGER NOT NULL, size INTEGER NOT NULL, mid2 INTEGER NOT NULL,
        PRIMARY KEY (account, epoch, token, at)
    ) WITHOUT ROWID;
    CREATE TABLE days (
        account INTEGER NOT NULL REFERENCES accounts, day INTEGER NOT NULL, money INTEGER NOT NULL,
        PRIMARY KEY (account, day)
    ) WITHOUT ROWID;
    """,
    # What rules said; why orders were what they were (`pmm.core.explanation`, compressed JSON); what a report is made
    # from: how a market stood every few seconds, the mid `horizon` seconds after a trade, and in the ledger what moved
    # money (in: positive) or shares besides trades; the neg-risk event of a market, empty where it stands alone.
    """
    CREATE TABLE risk_events (
        id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL,
        at INTEGER NOT NULL, rule TEXT NOT NULL, verdict TEXT NOT NULL, subject TEXT NOT NULL, reason TEXT NOT NULL,
        enforced INTEGER NOT NULL, stage INTEGER NOT NULL, size INTEGER
    );
    CREATE INDEX risk_events_by_time ON risk_events (account, epoch, at);
    CREATE TABLE decisions (
        seq INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL,
        at INTEGER NOT NULL, market TEXT NOT NULL, strategy TEXT NOT NULL, inputs BLOB NOT NULL, outputs BLOB NOT NULL
    );
    CREATE INDEX decisions_by_time ON decisions (account, epoch, at);
    CREATE TABLE decision_orders (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, order_id TEXT NOT NULL,
        seq INTEGER NOT NULL REFERENCES decisions ON DELETE CASCADE,
        PRIMARY KEY (account, epoch, order_id)
    ) WITHOUT ROWID;
    CREATE INDEX decision_orders_by_decision ON decision_orders (seq);
    CREATE TABLE samples (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, market TEXT NOT NULL, at INTEGER NOT NULL,
        mid2 INTEGER, yes INTEGER NOT NULL, no INTEGER NOT NULL, cash INTEGER NOT NULL,
        bid INTEGER, bid_size INTEGER, ask INTEGER, ask_size INTEGER, best_bid INTEGER, best_ask INTEGER,
        own_score INTEGER, others_score INTEGER, reward_per_day INTEGER,
        PRIMARY KEY (account, epoch, market, at)
    ) WITHOUT ROWID;
    CREATE INDEX samples_by_time ON samples (at);
    CREATE TABLE markouts (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, trade_id TEXT NOT NULL,
        order_id TEXT NOT NULL, horizon INTEGER NOT NULL, at INTEGER NOT NULL, mid2 INTEGER NOT NULL,
        PRIMARY KEY (account, epoch, trade_id, order_id, horizon)
    ) WITHOUT ROWID;
    CREATE TABLE ledger (
        account INTEGER NOT NULL REFERENCES accounts, epoch INTEGER NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL,
        at INTEGER NOT NULL, market TEXT NOT NULL, token TEXT NOT NULL, size INTEGER NOT NULL, money INTEGER NOT NULL,
        PRIMARY KEY (account, epoch, kind, ref)
    ) WITHOUT ROWID;
    CREATE INDEX ledger_by_time ON ledger (account, epoch, at);
    ALTER TABLE markets ADD COLUMN event TEXT NOT NULL DEFAULT '';
    """,
)


class StateTooNew(DiskError):
    """The state file was written by a newer pmm, whose tables this one does not know."""

    code = "PMM-E330"
    exit = Exit.CONFIG
    hint = "Use the newer pmm again, or another --instance."


class StateDamaged(DiskError):
    """The state file cannot be trusted; it is left as it is."""

    code = "PMM-E331"
    hint = (
        "Nothing was changed. Run `pmm cancel-all` until it says empty, then move the file and its -wal and -shm away;"
        " `sqlite3 FILE .recover` may save its trades."
    )


def version_of(folder: Path) -> int | None:
    """The version of the tables in a folder's file, which is not touched; None where there is none.

    Raises DiskError and StateDamaged.
    """
    path = folder / NAME
    if not path.exists():
        return None
    with explained(path), contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        return int(version)


def copy_of(folder: Path, version: int) -> Path:
    """Where a file of that version stays when it is brought up to date."""
    return folder / f"{NAME}.v{version}"


def connect(folder: Path, scripts: Sequence[str] = SCRIPTS) -> sqlite3.Connection:
    """Open the state file of a folder, made or brought up to date where it has to be, and proven to be writable.

    The answer may be used by several threads, one at a time.  Raises DiskError, StateDamaged and StateTooNew.
    """
    path = folder / NAME
    with explained(path):
        _make(folder, path)
        connection = sqlite3.connect(path, BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection, path, scripts)
        except BaseException:
            connection.close()
            raise
    return connection


def _make(folder: Path, path: Path) -> None:
    """The folder and the file, for nobody else to read."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from error


def _prepare(connection: sqlite3.Connection, path: Path, scripts: Sequence[str]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner not in {0, APPLICATION_ID}:
        raise StateDamaged(f"{path} is a database of another program")
    if version > len(scripts):
        raise StateTooNew(f"{path} has tables of version {version}, this pmm knows {len(scripts)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Where the system offers two kinds of sync (macOS), the one that reaches the disk.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise StateDamaged(f"{path} is damaged: {verdict}")
    _migrate(connection, path, version, scripts)
    connection.execute("BEGIN IMMEDIATE")  # a disk that takes nothing is noticed now
    connection.execute("ROLLBACK")


def _migrate(connection: sqlite3.Connection, path: Path, version: int, scripts: Sequence[str]) -> None:
    """One transaction for each version that is missing; a copy of what was there stays beside the file."""
    if 0 < version < len(scripts):
        _keep(connection, copy_of(path.parent, version))
    for number, script in enumerate(scripts[version:], version + 1):
        statements = f"{script}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}"
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {statements}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _keep(connection: sqlite3.Connection, copy: Path) -> None:
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT, FILE_MODE))
    with contextlib.closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Errors of the database as errors of ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, path) from error


def _ours(error: sqlite3.Error, path: Path) -> DiskError:
    # The low byte is the kind, the rest says more about it.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StateDamaged(f"{path} is damaged: {error}")
    if kind == sqlite3.SQLITE_FULL:
        return DiskError(f"the disk of {path} is full", hint="Free some space; nothing is sent until it can be noted.")
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return DiskError(f"{path} is held by another program", hint="Close whatever has the file open.")
    if kind == sqlite3.SQLITE_READONLY:
        return DiskError(f"{path} may only be read", hint="Give write permission, or choose another --data-dir.")
    return DiskError(f"{path} cannot be used: {error}")

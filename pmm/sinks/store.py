"""What must survive the process: orders that were about to be sent, and the latches that keep a bot from trading.

    store = Store.open(data_dir / instance)
    intents = Intents(store, store.account(wallet, venue))     # the `IntentLog` of a gateway
    store.latched(account)                                     # why nothing may be quoted

Whatever `intend` or `latch` returned for is on the disk, whenever the process dies and however.
"""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from pmm.model import SECOND, Nanos, OrderId, Side
from pmm.ports import Intent
from pmm.sinks.schema import APPLICATION_ID, NAME, SCRIPTS, StateDamaged, connect, explained

# The account of latches that hold for a whole instance.
EVERYBODY = 0
# Orders that are over are remembered for so long, for late news about them; trades for ever.
CLOSED_LIFE: Nanos = 2 * 86_400 * SECOND
# So many of them are forgotten at a time, about a millisecond of work; more than a busy second brings.
FORGOTTEN_MAX = 200
# SQLite takes at least so many values in one statement.
VALUES_MAX = 500

# The log that SQLite writes before its file is used from its start again when it has so many pages (its own default).
LOG_PAGES = 1_000
LOG_BYTES = LOG_PAGES * 4_096

_INTENT = "order_id, venue_id, market, token, side, price, size, expires_at, created_at, body, crc"
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class LatchName(StrEnum):
    """Why nothing may be quoted until `pmm kill --reset`: a person said so, or the bot stopped itself."""

    KILL = "kill"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class Latch:
    name: LatchName
    reason: str
    at: Nanos


class Store:
    """The state file of one instance, open; safe to use from several threads.  Methods raise DiskError."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._turn = threading.Lock()

    @classmethod
    def open(cls, folder: Path, scripts: Sequence[str] = SCRIPTS) -> Self:
        """Open or make the state file of an instance's folder.  Raises DiskError, StateDamaged and StateTooNew."""
        return cls(connect(folder, scripts), folder / NAME)

    @classmethod
    def exists(cls, folder: Path) -> bool:
        return (folder / NAME).exists()

    def close(self) -> None:
        with self._turn, explained(self.path):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def writing(self, *, synced: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction; `synced`: the disk has it when the block ends.  Nothing of a block that raises is kept."""
        with self._turn, explained(self.path):
            if not synced:
                # The other way round costs time where an order waits for it.
                self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            finally:
                if not synced:
                    self._connection.execute("PRAGMA synchronous = FULL")

    def put(self, statement: str, values: Sequence[object]) -> None:
        """One statement, all of it or nothing, which the disk has afterwards; quicker than a transaction around it."""
        with self._turn, explained(self.path):
            self._connection.execute(statement, values)

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """What a SELECT finds."""
        with self._turn, explained(self.path):
            return self._connection.execute(statement, values).fetchall()

    def make_room(self) -> None:
        """Let the log that SQLite writes have its full size now.

        While it grows, every order waits for the file system to find room, and twice as much processor time goes.
        What is written for it is taken back: more than the cache holds goes to the log before it is known to count.
        """
        log = self.path.with_name(f"{NAME}-wal")
        if log.exists() and log.stat().st_size >= LOG_BYTES:
            return
        with self._turn, explained(self.path):
            db = self._connection
            (pages,) = db.execute("PRAGMA cache_size").fetchone()
            db.execute("PRAGMA cache_size = 10")
            try:
                db.execute("BEGIN IMMEDIATE")
                db.execute("CREATE TABLE room (page BLOB)")
                db.executemany("INSERT INTO room VALUES (zeroblob(4000))", [()] * LOG_PAGES)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                db.execute(f"PRAGMA cache_size = {pages}")
        with self.writing(synced=True) as db:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")  # anything: what was written is on the disk then

    def account(self, wallet: str, venue: str) -> int:
        """The number of an account in this file: a wallet at a venue, or whatever name a dry run goes by."""
        with self.writing() as db:
            db.execute("INSERT OR IGNORE INTO accounts (wallet, venue) VALUES (?, ?)", (wallet.lower(), venue))
            row = db.execute("SELECT id FROM accounts WHERE wallet = ? AND venue = ?", (wallet.lower(), venue))
            return int(row.fetchone()[0])

    def open_intents(self) -> int:
        """How many orders of any account are not proven to be over."""
        (row,) = self.rows(
            "SELECT count(*) FROM intents i LEFT JOIN orders o ON o.account = i.account AND o.epoch = 0"
            " AND o.order_id = i.order_id WHERE i.closed = 0"
            " AND coalesce(o.state, '') NOT IN ('FILLED', 'CANCELED', 'EXPIRED', 'REJECTED', 'DENIED')"
        )
        return whole(row[0])

    # --- latches --------------------------------------------------------------------------------------------------

    def latch(self, name: LatchName, reason: str, at: Nanos, account: int = EVERYBODY) -> None:
        """Forbid quoting from now on, for one account or for the instance.  The first reason is kept."""
        with self.writing(synced=True) as db:
            db.execute("INSERT OR IGNORE INTO latches VALUES (?, ?, ?, ?)", (account, name, reason, at))

    def latched(self, account: int | None = None) -> list[Latch]:
        """The latches that hold for an account, or (None) for anybody, the oldest first."""
        who = "1" if account is None else "account IN (0, ?)"
        found = self.rows(
            f"SELECT name, reason, at FROM latches WHERE {who} ORDER BY at",  # noqa: S608 - one of two constants
            () if account is None else (account,),
        )
        return [Latch(LatchName(str(name)), str(reason), whole(at)) for name, reason, at in found]

    def reset(self) -> list[Latch]:
        """Take every latch off; what they were."""
        before = self.latched()
        with self.writing(synced=True) as db:
            db.execute("DELETE FROM latches")
        return before


class Intents:
    """The `IntentLog` of one account."""

    def __init__(self, store: Store, account: int) -> None:
        self._store = store
        self._account = account

    def make_room(self) -> None:
        """Let no order wait for the file system to find room.  Raises DiskError."""
        self._store.make_room()

    def intend(self, intents: Sequence[Intent]) -> None:
        """Write all of them or none, and wait until the disk has them.  Raises DiskError; then nothing may be sent."""
        if not intents:
            return
        flat: list[object] = []
        for intent in intents:
            values = _values(intent)
            flat += (self._account, *values, _crc(values))
        self._store.put(_intend(len(intents)), flat)

    def close(self, order_ids: Iterable[OrderId]) -> None:
        """The venue has proven that these are over.  Lost when the machine dies at once, which does no harm."""
        with self._store.writing() as db:
            db.executemany(
                "UPDATE intents SET closed = 1, body = x'' WHERE account = ? AND order_id = ?",
                [(self._account, order_id) for order_id in order_ids],
            )

    def open_intents(self) -> list[Intent]:
        """Orders that are not proven to be over, the oldest first.  Raises StateDamaged for one that changed."""
        found = self._store.rows(
            f"SELECT {_INTENT} FROM intents WHERE account = ? AND closed = 0 ORDER BY created_at, order_id",  # noqa: S608
            (self._account,),
        )
        return [self._intent(row) for row in found]

    def known(self, venue_ids: Sequence[str]) -> dict[str, OrderId]:
        """Our ids of the venue's, where we sent them within `CLOSED_LIFE`, also of orders that are over."""
        found: dict[str, OrderId] = {}
        for start in range(0, len(venue_ids), VALUES_MAX):
            some = venue_ids[start : start + VALUES_MAX]
            marks = ", ".join("?" * len(some))
            rows = self._store.rows(
                f"SELECT venue_id, order_id FROM intents WHERE account = ? AND venue_id IN ({marks})",  # noqa: S608
                (self._account, *some),
            )
            found |= {str(venue_id): str(order_id) for venue_id, order_id in rows}
        return found

    def venue_ids(self, order_ids: Sequence[OrderId]) -> dict[OrderId, str]:
        """The venue's ids of ours, where we sent them."""
        rows = [
            row
            for order_id in order_ids
            for row in self._store.rows(
                "SELECT order_id, venue_id FROM intents WHERE account = ? AND order_id = ?", (self._account, order_id)
            )
        ]
        return {str(order_id): str(venue_id) for order_id, venue_id in rows}

    def _intent(self, row: tuple[object, ...]) -> Intent:
        order_id, venue_id, market, token, side, price, size, expires_at, created_at, body, crc = row
        intent = Intent(
            order_id=str(order_id),
            venue_id=str(venue_id),
            market=str(market),
            token=str(token),
            side=Side(str(side)),
            price=whole(price),
            size=whole(size),
            expires_at=None if expires_at is None else whole(expires_at),
            created_at=whole(created_at),
            body=bytes(body) if isinstance(body, bytes) else b"",
        )
        if _crc(_values(intent)) != crc:
            raise StateDamaged(f"{self._store.path} is damaged: order {order_id} is not as it was written")
        return intent


@cache
def _intend(count: int) -> str:
    """The statement for so many orders; a gateway sends at most fifteen at a time."""
    return f"INSERT INTO intents (account, {_INTENT}) VALUES {', '.join([_VALUES] * count)}"  # noqa: S608


def _values(intent: Intent) -> tuple[object, ...]:
    return (
        intent.order_id,
        intent.venue_id,
        intent.market,
        intent.token,
        str(intent.side),
        intent.price,
        intent.size,
        intent.expires_at,
        intent.created_at,
        intent.body,
    )


def _crc(values: tuple[object, ...]) -> int:
    """The database notices torn pages, not a bit that fell over."""
    return zlib.crc32(repr(values).encode())


def whole(value: object) -> int:
    """A number as the file holds it."""
    assert isinstance(value, int), "nobody else writes to the file"
    return value

"""Decisions in the state file: what each was made from and what came of it, for `pmm explain`.

Bounded: the newest `DECISIONS_MAX` are kept, each for `DECISION_LIFE`.  One is 1 to 2 kB on the disk; those of the
last moment before a kill are lost, since nothing is sent on their strength.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import orjson
import zstandard

from pmm.core.explanation import VERSION, Evidence, Record, canonical, inputs_of, outputs_of
from pmm.core.step import Decision
from pmm.core.view import Targets
from pmm.model import SECOND, ConditionId, Nanos, OrderId
from pmm.sinks.schema import StateDamaged
from pmm.sinks.store import Store, whole

DECISIONS_MAX = 50_000
DECISION_LIFE: Nanos = 2 * 86_400 * SECOND
# Old ones that go with one write: more than a write brings, and about a millisecond of work.
FORGOTTEN_MAX = 200
# What an unpacked column may have at most; a full book of the finest tick is less.
BYTES_MAX = 4_000_000

_DECISION = "INSERT INTO decisions (account, epoch, at, market, strategy, inputs, outputs) VALUES (?, ?, ?, ?, ?, ?, ?)"
_PLACED = "INSERT OR REPLACE INTO decision_orders VALUES (?, ?, ?, ?)"
_FORGET = (
    "DELETE FROM decisions WHERE seq IN (SELECT seq FROM decisions ORDER BY seq LIMIT ?1)"
    " AND (at < ?2 OR seq <= (SELECT max(seq) FROM decisions) - ?3)"
)
_COLUMNS = "seq, account, epoch, at, market, strategy, inputs, outputs"


class DecisionWriter:
    """Writes decisions of one account and epoch into a transaction of the caller."""

    def __init__(self, account: int, epoch: int) -> None:
        self._key = account, epoch
        self._pack = zstandard.ZstdCompressor(level=3)

    def write(self, db: sqlite3.Connection, decisions: Iterable[Decision], now: Nanos) -> None:
        """Write those that carry evidence, and forget what is too old or one too many."""
        for decision in decisions:
            if decision.evidence is not None:
                self._write(db, decision, decision.evidence)
        db.execute(_FORGET, (FORGOTTEN_MAX, now - DECISION_LIFE, DECISIONS_MAX))

    def _write(self, db: sqlite3.Connection, decision: Decision, evidence: Evidence) -> None:
        told = _told(evidence, decision.targets)
        packed = [self._pack.compress(one) for one in told]
        row = (*self._key, decision.at, decision.market, evidence.strategy, *packed)
        seq = db.execute(_DECISION, row).lastrowid
        db.executemany(_PLACED, [(*self._key, order_id, seq) for order_id in evidence.placed])


def _told(evidence: Evidence, said: Targets) -> tuple[bytes, bytes]:
    """Inputs and outputs as bytes; a strategy is anybody's code, and what it says may be nothing that can be kept."""
    try:
        return canonical(inputs_of(evidence)), canonical(outputs_of(evidence, said))
    except TypeError as error:
        return canonical({"version": VERSION, "unkept": str(error)}), canonical({"placed": list(evidence.placed)})


@dataclass(frozen=True, slots=True)
class Kept:
    """One decision as it was kept; `inputs` and `outputs` are those of `pmm.core.explanation`.

    `epoch` is 0 where orders were real, otherwise the dry run.
    """

    seq: int
    account: int
    epoch: int
    at: Nanos
    market: ConditionId
    strategy: str
    inputs: Record
    outputs: Record


class Decisions:
    """Reads the decisions of a state file, of whatever account and run.

    Methods raise DiskError, and StateDamaged for one that cannot be unpacked.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def numbered(self, seq: int) -> Kept | None:
        return self._first("seq = ?", seq)

    def of_order(self, account: int, epoch: int, order_id: OrderId) -> Kept | None:
        """The one that placed an order of ours."""
        placed = "seq = (SELECT seq FROM decision_orders WHERE account = ? AND epoch = ? AND order_id = ?)"
        return self._first(placed, account, epoch, order_id)

    def before(self, at: Nanos) -> Kept | None:
        """The last one at that time or before it."""
        return self._first("at <= ? ORDER BY at DESC, seq DESC", at)

    def range(self) -> tuple[int, int] | None:
        """The numbers of the oldest and the newest that are kept; None where there is none."""
        ((first, last),) = self._store.rows("SELECT min(seq), max(seq) FROM decisions")
        return None if first is None else (whole(first), whole(last))

    def _first(self, where: str, *values: object) -> Kept | None:
        rows = self._store.rows(f"SELECT {_COLUMNS} FROM decisions WHERE {where} LIMIT 1", values)  # noqa: S608
        return self._kept(rows[0]) if rows else None

    def _kept(self, row: tuple[object, ...]) -> Kept:
        seq, account, epoch, at, market, strategy, *blobs = row
        inputs, outputs = (self._unpacked(blob, whole(seq)) for blob in blobs)
        return Kept(whole(seq), whole(account), whole(epoch), whole(at), str(market), str(strategy), inputs, outputs)

    def _unpacked(self, blob: object, seq: int) -> Record:
        try:
            assert isinstance(blob, bytes), "nobody else writes to the file"
            found = orjson.loads(zstandard.ZstdDecompressor().decompress(blob, max_output_size=BYTES_MAX))
        except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
            raise StateDamaged(f"{self._store.path} is damaged: decision {seq} cannot be unpacked: {error}") from error
        assert isinstance(found, dict), "it was written as one"
        return found

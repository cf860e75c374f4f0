"""What risk rules said, in the state file: for `pmm risk events`, and to count what a limit would have done.

Bounded: the newest `EVENTS_MAX` of the file are kept, whatever their age.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from pmm.core.rule import RiskEvent, Stage
from pmm.model import Nanos
from pmm.sinks.store import Store, whole

EVENTS_MAX = 100_000

Row: TypeAlias = tuple[str, tuple[object, ...]]

_EVENT = (
    "INSERT INTO risk_events (account, epoch, at, rule, verdict, subject, reason, enforced, stage, size)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
FORGET = "DELETE FROM risk_events WHERE id <= (SELECT max(id) FROM risk_events) - ?"


def rows_of(account: int, epoch: int, events: Sequence[RiskEvent]) -> list[Row]:
    """How they are written."""
    return [(_EVENT, (account, epoch, *_values(one))) for one in events]


def read(
    store: Store, account: int, epoch: int, *, limit: int, since: Nanos = 0, subject: str | None = None
) -> list[RiskEvent]:
    """The newest first, of one order, market or "account" where a subject is named.  Raises DiskError."""
    found = store.rows(
        "SELECT at, rule, verdict, subject, reason, enforced, stage, size FROM risk_events"
        " WHERE account = ? AND epoch = ? AND at >= ? AND (? IS NULL OR subject = ?) ORDER BY at DESC, id DESC LIMIT ?",
        (account, epoch, since, subject, subject, limit),
    )
    return [_event(row) for row in found]


def _values(one: RiskEvent) -> tuple[object, ...]:
    what = (one.rule, one.verdict, one.subject, one.reason)
    return (one.at, *what, int(one.enforced), int(one.stage), one.size)


def _event(row: tuple[object, ...]) -> RiskEvent:
    at, rule, verdict, subject, reason, enforced, stage, size = row
    return RiskEvent(
        at=whole(at),
        rule=str(rule),
        verdict=str(verdict),
        subject=str(subject),
        reason=str(reason),
        enforced=bool(enforced),
        stage=Stage(whole(stage)),
        size=None if size is None else whole(size),
    )

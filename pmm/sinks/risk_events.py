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
    "INSERT INTO risk_events (account, epoch, at, rule, verdict, subject, reason, enforced, stage)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
FORGET = "DELETE FROM risk_events WHERE id <= (SELECT max(id) FROM risk_events) - ?"


def rows_of(account: int, epoch: int, events: Sequence[RiskEvent]) -> list[Row]:
    """How they are written."""
    return [
        (
            _EVENT,
            (
                account,
                epoch,
                one.at,
                one.rule,
                one.verdict,
                one.subject,
                one.reason,
                int(one.enforced),
                int(one.stage),
            ),
        )
        for one in events
    ]


def read(store: Store, account: int, epoch: int, *, limit: int, since: Nanos = 0) -> list[RiskEvent]:
    """The newest first.  Raises DiskError."""
    found = store.rows(
        "SELECT at, rule, verdict, subject, reason, enforced, stage FROM risk_events"
        " WHERE account = ? AND epoch = ? AND at >= ? ORDER BY at DESC, id DESC LIMIT ?",
        (account, epoch, since, limit),
    )
    return [
        RiskEvent(whole(at), str(rule), str(verdict), str(subject), str(reason), bool(enforced), Stage(whole(stage)))
        for at, rule, verdict, subject, reason, enforced, stage in found
    ]

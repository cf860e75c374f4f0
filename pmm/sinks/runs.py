"""The runs that a state file remembers, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

from pmm.model import Nanos
from pmm.sinks.store import Store, whole

# A run that still goes on, or is the last of its account.
NEVER: Nanos = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Run:
    """`ended_at` is when the next run of its account began, `NEVER` where there is none."""

    number: int
    account: int
    wallet: str
    venue: str
    began_at: Nanos
    ended_at: Nanos


def runs(store: Store) -> list[Run]:
    """Raises DiskError."""
    found = store.rows(
        "SELECT r.id, r.account, a.wallet, a.venue, r.began_at, coalesce((SELECT min(n.began_at) FROM runs n"
        " WHERE n.account = r.account AND n.id > r.id), ?) FROM runs r JOIN accounts a ON a.id = r.account"
        " ORDER BY r.id DESC",
        (NEVER,),
    )
    return [
        Run(whole(number), whole(account), str(wallet), str(venue), whole(began_at), whole(ended_at))
        for number, account, wallet, venue, began_at, ended_at in found
    ]

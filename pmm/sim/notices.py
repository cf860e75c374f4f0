"""What the venue has told an account outside of its streams."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pmm.model import Nanos

Kind: TypeAlias = Literal[1, 2, 4, 5]
# Per account; older ones are forgotten.
NOTICES_KEPT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: 1 cancel, 2 fill, 4 market resolved, 5 rewards paid."""

    notice_id: int
    kind: Kind
    at: Nanos
    payload: dict[str, str]


class Notices:
    """The notifications of every account, oldest first."""

    def __init__(self) -> None:
        self._notices: defaultdict[str, deque[Notice]] = defaultdict(lambda: deque(maxlen=NOTICES_KEPT_MAX))
        self._given = 0

    def add(self, account: str, kind: Kind, at: Nanos, payload: dict[str, str]) -> None:
        self._given += 1
        self._notices[account].append(Notice(self._given, kind, at, payload))

    def of(self, account: str) -> list[Notice]:
        return list(self._notices.get(account, ()))

    def drop(self, account: str, ids: Iterable[int]) -> None:
        """Forget those of the account; ids of others and unknown ones change nothing."""
        gone = set(ids)
        kept = [notice for notice in self.of(account) if notice.notice_id not in gone]
        self._notices[account] = deque(kept, maxlen=NOTICES_KEPT_MAX)

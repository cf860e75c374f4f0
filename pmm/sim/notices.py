"""What the venue has told an account outside of its streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pmm.model import Nanos


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: 1 cancel, 2 fill, 4 market resolved."""

    notice_id: int
    kind: Literal[1, 2, 4]
    at: Nanos
    payload: dict[str, str]

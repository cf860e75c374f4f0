"""Pages of a list: a cursor is the base64 text of an offset; the last page says LTE=, which is -1."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from pmm.exchange.answers import Refused

FIRST_CURSOR = "MA=="
LAST_CURSOR = "LTE="

Row = TypeVar("Row")


def page(
    rows: Sequence[Row], cursor: str | None, limit: int, document: Callable[[Row], dict[str, object]]
) -> dict[str, object]:
    """The rows from `cursor` on, as the venue wraps them.  Raises Refused for a cursor that is none."""
    start = _offset(cursor or FIRST_CURSOR)
    data = [document(row) for row in rows[start : start + limit]]
    more = start + limit < len(rows)
    following = base64.b64encode(str(start + limit).encode()).decode() if more else LAST_CURSOR
    return {"limit": limit, "count": len(data), "next_cursor": following, "data": data}


def _offset(cursor: str) -> int:
    try:
        offset = int(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        raise Refused(400, "Invalid next_cursor") from None
    if offset < 0:
        raise Refused(400, "Invalid next_cursor")
    return offset

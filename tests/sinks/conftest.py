"""A state file in a folder of its own, and orders to write into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pmm.model import SECOND, SHARE, Nanos, Side
from pmm.ports import Intent
from pmm.sinks.store import Store

START: Nanos = 1_790_000_000 * SECOND


def intent(number: int, **more: object) -> Intent:
    """The order `live-1-<number>`."""
    facts: dict[str, object] = {
        "order_id": f"live-1-{number}",
        "venue_id": f"0x{number:064x}",
        "market": "0xm",
        "token": "123",
        "side": Side.BUY,
        "price": 4_800,
        "size": 10 * SHARE,
        "expires_at": START + 300 * SECOND,
        "created_at": START + number,
        "body": b'{"order":{"salt":%d}}' % number,
    }
    return Intent(**{**facts, **more})  # type: ignore[arg-type]  # the facts of a test


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "bot") as one:
        yield one

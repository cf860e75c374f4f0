"""Write one token of a recording as an event array of HftBacktest 2: an .npz file whose `data` has its `event_dtype`.

| field | type | here |
| --- | --- | --- |
| `ev` | u8 | 1 depth, 2 trade, 3 clear, 4 snapshot; bit 31 for the exchange, 30 local, 29 buy, 28 sell |
| `exch_ts` | i8 | the venue's time in ns |
| `local_ts` | i8 | the receive time in ns |
| `px`, `qty` | f8 | USD a share, shares |
| `order_id`, `ival`, `fval` | u8, i8, f8 | 0 |

The engine wants events in order of the exchange's time and in order of the local time at once.  Where the venue's own
times go backwards, an event stands twice: once for the exchange, once local.  It also wants a latency that is not
negative: where the receive clock was behind the venue's, all local times are moved by the same amount, which is told.
A change of the tick has no event there.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmm.model import GRID, MILLISECOND, SHARE, Nanos, Side
from pmm.recordings.rows import CHANGE, CLEAR, LEVEL, TRADE, Row

DEPTH, PRINT, WIPE, SNAPSHOT = 1, 2, 3, 4
EXCHANGE, LOCAL, BUY, SELL = 1 << 31, 1 << 30, 1 << 29, 1 << 28
_KINDS = {LEVEL: SNAPSHOT, CHANGE: DEPTH, TRADE: PRINT}
_EVENT = struct.Struct("<QqqddQqd")
_DTYPE = (
    "[('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8'), ('order_id', '<u8'), "
    "('ival', '<i8'), ('fval', '<f8')]"
)
_NPY_MAGIC = b"\x93NUMPY\x01\x00"
_NPY_ALIGN = 64
_MEMBER = "data.npy"


@dataclass(frozen=True, slots=True)
class _Event:
    number: int
    ev: int
    exchange: Nanos
    local: Nanos
    price: float
    size: float


def write_npz(rows: Iterable[Row], path: Path) -> tuple[int, Nanos]:
    """Write the rows of one token; how many events there are, and by how much local times were moved.

    Raises OSError, and ValueError when the rows are not of one token and one connection.
    """
    events = _events(rows)
    shift = max((event.exchange - event.local for event in events), default=0)
    shift = max(shift, 0)
    ordered = _both_orders(events)
    body = b"".join(
        _EVENT.pack(ev, event.exchange, event.local + shift, event.price, event.size, 0, 0, 0.0)
        for ev, event in ordered
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(_MEMBER), _npy(body, len(ordered)), zipfile.ZIP_DEFLATED)
    return len(ordered), shift


def _events(rows: Iterable[Row]) -> list[_Event]:
    events: list[_Event] = []
    whose: set[tuple[str, int]] = set()
    for row in rows:
        whose.add((row.token, row.connection))
        exchange = row.venue_ms * MILLISECOND
        if row.kind == CLEAR:
            # A side is cleared from its best price up to the price that is given.
            for ev, price in ((WIPE | BUY, 0.0), (WIPE | SELL, 1.0)):
                events.append(_Event(len(events), ev, exchange, row.received, price, 0.0))
        elif row.kind in _KINDS and row.price is not None and row.size is not None:
            ev = _KINDS[row.kind] | (BUY if row.side is Side.BUY else SELL)
            events.append(_Event(len(events), ev, exchange, row.received, row.price / GRID, row.size / SHARE))
    if len(whose) > 1:
        raise ValueError("rows of several tokens or connections")
    return events


def _both_orders(events: Sequence[_Event]) -> list[tuple[int, _Event]]:
    """Events with their flags: in order for those with the exchange's flag, and for those with the local one."""
    by_exchange = sorted(events, key=lambda event: (event.exchange, event.number))
    by_local = sorted(events, key=lambda event: (event.local, event.number))
    found: list[tuple[int, _Event]] = []
    at = 0
    for event in by_local:
        while at < len(by_exchange) and _key(by_exchange[at]) < _key(event):
            found.append((by_exchange[at].ev | EXCHANGE, by_exchange[at]))
            at += 1
        both = at < len(by_exchange) and by_exchange[at] is event
        found.append((event.ev | LOCAL | (EXCHANGE if both else 0), event))
        at += both
    return found


def _key(event: _Event) -> tuple[Nanos, int]:
    return event.exchange, event.number


def _npy(body: bytes, count: int) -> bytes:
    """The bytes of an .npy file of format 1.0, which `numpy.load` reads."""
    header = f"{{'descr': {_DTYPE}, 'fortran_order': False, 'shape': ({count},), }}"
    spare = -(len(_NPY_MAGIC) + 2 + len(header) + 1) % _NPY_ALIGN
    text = (header + " " * spare + "\n").encode("ascii")
    return _NPY_MAGIC + len(text).to_bytes(2, "little") + text + body

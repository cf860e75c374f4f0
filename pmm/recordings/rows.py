"""A recording as rows: what each message did to a book, and the trades.

| column | type | meaning |
| --- | --- | --- |
| `message` | integer | number of the message in the recording, from 1; rows of one message belong together |
| `received_ns` | integer | when it was received, unix time in ns |
| `connection` | integer | the socket it came from; one market on two sockets has every row twice |
| `venue_ms` | integer | the venue's own time, unix time in ms |
| `market` | text | condition id |
| `token` | text | token id |
| `kind` | text | `clear`: a whole book follows; `level`: one of its levels; `change` of one; `trade`; `tick` |
| `side` | text | BUY is a bid, SELL an ask; of a trade the taker's; empty for `clear` and `tick` |
| `price` | decimal, 4 places | USD a share; of a `tick` the new price step; empty for `clear` |
| `size` | decimal, 6 places | shares; 0 removes a level; empty for `clear` and `tick` |

Messages that the books refuse, changes older than their snapshot, and bodies of the order book endpoint have no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pmm._fast import ASK, BID
from pmm.model import ConditionId, Nanos, Price, Side, Size, TokenId
from pmm.recordings.following import ConnectionBooks, load
from pmm.recordings.library import Recording
from pmm.recordings.recorded import Recorded

CLEAR, LEVEL, CHANGE, TRADE, TICK = "clear", "level", "change", "trade", "tick"
_SIDES = (Side.BUY, Side.SELL)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, in our units."""

    message: int
    received: Nanos
    connection: int
    venue_ms: int
    market: ConditionId
    token: TokenId
    kind: str
    side: Side | None = None
    price: Price | None = None
    size: Size | None = None


def rows_of(recording: Recording) -> Iterator[Row]:
    """Every row, in the order of the recording.  Raises BadRecording."""
    loaded = load(recording)
    markets = {token: condition for condition, fact in loaded.facts.items() for token in fact.tokens}
    lines: dict[int, ConnectionBooks] = {}
    number = 0
    for entry in loaded.entries:
        if not isinstance(entry, Recorded):
            continue
        number += 1
        if entry.on_socket:
            line = lines.setdefault(entry.connection, ConnectionBooks(loaded.facts))
            if line.feed(entry) >= 0:
                yield from _rows(number, entry, line, markets)


def _rows(number: int, message: Recorded, line: ConnectionBooks, markets: dict[TokenId, ConditionId]) -> Iterator[Row]:
    books = line.books

    def row(index: int, kind: str, side: int | None = None, price: int | None = None, size: int | None = None) -> Row:
        token = line.tokens[index]
        at_ms = books.timestamp_ms(index)
        where = (number, message.at, message.connection, at_ms, markets[token], token)
        return Row(*where, kind, None if side is None else _SIDES[side], price, size)

    for index, tick in books.ticks:
        yield row(index, TICK, price=tick)
    for index in line.fresh:
        yield row(index, CLEAR)
        for side in (BID, ASK):
            yield from (row(index, LEVEL, side, price, size) for price, size in books.book(index).levels(side))
    for index, side, price, size in books.changes:
        if index not in line.fresh:
            yield row(index, CHANGE, side, price, size)
    for index, side, price, size, at_ms in books.trades:
        token = line.tokens[index]
        where = (number, message.at, message.connection, at_ms, markets[token], token)
        yield Row(*where, TRADE, _SIDES[side], price, size)

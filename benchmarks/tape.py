"""The busiest recording as the venue's frames: six markets of one game, with the hashes that its rows lack.

The rows are level changes and trades in floats (data reference, sections 4 and 8).  Of each mirrored pair the row of
the market's first token is kept; the frames and their hashes are then what the venue's own rules make of them.  The
recorder dropped the books that follow trades, so levels better than the best prices reported at the end of a
millisecond are removed by changes of their own, which is the repair that the reference found to be right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pmm._fast import ASK, BID, GRID
from pmm.model import MILLISECOND, Market, Nanos, Side, Token
from pmm.recordings.tickscope import Row, read_rows
from pmm.sim.catalog import MIN_ORDER_SIZE
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import LevelChange, Outcome

FILE = Path("ws/tickscope-polymarket_20260607_0130.parquet")
TICK = 10


@dataclass(frozen=True, slots=True)
class Tape:
    """The markets, the answer to a subscription, and every later message with its time from the first one, in ns."""

    markets: list[Market]
    opening: bytes
    frames: list[tuple[Nanos, bytes]]


def read(folder: Path, rows_max: int | None = None) -> Tape:
    """The tape from the folder of recordings; `rows_max` cuts it short."""
    rows = read_rows(folder / FILE)[:rows_max]
    begin = rows[0].at_ms
    wires = _wires(rows, begin)
    opening = array([wire.dump(outcome) for wire in _unique(wires) for outcome in Outcome])
    frames: list[tuple[Nanos, bytes]] = []
    for at_ms, together in groupby(rows, key=lambda row: row.at_ms):
        group = list(together)
        offset = (at_ms - begin) * MILLISECOND
        frames += ((offset, data) for data in _millisecond(group, wires, at_ms))
    return Tape([wire.market for wire in _unique(wires)], opening, frames)


def _wires(rows: list[Row], begin: int) -> dict[str, MarketWire]:
    """One wire for the two tokens of a market; they are those whose changes mirror each other most often."""
    pairs: dict[tuple[str, str], int] = defaultdict(int)
    last: dict[tuple[int, Side, int, int], str] = {}
    for row in rows:
        if row.trade:
            continue
        twin = last.pop((row.at_ms, row.side.opposite, GRID - row.price, row.size), None)
        if twin is None:
            last[row.at_ms, row.side, row.price, row.size] = row.token
        elif twin != row.token:
            pairs[twin, row.token] += 1
    wires: dict[str, MarketWire] = {}
    for (yes, no), _ in sorted(pairs.items(), key=lambda item: -item[1]):
        if yes not in wires and no not in wires:
            number = len(wires) // 2
            tokens = (Token(yes, "Yes"), Token(no, "No"))
            market = Market(f"0x{number:064x}", f"game-{number}", "Who wins?", tokens, TICK, MIN_ORDER_SIZE)
            wires[yes] = wires[no] = MarketWire(market, begin)
    return wires


def _unique(wires: dict[str, MarketWire]) -> list[MarketWire]:
    return list({id(wire): wire for wire in wires.values()}.values())


def _millisecond(rows: list[Row], wires: dict[str, MarketWire], at_ms: int) -> Iterator[bytes]:
    """The messages of one millisecond; best prices are only right at its end."""
    for row in rows:
        wire = wires[row.token]
        outcome = Outcome.YES if row.token == wire.market.yes else Outcome.NO
        if row.trade:
            wire.note_trade(outcome, row.side, row.price)
            yield wire.print_(outcome, row.side, row.price, row.size, at_ms).data
        elif outcome is Outcome.YES and 0 < row.price < GRID:
            change = LevelChange(BID if row.side is Side.BUY else ASK, row.price, row.size)
            yield wire.price_change(change, at_ms, Outcome.YES)[-1].data
    newest = {row.token: row for row in rows if not row.trade and row.token == wires[row.token].market.yes}
    for token, row in newest.items():
        yield from _repair(wires[token], row, at_ms)


def _repair(wire: MarketWire, row: Row, at_ms: int) -> Iterator[bytes]:
    book = wire.books[Outcome.YES]
    better = [(BID, price) for price, _ in book.levels(BID) if row.best_bid and price > row.best_bid]
    better += [(ASK, price) for price, _ in book.levels(ASK) if row.best_ask and price < row.best_ask]
    for side, price in better:
        yield wire.price_change(LevelChange(side, price, 0), at_ms, Outcome.YES)[-1].data

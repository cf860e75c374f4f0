"""Import a Tickscope parquet file: level changes and trades as rows of numbers, without books, hashes or markets.

Each row, or pair of rows that mirror each other, becomes one message in the venue's words; it carries no hash.  Which
two tokens are one market is told by who mirrors whom most often, and the condition id is made of their names.  The
recorder began in the middle, so the first message is the only invention: an empty book of every token, without a hash.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pmm.model import (
    GRID,
    MILLISECOND,
    SHARE,
    TICKS,
    ConditionId,
    Price,
    Side,
    Size,
    TokenId,
    price_text,
    size_text,
)
from pmm.recordings.extra import needed
from pmm.recordings.recorded import BadRecording, Event, Recorded
from pmm.sim.wording import compact, spaced

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIX = ".parquet"
SIDES = {"BID": Side.BUY, "ASK": Side.SELL}
COLUMNS = ("timestamp", "price", "size", "best_bid", "best_ask", "side", "event_type", "asset_id")


@dataclass(frozen=True, slots=True)
class Row:
    """One row in our units."""

    at_ms: int
    token: TokenId
    trade: bool
    side: Side
    price: Price
    size: Size
    best_bid: Price
    best_ask: Price

    def mirrors(self, other: Row) -> bool:
        """Whether both tell the same change of one market, each in terms of its own token."""
        return (
            not (self.trade or other.trade)
            and self.token != other.token
            and (self.at_ms, self.size, self.price) == (other.at_ms, other.size, GRID - other.price)
            and self.side is other.side.opposite
        )


def read(path: Path) -> list[Recorded]:
    """The rows of a file as messages, at the venue's own times.

    Raises BadRecording, and MissingExtra where pyarrow is not installed.
    """
    rows = read_rows(path)
    markets = _markets(rows)
    messages = [_opening(rows, markets)]
    pending: Row | None = None
    for row in rows:
        if pending is not None and pending.mirrors(row) and markets[pending.token] == markets[row.token]:
            messages.append(_changes((pending, row), markets))
            pending = None
            continue
        if pending is not None:
            messages.append(_changes((pending,), markets))
        pending = None if row.trade else row
        if row.trade:
            messages.append(_trade(row, markets))
    if pending is not None:
        messages.append(_changes((pending,), markets))
    return messages


def read_rows(path: Path) -> list[Row]:
    """The rows of a file in order of the venue's time.  Raises as `read` does."""
    rows = sorted(_rows(path), key=lambda row: row.at_ms)
    if not rows:
        raise BadRecording(f"{path} holds no row")
    return rows


def _rows(path: Path) -> Iterator[Row]:
    parquet = needed("pyarrow.parquet", f"to read {path.name}")
    try:
        table = parquet.read_table(path, columns=list(COLUMNS)).to_pydict()
        yield from (_row(*values) for values in zip(*(table[name] for name in COLUMNS), strict=True))
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadRecording(f"{path} is not a Tickscope recording: {error}") from error


def _row(
    at: datetime, price: float, size: float, bid: float | None, ask: float | None, side: str, kind: str, token: str
) -> Row:
    """Rounding gives back the decimals that the recorder turned into binary fractions."""
    return Row(
        round(at.timestamp() * 1000),
        token,
        kind == "LAST_TRADE",
        SIDES[side],
        round(price * GRID),
        round(size * SHARE),
        round((bid or 0) * GRID),
        round((ask or 0) * GRID),
    )


def _markets(rows: Sequence[Row]) -> dict[TokenId, ConditionId]:
    """The condition of every token; a token that nobody mirrors is a market of its own."""
    pairs: dict[tuple[TokenId, TokenId], int] = defaultdict(int)
    for one, other in pairwise(rows):
        if one.mirrors(other):
            pairs[min(one.token, other.token), max(one.token, other.token)] += 1
    found: dict[TokenId, ConditionId] = {}
    for pair, _ in sorted(pairs.items(), key=lambda item: -item[1]):
        if not any(token in found for token in pair):
            found |= dict.fromkeys(pair, _condition(*pair))
    return {row.token: found.get(row.token) or _condition(row.token) for row in rows}


def _condition(*tokens: TokenId) -> ConditionId:
    return "0x" + hashlib.sha256(" ".join(tokens).encode()).hexdigest()


def _opening(rows: Sequence[Row], markets: Mapping[TokenId, ConditionId]) -> Recorded:
    """An empty book of every token, with the coarsest tick that holds every price of its market."""
    prices: dict[ConditionId, set[Price]] = defaultdict(set)
    for row in rows:
        if not row.trade:
            prices[markets[row.token]].add(row.price)
    books: list[Event] = [
        {
            "market": condition,
            "asset_id": token,
            "timestamp": str(rows[0].at_ms),
            "bids": [],
            "asks": [],
            "tick_size": price_text(_tick(prices[condition])),
            "event_type": "book",
        }
        for token, condition in markets.items()
    ]
    return Recorded(rows[0].at_ms * MILLISECOND, compact(books), tuple(books))


def _tick(prices: set[Price]) -> Price:
    return next(tick for tick in TICKS if all(price % tick == 0 for price in prices))


def _changes(rows: Sequence[Row], markets: Mapping[TokenId, ConditionId]) -> Recorded:
    entries = [
        {
            "asset_id": row.token,
            "price": price_text(row.price),
            "size": size_text(row.size),
            "side": row.side.value,
            "best_bid": price_text(row.best_bid),
            "best_ask": price_text(row.best_ask),
        }
        for row in rows
    ]
    return _message(rows[0], markets, {"price_changes": entries}, "price_change")


def _trade(row: Row, markets: Mapping[TokenId, ConditionId]) -> Recorded:
    body: Event = {
        "asset_id": row.token,
        "price": price_text(row.price),
        "size": size_text(row.size),
        "side": row.side.value,
    }
    return _message(row, markets, body, "last_trade_price")


def _message(row: Row, markets: Mapping[TokenId, ConditionId], body: Event, kind: str) -> Recorded:
    event: Event = {"market": markets[row.token], **body, "timestamp": str(row.at_ms), "event_type": kind}
    return Recorded(row.at_ms * MILLISECOND, spaced(event), (event,))

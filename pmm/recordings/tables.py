"""Write the rows of a recording as CSV or Parquet (columns: `rows.py`), exact to the last decimal."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from pmm.model import PRICE_DECIMALS, SIZE_DECIMALS, decimal_text
from pmm.recordings.extra import needed
from pmm.recordings.rows import Row

COLUMNS = ("message", "received_ns", "connection", "venue_ms", "market", "token", "kind", "side", "price", "size")
# A group of rows that is in memory at once.
GROUP_ROWS = 65_536
_PRICE_DIGITS = 5
_SIZE_DIGITS = 19


def write_csv(rows: Iterable[Row], path: Path) -> int:
    """Write a table with a head line; how many rows it has.  Raises OSError."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(_values(row, _text))
            count += 1
    return count


def write_parquet(rows: Iterable[Row], path: Path) -> int:
    """Write row groups with decimal columns; how many rows there are.  Raises OSError, and MissingExtra."""
    arrow = needed("pyarrow", "to write parquet")
    parquet = needed("pyarrow.parquet", "to write parquet")
    schema = _schema(arrow)
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for group in _groups(rows):
            columns = zip(*(_values(row, _decimal) for row in group), strict=True)
            arrays = [arrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


def _schema(arrow: Any) -> Any:  # pyarrow states no types
    numbers = dict.fromkeys(("message", "received_ns", "venue_ms"), arrow.int64()) | {"connection": arrow.int32()}
    decimals = {
        "price": arrow.decimal128(_PRICE_DIGITS, PRICE_DECIMALS),
        "size": arrow.decimal128(_SIZE_DIGITS, SIZE_DECIMALS),
    }
    return arrow.schema([(name, {**numbers, **decimals}.get(name, arrow.string())) for name in COLUMNS])


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while group := list(islice(source, GROUP_ROWS)):
        yield group


def _values(row: Row, number: Callable[[int | None, int], object]) -> tuple[object, ...]:
    return (
        row.message,
        row.received,
        row.connection,
        row.venue_ms,
        row.market,
        row.token,
        row.kind,
        None if row.side is None else row.side.value,
        number(row.price, PRICE_DECIMALS),
        number(row.size, SIZE_DECIMALS),
    )


def _text(value: int | None, places: int) -> str | None:
    return None if value is None else decimal_text(value, places)


def _decimal(value: int | None, places: int) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-places)

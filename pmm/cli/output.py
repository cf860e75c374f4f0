"""What goes to stdout: one envelope per line for programs, plain tables for people.

Prices, sizes and money are strings in every envelope, because a JSON number does not keep decimals.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from pmm.errors import ConfigError, DiskError, PmmError

ERROR_SCHEMA = "pmm.error/1"


class Format(StrEnum):
    """How results are written: for a person, as one JSON document, or as a JSON line per record."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


def envelope(
    schema: str,
    data: object,
    *,
    mode: str,
    warnings: Sequence[str] = (),
    meta: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The one shape of every answer; `schema` is a name and a version such as "pmm.quote/1"."""
    return {
        "schema": schema,
        "ok": True,
        "mode": mode,
        "ts": utc_text(datetime.now(UTC)),
        "data": data,
        "warnings": list(warnings),
        "meta": dict(meta or {}),
    }


def error_envelope(error: PmmError) -> dict[str, object]:
    """The shape of every failure; settings that are wrong are listed one by one under `problems`."""
    body: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "exit": int(error.exit),
    }
    if isinstance(error, ConfigError):
        body["problems"] = list(error.problems)
    return {"schema": ERROR_SCHEMA, "ok": False, "error": body}


def utc_text(moment: datetime) -> str:
    """A moment as `2026-11-24T06:40:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_line(document: Mapping[str, object]) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def write(text: str) -> None:
    """One piece of data to stdout, flushed at once so that a pipe sees it now.

    Raises BrokenPipeError when the reader has gone, and DiskError when the output cannot hold it.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiskError(f"stdout cannot be written: {error.strerror}", hint="Free some space.") from error


def note(text: str) -> None:
    """One line to stderr; a closed stderr never stops the program."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except OSError:
        return


def printable(text: str) -> str:
    """Text of the venue without the control characters that could steer a terminal."""
    return "".join(" " if unicodedata.category(char)[0] == "C" else char for char in text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, width: int = 80) -> str:
    """Left-aligned columns under their names.  Columns of numbers are right-aligned; the widest is cut to fit."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    spare = sum(widths) + 2 * (len(columns) - 1) - width
    if spare > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(len(columns[widest]), 12, widths[widest] - spare)
    right = [bool(cells) and all(_numeric(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(_row(line, widths, right) for line in [list(columns), *cells])


def _row(line: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = (
        _cut(cell, size).rjust(size) if to_right else _cut(cell, size).ljust(size)
        for cell, size, to_right in zip(line, widths, right, strict=True)
    )
    return "  ".join(cells).rstrip()


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 3] + "..."


def _numeric(text: str) -> bool:
    return text in {"", "-"} or text.rstrip("%").lstrip("+-").replace(".", "", 1).replace(",", "").isdigit()

"""What goes to stdout: one envelope per line for programs, plain tables for people.

Prices, sizes and money are strings in every envelope, because a JSON number does not keep decimals.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from pmm.errors import DiskError, PmmError

ERROR_SCHEMA = "pmm.error/1"
COLUMN_MIN = 8


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
    """The shape of every failure.

    Wrong settings are listed under `problems`, markets that fit under `choices`, names of missing secrets under
    `missing`.
    """
    body: dict[str, object] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "exit": int(error.exit),
    }
    body |= {fact: list(getattr(error, fact)) for fact in ("problems", "choices", "missing") if hasattr(error, fact)}
    return {"schema": ERROR_SCHEMA, "ok": False, "error": body}


def utc_text(moment: datetime) -> str:
    """A moment as `2026-11-24T06:40:00.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def json_line(document: Mapping[str, object]) -> str:
    return orjson.dumps(document).decode()


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


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, width: int | None = None) -> str:
    """Columns under their names, numbers to the right.  Above `width` all but the first column are cut."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(columns), *cells]) for i in range(len(columns))]
    if width is not None:
        widths = _fitted(widths, [max(len(name), COLUMN_MIN) for name in columns], width)
    right = [bool(cells) and all(_numeric(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(_row(line, widths, right) for line in [list(columns), *cells])


def _fitted(widths: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Take columns from the widest until the line fits; the first one, a name to copy, stays whole."""
    fitted = list(widths)
    spare = sum(fitted) + 2 * (len(fitted) - 1) - width
    while spare > 0:
        candidates = [i for i in range(1, len(fitted)) if fitted[i] > least[i]]
        if not candidates:
            break
        fitted[max(candidates, key=lambda i: fitted[i])] -= 1
        spare -= 1
    return fitted


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

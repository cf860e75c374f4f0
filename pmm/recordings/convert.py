"""Convert a recording into the files that other tools read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pmm.errors import DiskError, Exit, LocalError
from pmm.model import Nanos, TokenId
from pmm.recordings.hftbacktest import write_npz
from pmm.recordings.library import Recording
from pmm.recordings.rows import Row, rows_of
from pmm.recordings.tables import write_csv, write_parquet
from pmm.recordings.target import Target

Answer = TypeVar("Answer")


class NoSuchToken(LocalError):
    """The recording holds nothing of that token, or of several where one has to be named."""

    code = "PMM-E309"
    exit = Exit.NOT_FOUND
    hint = "Name one of them with --token."

    def __init__(self, message: str, choices: list[TokenId]) -> None:
        super().__init__(message)
        self.choices = choices


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: rows, or events; `shift` is what was added to receive times for hftbacktest."""

    rows: int
    token: TokenId | None = None
    connection: int | None = None
    shift: Nanos = 0


def convert(recording: Recording, target: Target, out: Path, token: TokenId | None = None) -> Converted:
    """Write `out`, whole or not at all; only one token where one is named.

    Raises BadRecording, NoSuchToken, MissingExtra, and DiskError.
    """
    if target is Target.HFTBACKTEST:
        rows = _of_one(list(rows_of(recording)), token)
        events, shift = _whole(out, lambda path: write_npz(rows, path))
        return Converted(events, rows[0].token, rows[0].connection, shift)
    write = write_csv if target is Target.CSV else write_parquet
    wanted = (row for row in rows_of(recording) if token is None or row.token == token)
    return Converted(_whole(out, lambda path: write(wanted, path)), token)


def _of_one(rows: list[Row], token: TokenId | None) -> list[Row]:
    """The rows of one token, from the first connection that carried it."""
    there = dict.fromkeys(row.token for row in rows)
    if token is None and len(there) == 1:
        (token,) = there
    if token is None:
        raise NoSuchToken(f"hftbacktest files hold one token, and the recording {len(there)}", list(there))
    found = [row for row in rows if row.token == token]
    if not found:
        raise NoSuchToken(f"the recording holds nothing of token {token}", list(there))
    connection = min(row.connection for row in found)
    return [row for row in found if row.connection == connection]


def _whole(out: Path, write: Callable[[Path], Answer]) -> Answer:
    """Write to a name beside `out` that becomes `out` when everything is there."""
    part = out.with_name(f".{out.name}.part")
    try:
        answer = write(part)
        part.replace(out)
    except OSError as error:
        raise DiskError(f"cannot write {out}: {error.strerror}", hint="Choose another file with --out.") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return answer

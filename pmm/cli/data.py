"""`pmm data`: what recordings there are, whether they are whole, and their conversion for other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pmm.cli.context import Cli
from pmm.errors import Exit, LocalError
from pmm.model import SECOND, Nanos
from pmm.recordings.target import Target

if TYPE_CHECKING:
    from pmm.recordings.parts import Glance
    from pmm.recordings.verify import BookReport, FileReport

app = typer.Typer(help="Recordings: list, verify, convert.")

FILES_SCHEMA = "pmm.data.files/1"
FILE_SCHEMA = "pmm.data.file/1"
VERIFY_SCHEMA = "pmm.data.verify/1"
CONVERT_SCHEMA = "pmm.data.convert/1"

Source = Annotated[
    Path, typer.Argument(exists=True, help="A recording: a folder or file of ours, or a file of others.")
]


class DamagedRecording(LocalError):
    """A recording is not as it was written."""

    code = "PMM-E310"
    exit = Exit.CHECK_FAILED
    hint = "What is complete can still be read; a missing end is written by the next `pmm record` to that folder."


@app.command("ls")
def list_files(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="A folder of `pmm record`.")
    ],
) -> None:
    """The files of a folder: when, what, how much, and whether they are finished."""
    from pmm.recordings.lock import locked
    from pmm.recordings.parts import parts_of
    from pmm.recordings.recorded import BadRecording

    cli = Cli.current()
    parts = parts_of(folder)
    if not parts:
        raise BadRecording(f"{folder} holds no recording of ours")
    open_now = parts[-1] if locked(folder) else None
    records = [_listed(part, part == open_now) for part in parts]
    columns = ("file", "state", "begun", "seconds", "markets", "messages", "lost", "bytes")
    cli.emit_list(
        FILE_SCHEMA if cli.format == "jsonl" else FILES_SCHEMA,
        "files",
        records,
        human=lambda: cli.table(
            columns, [["-" if one[key] is None else one[key] for key in columns] for one in records]
        ),
    )


def _listed(path: Path, being_written: bool) -> dict[str, object]:
    from pmm.recordings.parts import glance
    from pmm.recordings.recorded import BadRecording

    size = path.stat().st_size
    try:
        found = glance(path)
    except BadRecording as error:
        nothing = dict.fromkeys(("begun", "seconds", "markets", "messages", "signals", "gaps", "lost"))
        return {"file": path.name, "state": "damaged", **nothing, "bytes": size, "cause": error.message}
    trailer = found.trailer
    return {
        "file": path.name,
        "state": _state(found, being_written),
        "begun": _utc(found.header.created),
        "seconds": _seconds(trailer.first, trailer.last) if trailer else None,
        "markets": len(found.header.markets),
        "messages": trailer.messages if trailer else None,
        "signals": trailer.signals if trailer else None,
        "gaps": trailer.gaps if trailer else None,
        "lost": trailer.lost if trailer else None,
        "bytes": size,
        "cause": "",
    }


def _state(found: Glance, being_written: bool) -> str:
    if found.trailer is not None:
        return "recovered" if found.trailer.recovered else "finished"
    return "recording" if being_written else "torn" if found.torn else "unfinished"


@app.command()
def verify(
    source: Source,
) -> None:
    """Check files, order and counts, rebuild every book and compare it with its hashes.  Exit 8 when damaged."""
    from pmm.recordings.library import open_recording
    from pmm.recordings.verify import verify_books, verify_files

    cli = Cli.current()
    recording = open_recording(source)
    files = verify_files(recording)
    books = verify_books(recording)
    problems = [f"{report.path.name}: {problem}" for report in files for problem in report.problems]
    if books.hashes.unexplained:
        cli.warn(f"{books.hashes.unexplained} hashes are not those of the rebuilt books: messages are missing or wrong")
    data = {
        "source": str(source),
        "whole": not problems,
        "problems": problems,
        "files": [_file_record(report) for report in files],
        "books": books.record(),
    }
    cli.emit(VERIFY_SCHEMA, data, human=lambda: _verified(cli, files, books))
    if problems:
        raise DamagedRecording(f"{source} is damaged: {'; '.join(problems)}")


def _file_record(report: FileReport) -> dict[str, object]:
    counts = report.counts
    return {
        "file": report.path.name,
        "finished": report.finished,
        "blocks": report.blocks,
        "messages": counts.messages,
        "signals": counts.signals,
        "gaps": counts.gaps,
        "lost": counts.lost,
        "torn_bytes": report.torn,
        "problems": report.problems,
    }


def _verified(cli: Cli, files: list[FileReport], books: BookReport) -> str:
    rows: list[tuple[str, object]] = [
        (report.path.name, "; ".join(report.problems) or f"whole, {report.counts.messages} messages")
        for report in files
    ]
    hashes = books.hashes
    rows += [
        ("messages", f"{books.messages}, {books.refused} refused, {books.stale} older than their snapshot"),
        ("books", f"{books.books}, {books.without_snapshot} of them never whole"),
        ("snapshots", f"{books.snapshots_equal} equal the rebuilt book, {books.snapshots_different} do not"),
        ("best prices", f"{books.best_prices_equal} equal, {books.best_prices_different} different"),
        ("crossed", books.crossed),
        ("hashes", f"{hashes.matched} matched, {hashes.explained} explained by what followed"),
        ("", f"{hashes.unexplained} unexplained, {hashes.undecided} cut off"),
        ("times", f"{books.backwards} times backwards"),
    ]
    return cli.table(("", ""), rows).lstrip("\n")


@app.command("convert")
def convert_file(
    source: Source,
    to: Annotated[Target, typer.Option(help="What to write.")],
    out: Annotated[Path, typer.Option(metavar="FILE", dir_okay=False, help="Where to; replaced when it is there.")],
    token: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this token; hftbacktest files hold one.")
    ] = None,
) -> None:
    """Rows of level changes, books and trades as parquet or csv, or the event array of HftBacktest for one token."""
    from pmm.errors import UsageError
    from pmm.recordings.convert import convert
    from pmm.recordings.library import open_recording

    cli = Cli.current()
    if out.exists() and out.samefile(source):
        raise UsageError("--out is the recording itself", hint="Name another file.")
    done = convert(open_recording(source), to, out, token)
    if done.shift:
        cli.warn(f"receive times were behind the venue's: {done.shift} ns were added to all of them")
    data = {
        "source": str(source),
        "out": str(out),
        "to": to.value,
        "rows": done.rows,
        "bytes": out.stat().st_size,
        "token": done.token,
        "connection": done.connection,
        "shift_ns": done.shift,
    }
    cli.emit(CONVERT_SCHEMA, data, human=lambda: f"{out}: {done.rows} rows")


def _utc(at: Nanos) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(first: Nanos | None, last: Nanos | None) -> str | None:
    return None if first is None or last is None else f"{(last - first) / SECOND:.3f}"

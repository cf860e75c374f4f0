"""Verify a recording: are its files as they were written, and do its messages agree with each other?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from pmm._fast import Book
from pmm.events import FeedNews, FeedSignal
from pmm.model import ConditionId, Nanos, Price, TokenId
from pmm.recordings.blocks import Damaged, unpack, walk
from pmm.recordings.counts import Counts
from pmm.recordings.following import ConnectionBooks, load
from pmm.recordings.hashes import HashCheck, HashCounts, LastTrade
from pmm.recordings.library import Recording
from pmm.recordings.lines import BadLine, Gap, Header, Trailer, decode_all
from pmm.recordings.lock import locked
from pmm.recordings.parts import digest
from pmm.recordings.recorded import BadRecording, Recorded


@dataclass
class FileReport:
    """One file of ours.  `problems` are empty where it is as it was written, or is being written now."""

    path: Path
    header: Header | None = None
    counts: Counts = field(default_factory=Counts)
    blocks: int = 0
    finished: bool = False
    torn: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class BookReport:
    """How the messages agree with each other.  Numbers of books count one token each."""

    messages: int = 0
    refused: int = 0
    stale: int = 0
    backwards: int = 0
    books: int = 0
    without_snapshot: int = 0
    snapshots_equal: int = 0
    snapshots_different: int = 0
    best_prices_equal: int = 0
    best_prices_different: int = 0
    crossed: int = 0
    hashes: HashCounts = field(default_factory=HashCounts)

    def record(self) -> dict[str, object]:
        return asdict(self)


def verify_files(recording: Recording) -> list[FileReport]:
    """Every block, count and digest of the files of ours; nothing of the shapes of others, which have none."""
    if not recording.ours:
        return []
    reports = [_file(path) for path in recording.parts]
    for before, after in pairwise(reports):
        one, other = before.header, after.header
        if one is not None and other is not None and one.session == other.session and other.part != one.part + 1:
            after.problems.append(f"it is part {other.part} and follows part {one.part}: a file is missing")
    for report in reports:
        if not report.finished and not (report is reports[-1] and locked(report.path.parent)):
            report.problems.append(f"its end is missing, and {report.torn} bytes are of a block that was cut off")
    return reports


def _file(path: Path) -> FileReport:
    report = FileReport(path)
    try:
        with path.open("rb") as file:
            _read(file, report)
    except OSError as error:
        report.problems.append(f"it cannot be read: {error.strerror}")
    except (Damaged, BadLine) as error:
        report.problems.append(f"it is {error}")
        report.finished = True  # there is more behind the damage
    return report


def _read(file: BinaryIO, report: FileReport) -> None:
    end = 0
    for block in walk(file):
        for line in decode_all(unpack(file, block)):
            if report.finished:
                report.problems.append(f"there is more behind its end, at byte {block.start}")
                return
            if (report.header is None) != isinstance(line, Header):
                report.problems.append(f"it does not begin with one header; byte {block.start}")
                return
            match line:
                case Header():
                    report.header = line
                case Trailer():
                    report.finished = True
                    _compare(line, report, digest(file, block.start))
                case _:
                    report.counts.add(line)
        report.blocks += 1
        end = block.end
    report.torn = file.seek(0, 2) - end


def _compare(trailer: Trailer, report: FileReport, sha256: str) -> None:
    if trailer.sha256 != sha256:
        report.problems.append("its bytes are not those that its end was written for")
    if report.counts.trailer(trailer.sha256, recovered=trailer.recovered) != trailer:
        report.problems.append("it does not hold what its end says")


def verify_books(recording: Recording) -> BookReport:
    """Rebuild every book and compare it with everything that messages say about it.

    Stops where a file is damaged, which `verify_files` tells.  Raises BadRecording for the shapes of others.
    """
    check = _Check(recording)
    try:
        check.run()
    except BadRecording:
        if not recording.ours:
            raise
    return check.report


class _Check:
    def __init__(self, recording: Recording) -> None:
        self.report = BookReport()
        loaded = load(recording)
        self._entries = loaded.entries
        self._facts = loaded.facts
        self._markets = {token: condition for condition, fact in loaded.facts.items() for token in fact.tokens}
        self._last: dict[ConditionId, LastTrade] = defaultdict(LastTrade)
        self._lines: dict[int, ConnectionBooks] = {}
        self._hashes: dict[tuple[int, TokenId], HashCheck] = {}
        self._crossed: dict[tuple[int, TokenId], int] = {}
        self._seen: dict[TokenId, bool] = {}  # whether a whole book of it came

    def run(self) -> None:
        latest: Nanos = 0
        for entry in self._entries:
            self.report.backwards += entry.at < latest
            latest = entry.at
            match entry:
                case Recorded():
                    self._message(entry)
                case FeedSignal() if entry.news is FeedNews.CLOSED:
                    self._forget(entry.connection)
                case Gap():
                    for connection in tuple(self._lines):
                        self._forget(connection)
        for connection in tuple(self._lines):
            self._forget(connection)
        self.report.books = len(self._seen)
        self.report.without_snapshot = sum(not whole for whole in self._seen.values())

    def _message(self, message: Recorded) -> None:
        self.report.messages += 1
        if not message.on_socket:
            return
        line = self._lines.setdefault(message.connection, ConnectionBooks(self._facts))
        before = self._before(line, message)
        if line.feed(message) < 0:
            self.report.refused += 1
            return
        self._note_last_trades(message)
        changed = _by_index(line.books.changes)
        for index in line.books.touched:
            token = line.tokens[index]
            self._seen[token] = self._seen.get(token, False) or index in line.fresh
            if index in before and index in line.fresh:
                equal = before[index] == line.books.book(index)
                self.report.snapshots_equal += equal
                self.report.snapshots_different += not equal
            if line.books.snapshots(index):
                self._judge(message, line, index, changed[index])

    def _judge(self, message: Recorded, line: ConnectionBooks, index: int, prices: list[Price]) -> None:
        books, token = line.books, line.tokens[index]
        key = (message.connection, token)
        if index not in line.fresh and prices:
            self.report.best_prices_equal += books.agrees(index)
            self.report.best_prices_different += not books.agrees(index)
        self._settle_crossed(key, books.timestamp_ms(index))
        if _is_crossed(books.book(index)):
            self._crossed[key] = books.timestamp_ms(index)
        if key not in self._hashes:
            market = self._markets[token]
            self._hashes[key] = HashCheck(
                books, token, market, self._facts[market], self._last[market], self.report.hashes
            )
        self._hashes[key].look(message.at, prices)

    def _settle_crossed(self, key: tuple[int, TokenId], at_ms: int) -> None:
        """A book is judged when its millisecond is over: a batch may cross it in between."""
        since = self._crossed.pop(key, at_ms)
        self.report.crossed += since != at_ms

    def _note_last_trades(self, message: Recorded) -> None:
        for event in message.events:
            text = event.get("last_trade_price")
            if isinstance(text, str) and isinstance(event.get("market"), str):
                self._last[str(event["market"])].text = text

    def _before(self, line: ConnectionBooks, message: Recorded) -> dict[int, Book]:
        """The books that a message is going to replace, as they were."""
        found: dict[int, Book] = {}
        for event in message.events:
            index = line.books.index(str(event.get("asset_id"))) if event.get("event_type") == "book" else None
            if index is not None and line.books.snapshots(index):
                found[index] = line.books.book(index).copy()
        return found

    def _forget(self, connection: int) -> None:
        """What a socket brought is worth nothing once it was closed, or something of it is missing."""
        line = self._lines.pop(connection, None)
        if line is None:
            return
        self.report.stale += line.books.stale
        for key in [key for key in self._hashes if key[0] == connection]:
            self._hashes.pop(key).end()
        for key in [key for key in self._crossed if key[0] == connection]:
            self._crossed.pop(key)
            self.report.crossed += 1


def _by_index(changes: Iterable[tuple[int, int, int, int]]) -> dict[int, list[Price]]:
    found: dict[int, list[Price]] = defaultdict(list)
    for index, _, price, _ in changes:
        found[index].append(price)
    return found


def _is_crossed(book: Book) -> bool:
    return book.best_bid is not None and book.best_ask is not None and book.best_bid >= book.best_ask

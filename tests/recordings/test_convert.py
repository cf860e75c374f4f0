"""Every way out of a recording leads back to the same books and trades."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from pmm._fast import ASK, BID, Books
from pmm.errors import DiskError
from pmm.events import Frame
from pmm.model import MILLISECOND, parse_price, parse_size
from pmm.recordings import extra
from pmm.recordings.convert import NoSuchToken, convert
from pmm.recordings.extra import MissingExtra
from pmm.recordings.library import Recording, open_recording
from pmm.recordings.lines import Entry
from pmm.recordings.rows import rows_of
from pmm.recordings.target import Target
from tests.recordings.story import MARKET, NO, START, YES, market_day, wrote

LEVEL = {"asset_id": YES, "side": "SELL"}

Ladder = dict[str, dict[int, int]]


def told(kind: str, at: int, late: int = 0, **body: object) -> Frame:
    event = {"market": MARKET.condition_id, **body, "timestamp": str(START // MILLISECOND + at), "event_type": kind}
    return Frame(START + (at + late) * MILLISECOND, 0, orjson.dumps(event))


def story() -> list[Entry]:
    """A day with a finer tick, a late print, and a book that became empty."""
    return [
        *market_day(30),
        told("tick_size_change", 2_000, asset_id=YES, old_tick_size="0.01", new_tick_size="0.001"),
        told("price_change", 2_001, price_changes=[{**LEVEL, "price": "0.445", "size": "7.25"}]),
        told("last_trade_price", 1_950, late=51, asset_id=YES, price="0.445", size="0.000001", side="BUY"),
        told("book", 2_002, asset_id=NO, bids=[], asks=[]),
    ]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    wrote(tmp_path / "recording", *story())
    return open_recording(tmp_path / "recording")


def truth() -> dict[str, Ladder]:
    """The books at the end, by the kernel alone."""
    books = Books()
    for token in (YES, NO):
        books.add(token)
    for entry in story():
        assert not isinstance(entry, Frame) or books.feed(entry.data) >= 0
    return {
        token: {
            name: dict(books.book(books.index(token) or 0).levels(side)) for name, side in (("BUY", BID), ("SELL", ASK))
        }
        for token in (YES, NO)
    }


def rebuilt(rows: Iterable[Mapping[str, str]]) -> tuple[dict[str, Ladder], list[tuple[str, str, str]]]:
    """Books and trades by dictionaries alone, from rows of text."""
    books: dict[str, Ladder] = {}
    trades = []
    for row in rows:
        book = books.setdefault(row["token"], {"BUY": {}, "SELL": {}})
        if row["kind"] == "clear":
            books[row["token"]] = {"BUY": {}, "SELL": {}}
        elif row["kind"] in {"level", "change"}:
            book[row["side"]].pop(parse_price(row["price"]), None)
            if parse_size(row["size"]):
                book[row["side"]][parse_price(row["price"])] = parse_size(row["size"])
        elif row["kind"] == "trade":
            trades.append((row["side"], row["price"], row["size"]))
    return books, trades


def test_a_csv_file_leads_back_to_the_books(recording: Recording, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    done = convert(recording, Target.CSV, out)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(rows) == done.rows
    assert rebuilt(rows) == (truth(), [("BUY", "0.445", "0.000001")])
    assert [row["price"] for row in rows if row["kind"] == "tick"] == ["0.001"]
    assert {row["market"] for row in rows} == {MARKET.condition_id}
    assert int(rows[0]["received_ns"]) == START


def test_a_parquet_file_leads_back_to_the_books(recording: Recording, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "rows.parquet"
    done = convert(recording, Target.PARQUET, out)
    table = parquet.read_table(out)
    assert [str(table.schema.field(name).type) for name in ("price", "size", "received_ns")] == [
        "decimal128(5, 4)",
        "decimal128(19, 6)",
        "int64",
    ]
    rows = [{key: text_of(value) for key, value in row.items()} for row in table.to_pylist()]
    assert len(rows) == done.rows
    assert rebuilt(rows) == (truth(), [("BUY", "0.4450", "0.000001")])


def text_of(value: object) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def test_rows_of_the_two_tables_are_the_same(recording: Recording, tmp_path: Path) -> None:
    assert [row.kind for row in rows_of(recording)].count("trade") == 1
    assert convert(recording, Target.CSV, tmp_path / "one.csv", NO).rows == sum(
        row.token == NO for row in rows_of(recording)
    )


EVENT = struct.Struct("<QqqddQqd")


def events(file: Path) -> list[tuple[int, int, int, float, float]]:
    """The array of an .npz file, read by hand."""
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["data.npy"]
        data = archive.read("data.npy")
    assert data[:8] == b"\x93NUMPY\x01\x00"
    length = int.from_bytes(data[8:10], "little")
    header = data[10 : 10 + length].decode()
    body = data[10 + length :]
    assert (10 + length) % 64 == 0
    assert header.endswith("\n")
    assert f"'shape': ({len(body) // 64},)" in header
    found = [EVENT.unpack_from(body, at) for at in range(0, len(body), 64)]
    assert all(one[5:] == (0, 0, 0.0) for one in found)
    return [one[:5] for one in found]


def replayed(found: Iterable[tuple[int, int, int, float, float]], flag: int) -> Ladder:
    """The book as the exchange or the local side of HftBacktest has it."""
    book: Ladder = {"BUY": {}, "SELL": {}}
    for ev, _, _, price, size in found:
        if not ev & flag:
            continue
        side = "BUY" if ev & 1 << 29 else "SELL"
        assert bool(ev & 1 << 28) == (side == "SELL")
        if ev & 0xFF == 3:
            book[side].clear()
        elif ev & 0xFF in {1, 4}:
            book[side].pop(round(price * 10_000), None)
            if size:
                book[side][round(price * 10_000)] = round(size * 1_000_000)
    return book


@pytest.mark.parametrize("token", [YES, NO])
def test_an_event_array_leads_back_to_the_book_on_both_sides(recording: Recording, tmp_path: Path, token: str) -> None:
    out = tmp_path / "events.npz"
    done = convert(recording, Target.HFTBACKTEST, out, token)
    found = events(out)
    assert len(found) == done.rows
    for flag, time in ((1 << 31, 1), (1 << 30, 2)):
        assert replayed(found, flag) == truth()[token]
        times = [one[time] for one in found if one[0] & flag]
        assert times == sorted(times)
    assert all(one[2] >= one[1] for one in found)


def test_a_late_print_stands_twice_once_for_either_order(recording: Recording, tmp_path: Path) -> None:
    out = tmp_path / "events.npz"
    convert(recording, Target.HFTBACKTEST, out, YES)
    prints = [one for one in events(out) if one[0] & 0xFF == 2]
    assert [one[0] >> 30 for one in prints] == [2, 1]
    assert {one[1:] for one in prints} == {(START + 1_950 * MILLISECOND, START + 2_001 * MILLISECOND, 0.445, 1e-6)}


def test_receive_times_behind_the_venue_s_are_moved_together(tmp_path: Path) -> None:
    early = [
        Frame(entry.at - 5 * MILLISECOND, 0, entry.data) if isinstance(entry, Frame) else entry for entry in story()
    ]
    wrote(tmp_path / "recording", *early)
    done = convert(open_recording(tmp_path / "recording"), Target.HFTBACKTEST, tmp_path / "events.npz", YES)
    assert done.shift == 5 * MILLISECOND
    assert min(one[2] - one[1] for one in events(tmp_path / "events.npz")) == 0


def test_an_event_array_holds_one_token_that_is_there(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(NoSuchToken) as several:
        convert(recording, Target.HFTBACKTEST, tmp_path / "events.npz")
    assert set(several.value.choices) == {YES, NO}
    with pytest.raises(NoSuchToken, match="nothing of token"):
        convert(recording, Target.HFTBACKTEST, tmp_path / "events.npz", "3")
    assert not (tmp_path / "events.npz").exists()


def test_what_cannot_be_written_leaves_what_was_there(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="cannot write"):
        convert(recording, Target.CSV, tmp_path / "nowhere" / "rows.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["recording"]


def test_a_missing_package_is_named(recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extra.importlib, "import_module", absent)
    with pytest.raises(MissingExtra, match="pyarrow is needed to write parquet"):
        convert(recording, Target.PARQUET, tmp_path / "rows.parquet")

"""Real frames of the venue: rebuilt books equal its own snapshots, best prices and hashes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from .conftest import Kernel

BURSTS = ("jg-20260428a-precutover-raw_messages.jsonl.zst", "jg-20260429T021025Z-raw_messages.jsonl.zst")
JOURNAL = "sahajpatel-20260727-journal.first800.jsonl.zst"


def lines(path: Path) -> Iterator[Any]:
    raw = path.read_bytes()
    text = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw)).read() if path.suffix == ".zst" else raw
    return map(json.loads, text.decode().splitlines())


def events(frame: str) -> list[dict[str, Any]]:
    item = json.loads(frame)
    return item if isinstance(item, list) else [item]


def snapshots(frame: str) -> list[dict[str, Any]]:
    return [event for event in events(frame) if "bids" in event]


def follow(books: Any, frames: list[str], tick: int = 100) -> None:
    for frame in frames:
        for event in events(frame):
            for part in (event, *event.get("price_changes", [])):
                if "asset_id" in part:
                    books.add(part["asset_id"], tick)


def units(rows: list[dict[str, str]]) -> list[tuple[int, int]]:
    return sorted((round(float(row["price"]) * 10_000), round(float(row["size"]) * 1_000_000)) for row in rows)


def hash_of(books: Any, book: dict[str, Any], last: str, neg_risk: bool) -> str:
    index = books.index(book["asset_id"])
    digest: str = books.book(index).hash(book["market"], book["asset_id"], book["timestamp"], "5", neg_risk, last)
    return digest


def check_snapshots(books: Any, frame: str) -> None:
    for book in snapshots(frame):
        view = books.book(books.index(book["asset_id"]))
        assert sorted(view.levels(0)) == units(book["bids"])
        assert sorted(view.levels(1)) == units(book["asks"])
        assert books.reported_hash(books.index(book["asset_id"])) == book["hash"]


def test_the_bursts_give_every_snapshot_best_price_and_hash(kernel: Kernel, recordings: Path) -> None:
    for name in BURSTS:
        raw = [line for line in lines(recordings / "ws" / name) if line["source"] == "polymarket_clob"]
        frames = [line["payload"] for line in raw]
        books = kernel.Books()
        follow(books, frames)
        for frame in frames:
            assert books.feed(frame) >= 0
            check_snapshots(books, frame)
            for book in snapshots(frame):
                last = book["last_trade_price"]
                assert book["hash"] in [hash_of(books, book, last, neg_risk) for neg_risk in (False, True)]
        assert (books.refused, books.unknown, books.stale, books.mismatches) == (0, 0, 0, 0)


def test_the_journal_agrees_on_every_best_price(kernel: Kernel, recordings: Path) -> None:
    records = [line["data"] for line in lines(recordings / "ws" / JOURNAL) if line["kind"] in ("book", "price_change")]
    frames = [json.dumps(record, separators=(", ", ":")) for record in records]
    books = kernel.Books()
    follow(books, [frame for frame in frames if snapshots(frame)], tick=10)
    entries = 0
    for frame in frames:
        assert books.feed(frame) >= 0
        entries += len(books.changes)
        check_snapshots(books, frame)
    assert entries > 700
    assert (books.refused, books.stale, books.mismatches) == (0, 0, 0)


def test_the_journal_carries_the_hash_of_our_book(kernel: Kernel, recordings: Path) -> None:
    records = [line["data"] for line in lines(recordings / "ws" / JOURNAL) if line["kind"] in ("book", "price_change")]
    books = kernel.Books()
    follow(books, [json.dumps(record) for record in records if "bids" in record], tick=10)
    last = next(record["last_trade_price"] for record in records if "bids" in record)
    found = entries = 0
    for record in records:
        books.feed(json.dumps(record))
        for entry in record.get("price_changes", []):
            if books.index(entry["asset_id"]) is None:
                continue
            facts = {"market": record["market"], "asset_id": entry["asset_id"], "timestamp": record["timestamp"]}
            found += hash_of(books, facts, last, True) == entry["hash"]
            entries += 1
    # The rest already carries the hash of the next messages of its millisecond (data reference, section 3).
    assert found / entries > 0.9


def test_frames_of_2025_agree_with_their_mid_stream_book(kernel: Kernel, recordings: Path) -> None:
    frames = (recordings / "ws" / "frames-20251223-btc15m.jsonl").read_text().splitlines()
    books = kernel.Books()
    follow(books, frames)
    for frame in frames:
        assert books.feed(frame) >= 0
        check_snapshots(books, frame)
    assert (books.refused, books.unknown, books.mismatches) == (0, 0, 0)


def test_a_captured_list_of_frames_agrees(kernel: Kernel, recordings: Path) -> None:
    capture = json.loads((recordings / "ws" / "funkekaiser-ws_market_capture.json").read_text())
    frames = [json.dumps(frame, indent=2) for frame in capture]
    books = kernel.Books()
    follow(books, frames)
    assert all(books.feed(frame) >= 0 for frame in frames)
    assert (books.refused, books.mismatches) == (0, 0)


def test_single_frames_of_every_event_type_are_read(kernel: Kernel, recordings: Path) -> None:
    books = kernel.Books()
    for path in sorted((recordings / "ws").glob("*-*.json")):
        if path.name.startswith(("pulsearb", "funkekaiser")):
            continue
        follow(books, [path.read_text()], tick=10)
        assert books.feed(path.read_bytes()) >= 0, path.name
    assert books.feed((recordings / "ws" / "pulsearb-clob_ws_market_resolved.json").read_bytes()) == 0
    assert (books.refused, books.unknown) == (0, 0)


def test_rest_books_have_the_hash_they_say(kernel: Kernel, recordings: Path) -> None:
    for name in (
        "funkekaiser-clob_book_binary",
        "funkekaiser-clob_book_negrisk_outcome",
        "polycopy-clob_orderbook_sample",
    ):
        text = (recordings / "rest" / f"{name}.json").read_text()
        body = json.loads(text)
        books = kernel.Books()
        follow(books, [text])
        assert books.feed(text) == 1
        check_snapshots(books, text)
        assert hash_of(books, body, body["last_trade_price"], body["neg_risk"]) == body["hash"]

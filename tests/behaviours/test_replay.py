"""Recorded frames of the real venue, through the same socket: our books must end where the recording ends.

The expected books are read from the recording here by dictionaries alone, without the program's own code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from tests.support.blackbox import Exchange, Levels, Quoter, Record, final_ladder, ladder, plain

JG = "jg-20260429T021025Z-raw_messages.jsonl.zst"
JOURNAL = "sahajpatel-20260727-journal.first800.jsonl.zst"


def lines(file: Path) -> Iterator[Record]:
    with file.open("rb") as packed, zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(packed) as text:
        for line in text.read().splitlines():
            yield json.loads(line)


def jg_events(file: Path) -> Iterator[Record]:
    """Every event of the market socket, in order."""
    for line in lines(file):
        if line.get("source") == "polymarket_clob" and line["payload"].strip():
            payload = json.loads(line["payload"])
            yield from (one for one in (payload if isinstance(payload, list) else [payload]) if "event_type" in one)


def journal_events(file: Path) -> Iterator[Record]:
    for line in lines(file):
        if line["kind"] in {"book", "price_change"}:
            yield from line["data"] if isinstance(line["data"], list) else [line["data"]]


def rebuilt(events: Iterator[Record]) -> dict[str, Levels]:
    """The last books by token: snapshots replace, changes set or remove, older news than a snapshot does not count."""
    books: dict[str, Levels] = {}
    snapshot_at: dict[str, int] = {}
    for event in events:
        if event["event_type"] == "book":
            books[event["asset_id"]] = ladder(event)
            snapshot_at[event["asset_id"]] = int(event["timestamp"])
        elif event["event_type"] == "price_change":
            for change in event["price_changes"]:
                token = change["asset_id"]
                if token in books and int(event["timestamp"]) >= snapshot_at[token]:
                    put(books[token]["bids" if change["side"] == "BUY" else "asks"], change)
    return books


def put(side: dict[str, str], change: Record) -> None:
    if plain(change["size"]) == "0":
        side.pop(plain(change["price"]), None)
    else:
        side[plain(change["price"])] = plain(change["size"])


def markets(events: Iterator[Record]) -> list[str]:
    """The markets with a snapshot, busiest first."""
    seen: dict[str, int] = {}
    for event in events:
        if event["event_type"] == "book":
            seen[event["market"]] = seen.get(event["market"], 0) + 1
    return sorted(seen, key=lambda market: -seen[market])


def watched(home: Path, file: Path, market: str, speed: str) -> tuple[Quoter, Record]:
    """A session on a recording from its first frame to its last; its summary."""
    with (
        Exchange(home, "--replay", str(file), "--speed", speed) as exchange,
        Quoter(home, exchange, market=market, PMM_SHADOW__LATENCY_MS="0", PMM_FEED__CANARY="off") as session,
    ):
        exchange.until_logged("the recording has ended")
        for _ in range(3):  # looks of the loop, each behind all frames that had come by then
            place = session.mark()
            session.until(lambda data: data["event"] == "decision", after=place)
        end = session.stop()
    assert end.status == 0, end.stderr
    return session, end.documents[-1]["data"]


@pytest.mark.parametrize(("rank", "speed"), [(0, "max"), (1, "max"), (0, "1000")])
def test_on_real_frames_there_are_quotes_and_the_last_books_are_the_recording_s(
    recordings: Path, tmp_path: Path, rank: int, speed: str
) -> None:
    market = markets(jg_events(recordings / JG))[rank]
    session, summary = watched(tmp_path, recordings / JG, market, speed)
    assert session.events("place")
    assert summary["quotes"] >= 1
    assert (summary["books"]["refused"], summary["pnl"]["residual"]) == (0, "0")
    expected = rebuilt(jg_events(recordings / JG))
    for token in session.tokens:
        assert final_ladder(summary["books"]["final"][token]) == expected[token]


def test_on_the_journal_best_prices_agree_with_every_message(recordings: Path, tmp_path: Path) -> None:
    (market,) = markets(journal_events(recordings / JOURNAL))
    session, summary = watched(tmp_path, recordings / JOURNAL, market, "max")
    assert summary["messages"] >= 400
    assert (summary["books"]["refused"], summary["books"]["mismatches"]) == (0, 0)
    expected = rebuilt(journal_events(recordings / JOURNAL))
    for token in session.tokens:
        if token in expected:
            assert final_ladder(summary["books"]["final"][token]) == expected[token]
    assert session.events("place")

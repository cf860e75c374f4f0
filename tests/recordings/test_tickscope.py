from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pmm._fast import Books
from pmm.recordings import extra
from pmm.recordings.extra import MissingExtra
from pmm.recordings.facts import inferred
from pmm.recordings.recorded import BadRecording, Recorded
from pmm.recordings.tickscope import read
from tests.recordings.story import NO, YES

Row = tuple[int, float, float, float, float, str, str, str]
NAMES = ("timestamp", "price", "size", "best_bid", "best_ask", "side", "event_type", "asset_id")

ROWS: list[Row] = [
    (1_000, 0.31, 198.0, 0.31, 0.39, "BID", "PRICE_CHANGE", YES),
    (1_000, 0.69, 198.0, 0.61, 0.69, "ASK", "PRICE_CHANGE", NO),
    (1_001, 0.615, 2.083332, 0.615, 0.69, "BID", "PRICE_CHANGE", NO),
    (1_002, 0.69, 5.5, 0.0, 0.0, "BID", "LAST_TRADE", NO),
]


def written(folder: Path, rows: list[Row], names: tuple[str, ...] = NAMES) -> Path:
    arrow = pytest.importorskip("pyarrow")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)]
    columns[0] = [datetime.fromtimestamp(at / 1_000, UTC) for at, *_ in rows]
    file = folder / "tape.parquet"
    parquet.write_table(arrow.table(dict(zip(names, columns, strict=True))), file)
    return file


def test_rows_become_messages_in_the_venue_s_words(tmp_path: Path) -> None:
    opening, pair, single, trade = read(written(tmp_path, ROWS))
    (market,) = {str(event["market"]) for event in opening.events}
    assert pair.data.decode() == (
        f'{{"market":"{market}", "price_changes":[{{"asset_id":"{YES}", "price":"0.31", "size":"198", "side":"BUY", '
        f'"best_bid":"0.31", "best_ask":"0.39"}}, {{"asset_id":"{NO}", "price":"0.69", "size":"198", "side":"SELL", '
        '"best_bid":"0.61", "best_ask":"0.69"}], "timestamp":"1000", "event_type":"price_change"}'
    )
    assert b'"price":"0.615", "size":"2.083332"' in single.data
    assert trade.events[0] == {
        "market": market, "asset_id": NO, "price": "0.69", "size": "5.5", "side": "BUY",
        "timestamp": "1002", "event_type": "last_trade_price",
    }  # fmt: skip
    assert [one.at // 1_000_000 for one in (opening, pair, single, trade)] == [1_000, 1_000, 1_001, 1_002]


def test_books_can_follow_them_from_the_empty_one_on(tmp_path: Path) -> None:
    messages = read(written(tmp_path, ROWS))
    facts = inferred(event for one in messages for event in one.events)
    ((tokens, tick),) = [(list(fact.tokens), fact.tick) for fact in facts.values()]
    assert (set(tokens), tick) == ({YES, NO}, 50)
    books = followed(messages, tokens)
    assert books.book(books.index(NO) or 0).best_bid == 6_150
    assert books.refused == 0


def followed(messages: list[Recorded], tokens: list[str]) -> Books:
    books = Books()
    for token in tokens:
        books.add(token)
    for one in messages:
        books.feed(one.data)
    return books


def test_a_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    other = written(tmp_path, ROWS, (*NAMES[:-1], "token"))
    with pytest.raises(BadRecording, match="not a Tickscope recording"):
        read(other)
    other.write_bytes(b"PAR1 no")
    with pytest.raises(BadRecording, match="not a Tickscope recording"):
        read(other)


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(extra.importlib, "import_module", absent)
    with pytest.raises(MissingExtra, match="pyarrow is needed to read") as missing:
        read(tmp_path / "tape.parquet")
    assert "polymarket-pmm[data]" in missing.value.hint


def test_the_busiest_recording_is_read_whole(recordings: Path) -> None:
    pytest.importorskip("pyarrow")
    messages = read(recordings / "tickscope-polymarket_20260607_0130.parquet")
    kinds = [str(one.events[0]["event_type"]) for one in messages]
    changes = [one for one in messages if "price_changes" in one.events[0]]
    entries = sum(len(one.events[0]["price_changes"]) for one in changes)  # type: ignore[arg-type]  # they are lists
    assert (kinds.count("last_trade_price"), entries) == (483, 206_365)
    assert len({str(event["market"]) for event in messages[0].events}) == 6

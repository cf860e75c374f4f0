from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import zstandard

from pmm.model import MILLISECOND
from pmm.recordings.recorded import BadRecording
from pmm.recordings.shapes import read

BOOK = {
    "market": "0xc",
    "asset_id": "1",
    "timestamp": "1790000000123",
    "hash": "h",
    "bids": [{"price": "0.4", "size": "1"}],
    "asks": [],
    "tick_size": "0.01",
    "event_type": "book",
    "last_trade_price": "",
}
CHANGE = (
    '{"market":"0xc", "price_changes":[{"asset_id":"1", "price":"0.4", "size":"2", "side":"BUY", "hash":"h", '
    '"best_bid":"0.4", "best_ask":"1"}], "timestamp":"1790000000999", "event_type":"price_change"}'
)


def lines(*rows: object) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows) + b"\n"


def test_an_envelope_gives_its_exact_payload_and_when_it_came(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    ours = {"source": "polymarket_clob", "recv_wall_ts": 1790000001000, "payload": CHANGE + "\n"}
    others = {"source": "binance", "recv_wall_ts": 1790000001000, "payload": "{}"}
    blank = {"source": "polymarket_clob", "recv_wall_ts": 1790000001000, "payload": " "}
    body = {**ours, "payload": orjson.dumps({key: BOOK[key] for key in BOOK if key != "event_type"}).decode()}
    file.write_bytes(lines(ours, others, blank, body))
    message, rest = read(file)
    assert (message.data, message.at, message.on_socket) == (
        (CHANGE + "\n").encode(),
        1790000001000 * MILLISECOND,
        True,
    )
    assert rest.on_socket is False


def test_a_journal_is_written_again_in_the_style_of_the_venue(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_bytes(
        lines(
            {"ts": 1790000000.5, "kind": "book", "data": BOOK},
            {"ts": 1790000001.25, "kind": "orders_out", "data": []},
            {"ts": 1790000001.25, "kind": "price_change", "data": orjson.loads(CHANGE)},
        )
    )
    book, change = read(file)
    assert book.data == orjson.dumps([BOOK])
    assert change.data == CHANGE.encode()
    assert change.at - book.at == 750 * MILLISECOND


def test_a_line_of_pulsearb_is_read_alone_or_quoted_in_a_document(tmp_path: Path) -> None:
    line = {"ts_wall_ns": 1790000000123456789, "fonte": "poly_ws", "payload": orjson.loads(CHANGE)}
    file = tmp_path / "pulse.jsonl"
    file.write_bytes(lines(line, {**line, "fonte": "binance", "payload": {}}, line))
    quoted = tmp_path / "quoted.json"
    quoted.write_bytes(orjson.dumps({"why": "kept as it was", "linha_jsonl": line}, option=orjson.OPT_INDENT_2))
    assert [(one.data, one.at) for one in read(file)] == [(CHANGE.encode(), 1790000000123456789)] * 2
    assert [(one.data, one.at) for one in read(quoted)] == [(CHANGE.encode(), 1790000000123456789)]


def test_plain_lines_are_spaced_by_the_venues_own_clock_and_never_go_back(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl.zst"
    old = CHANGE.replace("1790000000999", "1790000000000")
    file.write_bytes(zstandard.compress(lines(orjson.dumps([BOOK]), CHANGE.encode(), old.encode())))
    times = [message.at // MILLISECOND for message in read(file)]
    assert times == [1790000000123, 1790000000999, 1790000000999]


def test_a_json_list_of_messages_may_begin_with_an_array_of_books(tmp_path: Path) -> None:
    file = tmp_path / "capture.json"
    file.write_bytes(orjson.dumps([[BOOK, BOOK], orjson.loads(CHANGE)], option=orjson.OPT_INDENT_2))
    opening, change = read(file)
    assert opening.data == orjson.dumps([BOOK, BOOK])
    assert change.data == CHANGE.encode()


def test_a_single_line_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(lines({"source": "polymarket_clob", "recv_wall_ts": 1790000001000, "payload": CHANGE}))
    assert [message.data for message in read(file)] == [CHANGE.encode()]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_bytes(lines(CHANGE.encode(), CHANGE.encode()) + CHANGE.encode()[:50])
    assert len(read(file)) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\x28\xb5\x2f\xfd junk", b"5", b"[1]", b'{"a":1}\nnot json\n{"a":1}', b'{"payload":5}'],
)
def test_anything_else_is_named_as_what_it_is_not(tmp_path: Path, content: bytes) -> None:
    for name in ("some.jsonl", "some.jsonl.zst"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadRecording, match="some"):
            read(tmp_path / name)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="cannot read"):
        read(tmp_path / "nowhere.jsonl")

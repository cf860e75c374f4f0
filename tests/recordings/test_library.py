from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pmm.events import FeedSignal, Frame
from pmm.exchange.replay import Replay
from pmm.recordings import library
from pmm.recordings.library import messages_of, open_recording
from pmm.recordings.recorded import BadRecording
from pmm.recordings.writer import Rotation
from tests.recordings.story import MARKET, YES, market_day, message, wrote


def test_a_folder_is_one_recording_of_all_its_files(tmp_path: Path) -> None:
    story = market_day()
    files = wrote(tmp_path, *story, rotation=Rotation(bytes=1))
    recording = open_recording(tmp_path)
    assert recording.parts == tuple(files)
    assert recording.markets == (MARKET,)
    frames = [entry.data for entry in story if isinstance(entry, Frame)]
    assert [one.data for one in recording.messages()] == frames
    assert sum(isinstance(entry, FeedSignal) for entry in recording.entries()) == 2


def test_one_file_is_a_recording_too(tmp_path: Path) -> None:
    files = wrote(tmp_path, message(1), message(2), rotation=Rotation(bytes=1))
    assert [[one.data for one in messages_of(open_recording(file))] for file in files] == [[b'{"n":1}'], [b'{"n":2}']]


def test_a_message_is_read_and_keep_alives_hold_no_events(tmp_path: Path) -> None:
    book = {"event_type": "book", "market": MARKET.condition_id, "asset_id": YES, "bids": [], "asks": []}
    wrote(tmp_path, message(1, orjson.dumps([book]).decode()), message(2, "PONG"), message(3, "{"), message(4, "[5]"))
    assert [one.events for one in messages_of(open_recording(tmp_path))] == [(book,), (), (), ()]


def test_recordings_of_others_are_opened_by_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_bytes(b'{"event_type":"last_trade_price","market":"0xc","asset_id":"1","timestamp":"5"}\n')
    recording = open_recording(file)
    assert (recording.ours, recording.markets, len(messages_of(recording))) == (False, (), 1)


def test_a_replay_says_what_was_recorded_about_the_markets_that_were_written_down(tmp_path: Path) -> None:
    story = market_day()
    wrote(tmp_path, *story)
    recording = open_recording(tmp_path)
    replay = Replay(messages_of(recording), recording.markets)
    assert [listing.market for listing in replay.listings] == [MARKET]
    sent = []
    while replay.next_at() is not None:
        sent += [frame.data for frame in replay.step()]
    assert sent == [entry.data for entry in story if isinstance(entry, Frame)]
    assert replay.refused == 0


def test_a_damaged_file_among_others_is_told_when_it_is_reached(tmp_path: Path) -> None:
    _, second, _ = wrote(tmp_path, *(message(number) for number in range(3)), rotation=Rotation(bytes=1))
    second.write_bytes(b"hello")
    found = open_recording(tmp_path).messages()
    assert next(found).data == b'{"n":0}'
    with pytest.raises(BadRecording, match=r"000002.* is damaged at byte 0"):
        next(found)
    with pytest.raises(BadRecording, match="damaged"):
        open_recording(second)


def test_what_holds_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="holds no"):
        open_recording(tmp_path)
    wrote(tmp_path)
    with pytest.raises(BadRecording, match="holds no message"):
        messages_of(open_recording(tmp_path))


def test_more_text_than_memory_should_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrote(tmp_path, message(1, "x" * 2_000_000))
    monkeypatch.setattr(library, "TEXT_BYTES_MAX", 1 << 20)
    with pytest.raises(BadRecording, match="larger than 1 MiB"):
        messages_of(open_recording(tmp_path))

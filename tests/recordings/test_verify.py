from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pmm.events import FeedNews, FeedSignal, Frame
from pmm.model import MILLISECOND, Side
from pmm.recordings.blocks import pack
from pmm.recordings.library import open_recording
from pmm.recordings.lines import Entry, Gap, encode
from pmm.recordings.lock import lock
from pmm.recordings.verify import BookReport, verify_books, verify_files
from pmm.recordings.writer import Rotation
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import Outcome
from tests.recordings.story import MARKET, START, market_day, message, wrote


def problems(path: Path) -> list[str]:
    return [problem for report in verify_files(open_recording(path)) for problem in report.problems]


def books(folder: Path, *entries: Entry) -> BookReport:
    wrote(folder, *entries)
    return verify_books(open_recording(folder))


def without(entries: list[Entry], kind: bytes, number: int) -> list[Entry]:
    """The story without its n-th message of a kind."""
    hits = [entry for entry in entries if isinstance(entry, Frame) and kind in entry.data]
    return [entry for entry in entries if entry is not hits[number]]


def test_a_recording_that_is_whole_has_no_problem(tmp_path: Path) -> None:
    wrote(tmp_path, *market_day(), rotation=Rotation(bytes=1))
    wrote(tmp_path, *market_day())
    assert problems(tmp_path) == []


def test_a_missing_end_is_a_problem_unless_a_recorder_is_at_work(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, *market_day())
    file.write_bytes(file.read_bytes()[:-7])
    assert len(problems(tmp_path)) == 1
    assert "its end is missing" in problems(tmp_path)[0]
    with lock(tmp_path):
        assert problems(tmp_path) == []


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    files = wrote(tmp_path, *(message(number) for number in range(3)), rotation=Rotation(bytes=1))
    assert len(files) == 3
    files[1].unlink()
    assert problems(tmp_path) == ["it is part 3 and follows part 1: a file is missing"]


def test_every_flipped_byte_is_a_problem(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(1), message(2))
    data = file.read_bytes()
    for at in range(len(data)):
        spoiled = bytearray(data)
        spoiled[at] ^= 0x55
        file.write_bytes(spoiled)
        try:
            found = problems(file)
        except Exception as error:  # noqa: BLE001  # the ends are damaged: opening it says so
            found = [str(error)]
        assert found, at


def test_a_block_that_was_exchanged_for_a_valid_one_is_a_problem(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(1))
    data = file.read_bytes()
    ours = pack(encode(message(1)))
    other = pack(encode(message(7)))
    assert ours in data
    file.write_bytes(data.replace(ours, other))
    assert problems(file) == [
        "its bytes are not those that its end was written for",
        "it does not hold what its end says",
    ]


def test_what_follows_the_end_is_a_problem(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(1))
    file.write_bytes(file.read_bytes() + pack(encode(message(2))))
    assert "more behind its end" in problems(file)[0]


def test_on_a_true_story_everything_agrees(tmp_path: Path) -> None:
    report = books(tmp_path, *market_day(20))
    assert (report.books, report.without_snapshot, report.refused, report.backwards) == (2, 0, 0, 0)
    assert (report.hashes.matched, report.hashes.unexplained, report.hashes.undecided) == (42, 0, 0)
    assert (report.best_prices_equal, report.best_prices_different, report.crossed) == (40, 0, 0)


def test_a_lost_change_shows_in_hashes(tmp_path: Path) -> None:
    report = books(tmp_path, *without(market_day(40), b"price_change", 3))
    assert report.hashes.unexplained > 0


def test_behind_a_gap_or_a_closed_socket_nothing_is_expected_until_a_new_book_comes(tmp_path: Path) -> None:
    day = market_day(20)
    cuts: list[Entry] = [Gap(START, 1, 10, "slow"), FeedSignal(START, 0, FeedNews.CLOSED)]
    for number, cut in enumerate(cuts):
        report = books(tmp_path / str(number), *day[:10], cut, *day[20:])
        assert report.hashes.unexplained == 0
        again = books(tmp_path / f"again {number}", *day, cut, *day)
        assert again.hashes.matched == 84
        assert again.snapshots_different == 0


def traded(*, early: bool) -> list[Entry]:
    """A market where a trade at 0.45 took a level: its messages know of it before it is told."""
    wire = MarketWire(MARKET, START // MILLISECOND)
    for price, side in ((4000, 0), (4500, 1), (4600, 1)):
        wire.apply((side, price, 10**8), START // MILLISECOND)
    entries: list[Entry] = [Frame(START, 0, array([wire.dump(outcome) for outcome in Outcome]))]
    at_ms = START // MILLISECOND + 100
    if early:
        wire.note_trade(Outcome.YES, Side.BUY, 4600)
    first = wire.price_change((1, 4500, 0), at_ms, Outcome.YES)[-1]
    wire.note_trade(Outcome.YES, Side.BUY, 4600)
    second = wire.price_change((1, 4600, 10**6), at_ms, Outcome.YES)[-1]
    for number, frame in enumerate((first, second, wire.snapshot(Outcome.YES))):
        entries.append(Frame((at_ms + number) * MILLISECOND, 0, frame.data))
    return entries


@pytest.mark.parametrize(("early", "explained"), [(False, 0), (True, 2)])
def test_hashes_that_know_of_a_trade_before_it_is_told_are_explained(
    tmp_path: Path, *, early: bool, explained: int
) -> None:
    report = books(tmp_path, *traded(early=early))
    assert report.hashes.explained == explained
    assert report.hashes.matched == 7 - explained
    assert (report.hashes.unexplained, report.hashes.undecided, report.snapshots_equal) == (0, 0, 1)


def test_a_book_that_stays_crossed_is_counted_once_its_millisecond_is_over(tmp_path: Path) -> None:
    changes = [
        Frame(START + number, 0, orjson.dumps({
            "market": MARKET.condition_id,
            "price_changes": [{"asset_id": MARKET.yes, "price": price, "size": size, "side": "BUY"}],
            "timestamp": str(START // MILLISECOND + at),
            "event_type": "price_change",
        }))
        for number, (at, price, size) in enumerate(((1, "0.5", "1"), (1, "0.5", "0"), (2, "0.5", "1"), (3, "0.5", "0")))
    ]  # fmt: skip
    assert books(tmp_path, *market_day(0), *changes).crossed == 1


JG, SAHAJ = "jg-20260429T021025Z-raw_messages.jsonl.zst", "sahajpatel-20260727-journal.first800.jsonl.zst"


@pytest.mark.parametrize(("name", "matched", "explained"), [(JG, 260, 0), (SAHAJ, 926, 66)])
def test_on_real_recordings_every_hash_is_explained(recordings: Path, name: str, matched: int, explained: int) -> None:
    report = verify_books(open_recording(recordings / name))
    hashes = report.hashes
    assert (hashes.matched, hashes.explained, hashes.unexplained) == (matched, explained, 0)
    assert (report.best_prices_different, report.refused, report.crossed) == (0, 0, 0)

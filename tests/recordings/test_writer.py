from __future__ import annotations

from pathlib import Path

import pytest

from pmm.errors import DiskError
from pmm.events import Frame
from pmm.model import SECOND
from pmm.recordings.lines import Gap
from pmm.recordings.lock import RecorderRuns, locked
from pmm.recordings.parts import digest, glance, lines_of, parts_of
from pmm.recordings.writer import RecordingWriter, Rotation
from tests.recordings.story import MARKET, START, kept, market_day, message, wrote


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    story = [*market_day(), Gap(START, 3, 99, "slow"), Frame(START, 7, b"\xff\xfe")]
    (file,) = wrote(tmp_path, *story)
    assert file.name == "000001-20260921T141320Z.pmmrec.zst"
    assert kept(tmp_path) == story


def test_a_finished_file_tells_what_is_in_it(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(0), Gap(START, 3, 99, "slow"), message(5))
    found = glance(file)
    assert (found.header.markets, found.header.part, found.torn) == ((MARKET,), 1, 0)
    assert found.trailer is not None
    assert (found.trailer.messages, found.trailer.gaps, found.trailer.lost) == (2, 1, 3)
    assert (found.trailer.first, found.trailer.last) == (START, message(5).at)
    with file.open("rb") as data:
        whole = data.read()
        assert found.trailer.sha256 == digest(data, whole.rfind(b"\x28\xb5\x2f\xfd"))


def test_nothing_is_on_the_disk_before_a_flush_and_all_of_it_after(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path, START) as writer:
        writer.add(message(1))
        assert (kept(tmp_path), writer.total.messages) == ([], 0)
        assert writer.waiting > 0
        writer.flush()
        assert (kept(tmp_path), writer.total.messages) == ([message(1)], 1)
        assert writer.waiting == 0


def test_a_megabyte_is_written_without_being_asked(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path, START) as writer:
        writer.add(message(1, "x" * 2**20))
        assert len(kept(tmp_path)) == 1


def test_files_end_at_their_size_and_nothing_is_lost_between(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path, START, rotation=Rotation(bytes=2_000)) as writer:
        for number in range(200):
            writer.add(message(number))
            writer.flush()
    assert kept(tmp_path) == [message(number) for number in range(200)]
    assert len(writer.files) > 2
    assert [glance(file).header.part for file in writer.files] == list(range(1, len(writer.files) + 1))
    assert all(glance(file).trailer for file in writer.files)
    assert all(2_000 <= file.stat().st_size < 3_000 for file in writer.files[:-1])


def test_files_end_at_their_age(tmp_path: Path) -> None:
    entries = [Frame(START + number * SECOND, 0, b"{}") for number in range(10)]
    assert len(wrote(tmp_path, *entries, rotation=Rotation(None, 4 * SECOND))) == 3
    assert kept(tmp_path) == entries


def test_numbers_go_on_in_a_folder_whatever_the_clock_says(tmp_path: Path) -> None:
    wrote(tmp_path, message(1))
    with RecordingWriter(tmp_path, START - 100 * SECOND) as writer:
        writer.add(message(2))
    assert [path.name[:6] for path in parts_of(tmp_path)] == ["000001", "000002"]
    assert kept(tmp_path) == [message(1), message(2)]


def test_a_second_recorder_in_a_folder_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    first = RecordingWriter(tmp_path, START)
    assert locked(tmp_path)
    with pytest.raises(RecorderRuns, match="another recorder"):
        RecordingWriter(tmp_path, START)
    first.close()
    assert not locked(tmp_path)
    RecordingWriter(tmp_path, START).close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match="cannot make"):
        RecordingWriter(tmp_path / "file" / "folder", START)


class FullDisk:
    """A file on a disk with room for so many bytes more."""

    def __init__(self, file: object, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, data: memoryview) -> int:
        if not self._room:
            raise OSError(28, "No space left on device")
        taken = min(self._room, len(data))
        self._room -= taken
        return int(self._file.write(data[:taken]))  # type: ignore[attr-defined]  # whatever it wraps

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 30])
def test_a_full_disk_is_said_and_what_was_written_stays_whole(tmp_path: Path, room: int) -> None:
    writer = RecordingWriter(tmp_path, START)
    writer.add(message(1))
    writer.flush()
    size = parts_of(tmp_path)[0].stat().st_size
    writer._file._file = FullDisk(writer._file._file, room)  # type: ignore[union-attr, assignment]  # a test's disk
    writer.add(message(2))
    with pytest.raises(DiskError, match="No space left"):
        writer.flush()
    writer.close()
    assert parts_of(tmp_path)[0].stat().st_size == size
    assert (kept(tmp_path), writer.total.messages) == ([message(1)], 1)


def test_lines_begin_with_the_header_and_end_with_the_trailer(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(1))
    assert [type(line).__name__ for line in lines_of(file)] == ["Header", "Frame", "Trailer"]

"""Whatever a killed run left behind: no complete frame is lost, and nothing is invented."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.recordings.lines import Entry
from pmm.recordings.parts import entries_of, glance, parts_of
from pmm.recordings.recorded import BadRecording
from pmm.recordings.recovery import recover
from pmm.recordings.writer import RecordingWriter
from tests.recordings.story import START, kept, message, wrote


def killed(folder: Path) -> tuple[bytes, list[tuple[int, list[Entry]]]]:
    """The bytes of a file whose run was killed, and how much of it stands for which entries."""
    writer = RecordingWriter(folder, START)
    ends = [(writer.bytes, [])]
    for number in range(4):
        for part in range(20):
            writer.add(message(100 * number + part, f"message {number} {part} of some length"))
        writer.flush()
        ends.append((writer.bytes, kept(folder)))
    data = writer.files[0].read_bytes()
    writer.close()
    return data, ends


def test_a_file_cut_at_every_byte_of_its_last_frames_gives_every_complete_frame_and_no_more(tmp_path: Path) -> None:
    data, ends = killed(tmp_path / "real")
    for cut in range(ends[2][0], len(data) + 1):
        folder = tmp_path / "cut"
        folder.mkdir(exist_ok=True)
        file = folder / "000001-x.pmmrec.zst"
        file.write_bytes(data[:cut])
        end, entries = max((end, entries) for end, entries in ends if end <= cut)
        assert kept(folder) == entries
        found = recover(folder)
        assert found is not None
        assert (found.torn, found.damage) == (cut - end, "")
        assert kept(folder) == entries
        assert file.read_bytes()[:end] == data[:end]
        assert recover(folder) is None


def test_the_next_run_finishes_the_file_and_goes_on_in_a_new_one(tmp_path: Path) -> None:
    data, ends = killed(tmp_path / "real")
    (tmp_path / "000007-x.pmmrec.zst").write_bytes(data[:-3])
    with RecordingWriter(tmp_path, START) as writer:
        writer.add(message(9_999))
    assert writer.recovered is not None
    assert writer.recovered.torn == len(data) - 3 - ends[3][0]
    old, new = parts_of(tmp_path)
    assert new.name.startswith("000008-")
    trailer = glance(old).trailer
    assert trailer is not None
    assert (trailer.recovered, trailer.messages) == (True, 60)
    assert kept(tmp_path) == [*ends[3][1], message(9_999)]


@pytest.mark.parametrize("left", [0, 1, 30])
def test_a_file_without_a_complete_frame_is_removed(tmp_path: Path, left: int) -> None:
    data, _ = killed(tmp_path / "real")
    file = tmp_path / "000001-x.pmmrec.zst"
    file.write_bytes(data[:left])
    with pytest.raises(BadRecording, match="no complete frame"):
        kept(tmp_path)
    recover(tmp_path)
    assert not file.exists()


def test_a_file_that_is_damaged_in_the_middle_is_left_alone(tmp_path: Path) -> None:
    data, ends = killed(tmp_path / "real")
    spoiled = bytearray(data)
    spoiled[ends[1][0] + 30] ^= 255
    file = tmp_path / "000001-x.pmmrec.zst"
    file.write_bytes(spoiled)
    found = recover(tmp_path)
    assert found is not None
    assert "damaged at byte" in found.damage
    assert file.read_bytes() == bytes(spoiled)


def test_a_finished_file_is_left_alone(tmp_path: Path) -> None:
    (file,) = wrote(tmp_path, message(1))
    before = file.read_bytes()
    assert recover(tmp_path) is None
    assert file.read_bytes() == before


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_happens_to_the_bytes_nothing_is_read_that_was_not_written(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole, ends = killed(folder / "real")
        spoiled = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
        for at, value in data.draw(
            st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=3)
        ):
            if at < len(spoiled):
                spoiled[at] = value
        spoiled += data.draw(st.binary(max_size=20))
        (folder / "000001-x.pmmrec.zst").write_bytes(spoiled)
        entries: list[Entry] = []
        try:
            for entry in entries_of(folder / "000001-x.pmmrec.zst"):
                entries.append(entry)  # noqa: PERF402  what came before an error counts, too
        except BadRecording:
            pass
        assert entries == ends[-1][1][: len(entries)]
        recover(folder)

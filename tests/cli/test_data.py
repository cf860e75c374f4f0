"""`pmm data`: recordings listed, verified and converted."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from pmm.errors import Exit
from pmm.model import MILLISECOND
from pmm.recordings.lock import lock
from pmm.recordings.writer import Rotation
from tests.cli.conftest import Pmm
from tests.recordings.story import MARKET, NO, YES, market_day, message, wrote


def written(home: Path) -> list[Path]:
    return wrote(home / "rec", *market_day(20), rotation=Rotation(None, 400 * MILLISECOND))


def test_a_folder_is_listed(pmm: Pmm, tmp_path: Path) -> None:
    files = written(tmp_path)
    assert len(files) > 1
    listed = pmm("data", "ls", "rec", "--json").document["data"]["files"]
    assert [one["file"] for one in listed] == [file.name for file in files]
    assert {(one["state"], one["begun"], one["markets"], one["lost"]) for one in listed} == {
        ("finished", listed[0]["begun"], 1, 0)
    }
    assert sum(one["messages"] for one in listed) == sum(hasattr(entry, "data") for entry in market_day(20))
    lines = pmm("data", "ls", "rec", "-o", "jsonl").documents
    assert [line["data"]["file"] for line in lines] == [file.name for file in files]
    table = pmm("data", "ls", "rec").stdout.splitlines()
    assert table[0].split() == ["file", "state", "begun", "seconds", "markets", "messages", "lost", "bytes"]
    assert len(table) == 1 + len(files)


def test_the_state_of_a_last_file_is_told(pmm: Pmm, tmp_path: Path) -> None:
    (file,) = wrote(tmp_path / "rec", *market_day())
    data = file.read_bytes()
    end = data.rfind(b"\x28\xb5\x2f\xfd")

    def state() -> str:
        return str(pmm("data", "ls", "rec", "--json").document["data"]["files"][-1]["state"])

    file.write_bytes(data[:end])
    assert state() == "unfinished"
    with lock(tmp_path / "rec"):
        assert state() == "recording"
    file.write_bytes(data[: end + 5])
    assert state() == "torn"
    file.write_bytes(b"hello")
    assert state() == "damaged"


def test_a_folder_without_recordings_is_said(pmm: Pmm, tmp_path: Path) -> None:
    done = pmm("data", "ls", str(tmp_path), "--json")
    assert (done.status, done.document["error"]["code"]) == (Exit.CHECK_FAILED, "PMM-E305")


def test_a_whole_recording_is_verified(pmm: Pmm, tmp_path: Path) -> None:
    written(tmp_path)
    data = pmm("data", "verify", "rec", "--json").document["data"]
    assert (data["whole"], data["problems"], data["books"]["hashes"]["matched"]) == (True, [], 42)
    text = pmm("data", "verify", "rec")
    assert text.status == Exit.OK
    assert "42 matched" in text.stdout


def test_damage_is_exit_8_and_names_the_place(pmm: Pmm, tmp_path: Path) -> None:
    files = written(tmp_path)
    spoiled = bytearray(files[1].read_bytes())
    spoiled[len(spoiled) // 2] ^= 255
    files[1].write_bytes(spoiled)
    done = pmm("data", "verify", "rec", "--json")
    report, error = done.documents
    assert (done.status, error["error"]["code"]) == (Exit.CHECK_FAILED, "PMM-E310")
    assert [one["file"] for one in report["data"]["files"] if one["problems"]] == [files[1].name]
    assert "damaged at byte" in report["data"]["problems"][0]


def test_wrong_books_are_a_warning_not_damage(pmm: Pmm, tmp_path: Path) -> None:
    day = market_day(40)
    changes = [entry for entry in day if b"price_change" in getattr(entry, "data", b"")]
    wrote(tmp_path / "rec", *(entry for entry in day if entry is not changes[3]))
    done = pmm("data", "verify", "rec", "--json")
    assert done.status == Exit.OK
    assert "messages are missing or wrong" in done.document["warnings"][0]


def test_a_file_of_others_is_verified_by_its_books(pmm: Pmm, tmp_path: Path) -> None:
    frames = [entry.data for entry in market_day(5) if hasattr(entry, "data")]
    (tmp_path / "frames.jsonl").write_bytes(b"\n".join(frames))
    data = pmm("data", "verify", "frames.jsonl", "--json").document["data"]
    assert (data["files"], data["books"]["hashes"]["matched"]) == ([], 12)


@pytest.mark.parametrize("kind", ["csv", "parquet", "hftbacktest"])
def test_a_recording_is_converted(pmm: Pmm, tmp_path: Path, kind: str) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    written(tmp_path)
    done = pmm("data", "convert", "rec", "--to", kind, "--out", "out", "--token", YES, "--json")
    data = done.document["data"]
    assert (done.status, data["token"], data["to"]) == (Exit.OK, YES, kind)
    assert data["bytes"] == (tmp_path / "out").stat().st_size
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO((tmp_path / "out").read_text())))
        assert (len(rows), {row["market"] for row in rows}) == (data["rows"], {MARKET.condition_id})


def test_an_event_array_wants_a_token_and_the_choices_are_listed(pmm: Pmm, tmp_path: Path) -> None:
    written(tmp_path)
    done = pmm("data", "convert", "rec", "--to", "hftbacktest", "--out", "out.npz", "--json")
    assert (done.status, done.document["error"]["code"]) == (Exit.NOT_FOUND, "PMM-E309")
    assert set(done.document["error"]["choices"]) == {YES, NO}


def test_a_recording_is_not_overwritten_by_its_conversion(pmm: Pmm, tmp_path: Path) -> None:
    (file,) = wrote(tmp_path / "rec", message(1))
    before = file.read_bytes()
    done = pmm("data", "convert", str(file), "--to", "csv", "--out", str(file), "--json")
    assert (done.status, json.loads(done.stdout)["error"]["code"]) == (Exit.USAGE, "PMM-E101")
    assert file.read_bytes() == before

"""What `pmm record` reads from its command line, and what it says; the rest is in tests/behaviours/test_record.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmm.cli.frame import run
from pmm.cli.record import _rotation
from pmm.errors import Exit, UsageError
from pmm.model import SECOND
from pmm.recordings.library import open_recording
from pmm.recordings.lines import Gap
from pmm.recordings.recorder import Recorder
from pmm.recordings.writer import Rotation
from tests.cli.conftest import Exchange, Pmm


@pytest.mark.parametrize(
    ("texts", "rotation"),
    [
        (["64MB"], Rotation(64_000_000, None)),
        (["1KiB"], Rotation(1_024, None)),
        (["90s"], Rotation(None, 90 * SECOND)),
        (["1h", "2GB"], Rotation(2 * 10**9, 3_600 * SECOND)),
        (["1h", "30m"], Rotation(None, 1_800 * SECOND)),
    ],
)
def test_a_rotation_is_a_size_or_an_age_or_both(texts: list[str], rotation: Rotation) -> None:
    assert _rotation(texts) == rotation


@pytest.mark.parametrize("text", ["64", "0MB", "MB", "1 h", "-1h", "1week", "1.5h"])
def test_any_other_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="neither a size nor an age"):
        _rotation([text])


def test_a_market_named_twice_is_recorded_once_and_the_summary_tells_what_there_is(
    pmm: Pmm, exchange: Exchange
) -> None:
    arguments = ("-m", "demo", "-m", "demo", "--out", "rec", "--duration", "0.3")
    done = pmm("record", *arguments, "--json", **exchange.environment)
    data = done.document["data"]
    assert (done.status, data["markets"], len(data["files"]), data["messages"], data["lost"]) == (
        Exit.OK, ["demo"], 1, 1, 0,
    )  # fmt: skip
    again = pmm("record", *arguments, **exchange.environment)
    assert "recording 1 markets to rec" in again.stderr
    assert "messages" in again.stdout


def test_an_unknown_market_leaves_no_folder(pmm: Pmm, exchange: Exchange) -> None:
    done = pmm("record", "-m", "no-such-market", "--out", "rec", "--json", **exchange.environment)
    assert done.status == Exit.NOT_FOUND
    assert pmm("data", "ls", "rec").status == Exit.USAGE


def test_a_folder_that_cannot_be_made_is_said(pmm: Pmm, exchange: Exchange, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = pmm("record", "-m", "demo", "--out", "file/rec", "--json", **exchange.environment)
    assert done.document["error"]["code"] == "PMM-E302"


def test_what_the_disk_could_not_take_is_exit_8_and_a_gap_in_the_recording(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Recorder, "_full", lambda _self, _size: True)
    for name, value in exchange.environment.items():
        monkeypatch.setenv(name, value)
    status = run(["record", "-m", "demo", "--out", str(tmp_path / "rec"), "--duration", "0.3", "--json", "-q"])
    summary, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert (status, error["error"]["code"]) == (Exit.CHECK_FAILED, "PMM-E307")
    assert (summary["data"]["messages"], summary["data"]["gaps"]) == (0, 1)
    (gap,) = open_recording(tmp_path / "rec").entries()
    assert isinstance(gap, Gap)
    assert gap.lost == summary["data"]["lost"] > 0

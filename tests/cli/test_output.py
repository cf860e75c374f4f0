"""Envelopes and tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from pmm.cli import output
from pmm.errors import ConfigError, DiskError, MarketNotFound


def test_an_envelope_holds_the_seven_promised_keys() -> None:
    document = output.envelope("pmm.book/1", {"mid": "0.5"}, mode="dry-run", warnings=["odd"], meta={"n": 1})
    assert list(document) == ["schema", "ok", "mode", "ts", "data", "warnings", "meta"]
    assert json.loads(output.json_line(document))["data"] == {"mid": "0.5"}


def test_a_failure_carries_code_message_hint_and_exit() -> None:
    document = output.error_envelope(MarketNotFound("no such market", hint="look elsewhere"))
    error = {"code": "PMM-E401", "message": "no such market", "hint": "look elsewhere", "exit": 5}
    assert document == {"schema": "pmm.error/1", "ok": False, "error": error}


def test_wrong_settings_are_listed_one_by_one() -> None:
    body = output.error_envelope(ConfigError(["a", "b"]))["error"]
    assert isinstance(body, dict)
    assert body["problems"] == ["a", "b"]


def test_moments_are_written_in_utc_with_a_z() -> None:
    moment = datetime(2026, 1, 2, 5, 4, 5, 678_900, tzinfo=timezone(timedelta(hours=2)))
    assert output.utc_text(moment) == "2026-01-02T03:04:05.678Z"
    assert output.utc_text(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000Z"


def test_a_table_aligns_numbers_right_and_text_left() -> None:
    text = output.table(("market", "size"), [("a", "1.5"), ("longer", "100")])
    assert text.splitlines() == ["market  size", "a        1.5", "longer   100"]


def test_a_table_fits_eighty_columns_and_keeps_its_first_column() -> None:
    lines = output.table(("market", "question", "tick"), [("m" * 60, "q" * 90, "0.01")], width=80).splitlines()
    assert max(map(len, lines)) == 80
    assert lines[1].startswith("m" * 60 + "  q")
    assert "..." in lines[1]


def test_a_table_without_a_terminal_is_not_cut() -> None:
    assert "q" * 300 in output.table(("market", "question"), [("m", "q" * 300)])


def test_control_characters_of_the_venue_never_reach_the_terminal() -> None:
    assert output.table(("q",), [("a\x1b[31mb\nc\u202ed",)]).splitlines()[1] == "a [31mb c d"


def test_a_full_disk_behind_stdout_is_a_disk_error(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(DiskError), full.open("w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        try:
            output.write("x")
        finally:
            monkeypatch.setattr(sys, "stdout", None)
            _forget(stdout.close)


def _forget(action: Callable[[], None]) -> None:
    try:
        action()
    except OSError:
        return


def test_a_reader_that_went_away_is_a_broken_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stdout = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(BrokenPipeError):
        output.write("x")
    _forget(stdout.close)


def test_a_closed_stdout_or_stderr_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output.write("x")
    output.note("x")

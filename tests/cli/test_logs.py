"""The log: stderr only, with time and level, and quiet about what libraries whisper."""

from __future__ import annotations

import logging
import re
import sys

import pytest

from pmm.cli import logs

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z \[(\w+) *\] (\w+)")


@pytest.mark.parametrize(
    ("level", "said"),
    [("debug", ["debug", "info", "error"]), ("info", ["info", "error"]), ("error", ["error"])],
)
def test_lines_at_and_above_the_level_go_to_stderr(
    capsys: pytest.CaptureFixture[str], level: str, said: list[str]
) -> None:
    logs.start(level)
    logger = logs.get("test")
    logger.debug("debug")
    logger.info("info")
    logger.error("error")
    out, err = capsys.readouterr()
    assert out == ""
    assert [LINE.findall(line)[0] for line in err.splitlines()] == [(word, word) for word in said]


def test_libraries_warn_in_the_same_form_and_never_tell_their_frames(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("debug")
    logging.getLogger("websockets.client").debug("> TEXT with a secret")
    logging.getLogger("asyncio").warning("slow")
    (line,) = capsys.readouterr().err.splitlines()
    assert LINE.findall(line) == [("warning", "slow")]


def test_attempts_that_are_repeated_are_told_when_debugging_only(capsys: pytest.CaptureFixture[str]) -> None:
    for level, count in (("info", 0), ("debug", 1)):
        logs.start(level)
        logs.get("x").warning("stamina.retry_scheduled")
        assert len(capsys.readouterr().err.splitlines()) == count


def test_a_closed_stderr_never_turns_the_log_to_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    logs.start("info")
    logs.get("x").error("lost")
    assert capsys.readouterr().out == ""

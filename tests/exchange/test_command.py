"""`pmm exchange` as a process: what it prints, how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

LIMIT_S = 30


@contextmanager
def running(*args: str) -> Iterator[subprocess.Popen[str]]:
    """The command, ended at the latest when the block ends."""
    command = [sys.executable, "-m", "pmm", "exchange", "--port", "0", *args]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean())
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LIMIT_S)


def clean() -> dict[str, str]:
    """The environment without proxies, which have no business on loopback."""
    return {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def finish(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pmm", "exchange", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=clean(), check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_names_its_addresses_serves_them_and_ends_well_on_a_signal(number: signal.Signals) -> None:
    with running("--json") as process:
        envelope = json.loads(first_line(process))
        assert (envelope["schema"], envelope["ok"], envelope["mode"]) == ("pmm.exchange/1", True, "exchange")
        with urlopen(envelope["data"]["clob_url"] + "/ok", timeout=LIMIT_S) as answer:
            assert answer.read() == b'"OK"'
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 0
        out, err = process.communicate(timeout=LIMIT_S)
        assert (out, err) == ("", "")


def test_people_get_a_few_lines() -> None:
    with running() as process:
        assert "play money" in first_line(process)


def test_it_ends_by_itself_after_its_duration(tmp_path: Path) -> None:
    done = finish("--port", "0", "--duration", "0.1", "--json", "--log", str(tmp_path / "log.jsonl"))
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
    assert (tmp_path / "log.jsonl").exists()


def test_a_taken_port_is_one_line_and_exit_six() -> None:
    with running("--json") as process:
        port = json.loads(first_line(process))["data"]["clob_url"].rpartition(":")[2]
        done = finish("--port", port)
    assert done.returncode == 6
    assert "already in use" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--speed", "2000"], 2),
        (["--speed", "max"], 2),
        (["--speed", "fast"], 2),
        (["--replay", "/nowhere.jsonl"], 2),
        (["--replay", __file__], 8),
        (["--log", "/nowhere/at/all.jsonl"], 1),
    ],
)
def test_what_cannot_be_done_is_said_in_a_few_lines(args: list[str], code: int) -> None:
    done = finish("--port", "0", "--duration", "0.1", *args)
    assert done.returncode == code
    assert 1 <= done.stderr.count("\n") <= 3
    assert "Traceback" not in done.stderr


def test_a_scenario_is_done_by_a_clock_that_can_begin_anywhere(tmp_path: Path) -> None:
    scenario, log = tmp_path / "scenario.toml", tmp_path / "log.jsonl"
    scenario.write_text('[[step]]\ndo = "/venue/mode"\nmode = "disabled"\n')
    options = ("--json", "--scenario", str(scenario), "--log", str(log), "--start", "1790000000", "--speed", "0")
    with running(*options) as process:
        urls = json.loads(first_line(process))["data"]
        with urlopen(urls["clob_url"] + "/time", timeout=LIMIT_S) as answer:
            assert answer.read() == b"1790000000"
    kinds = [json.loads(line)["kind"] for line in log.read_text().splitlines()]
    assert {"act", "venue", "request"} <= set(kinds)


@pytest.mark.parametrize("text", ["[[step", '[[step]]\ndo = "/fly"\n'])
def test_a_scenario_that_cannot_be_done_is_said_at_once(tmp_path: Path, text: str) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(text)
    done = finish("--port", "0", "--duration", "0.1", "--scenario", str(scenario))
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)

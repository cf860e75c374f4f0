"""Exit statuses, errors for people and for programs, and what may be imported when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pmm.cli import frame
from pmm.errors import Exit, MarketNotFound, OrdersMayRemain
from tests.cli.conftest import Pmm

HEAVY = ("eth_account", "py_clob_client", "py_clob_client_v2", "aiohttp", "pyarrow", "rich.live", "pydantic")
HELP_CPU_SECONDS_MAX = 0.35
PROBE = """
import resource, sys
from pmm.cli.frame import run
status = run(["--help"])
use = resource.getrusage(resource.RUSAGE_SELF)
print(status, use.ru_utime + use.ru_stime, *sorted(sys.modules), file=sys.stderr)
"""


def test_help_is_quick_and_loads_no_heavy_library(tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    status, seconds, *modules = done.stderr.split()
    assert status == "0"
    assert [name for name in modules if name in HEAVY] == []
    assert float(seconds) <= HELP_CPU_SECONDS_MAX


def test_no_arguments_are_a_call_for_help(pmm: Pmm) -> None:
    assert pmm().stdout.startswith("Usage: pmm")
    assert pmm().status == Exit.OK


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("verson", "No such command 'verson'.", "Did you mean `pmm version`?"),
        ("config shwo", "No such command 'shwo'.", "Did you mean `pmm config show`?"),
        ("config show --orign", "No such option: --orign", "Did you mean `--origin`?"),
        ("version --jsonn", "No such option: --jsonn", "Did you mean `--json`?"),
        ("config", "Missing command.", "See `pmm config --help`."),
        ("version --set spread", "'spread' is not KEY=VALUE", "See `pmm --help`."),
        ("version --output", "option --output needs a value", "See `pmm --help`."),
        ("book", "Missing argument 'markets'.", "See `pmm book --help`."),
    ],
)
def test_wrong_usage_exits_2_with_the_nearest_right_word(pmm: Pmm, line: str, message: str, hint: str) -> None:
    done = pmm(*line.split())
    assert (done.status, done.stdout) == (Exit.USAGE, "")
    first, second = done.stderr.splitlines()
    assert message in first
    assert hint in second


def test_a_failure_for_a_program_is_one_envelope_on_stdout_and_nothing_else(pmm: Pmm) -> None:
    done = pmm("verson", "--json")
    assert done.document["error"] == {
        "code": "PMM-E101",
        "message": "No such command 'verson'.",
        "hint": "Did you mean `pmm version`?",
        "exit": 2,
    }
    assert done.stderr == ""


def test_wrong_settings_exit_3_and_are_all_listed(pmm: Pmm) -> None:
    done = pmm("config", "show", CHAIN_ID="1", CLOB_API_URL="", MM_SPREAD="-0.01", MM_SIZE="ten")
    assert done.status == Exit.CONFIG
    for name in ("CHAIN_ID", "CLOB_API_URL", "MM_SPREAD", "MM_SIZE"):
        assert f"(env {name})" in done.stderr


def test_a_secret_is_in_no_output_whatever_happens(pmm: Pmm) -> None:
    canary = "c0ffee" * 10 + "dead"
    for line in ("config show --origin", "config show --json", "config validate -v", "config show --set mm.spread=x"):
        done = pmm(*line.split(), "--debug", POLY_PRIVATE_KEY=canary, POLY_API_SECRET=canary)
        assert canary not in done.stdout + done.stderr


def test_a_reader_that_closes_early_ends_the_command_quietly(tmp_path: Path, environment: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "pmm", "version"],
        env=environment,
        cwd=tmp_path,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_stdout_that_was_never_open_is_no_error(tmp_path: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        f"{sys.executable} -m pmm version >&-",
        shell=True,
        env=environment,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def _version_raises(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def facts() -> dict[str, object]:
        raise error

    monkeypatch.setattr("pmm.cli.version.facts", facts)


def test_an_exception_nobody_foresaw_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _version_raises(monkeypatch, ZeroDivisionError("oops"))
    assert frame.run(["version"]) == Exit.UNEXPECTED
    first, second = capsys.readouterr().err.splitlines()
    assert first == "error PMM-E001: unexpected ZeroDivisionError: oops"
    assert "--debug" in second


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _version_raises(monkeypatch, ZeroDivisionError("oops"))
    assert frame.run(["version", "--debug"]) == Exit.UNEXPECTED
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MarketNotFound("x"), 5),
        (OrdersMayRemain("x"), 9),
        (KeyboardInterrupt(), 130),
        (frame.Terminated(), 143),
    ],
)
def test_each_ending_has_its_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, status: int
) -> None:
    _version_raises(monkeypatch, error)
    assert frame.run(["version"]) == status
    assert "Traceback" not in capsys.readouterr().err


def test_of_several_failures_the_one_about_remaining_orders_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = BaseExceptionGroup("inner", [OrdersMayRemain("three orders may remain")])
    _version_raises(monkeypatch, BaseExceptionGroup("tasks", [ValueError("y"), MarketNotFound("x"), inner]))
    assert frame.run(["version", "--json"]) == Exit.ORDERS_MAY_REMAIN
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "three orders may remain"


def test_sigterm_ends_a_command_with_143(monkeypatch: pytest.MonkeyPatch) -> None:
    def facts() -> dict[str, object]:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("the signal was lost")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("pmm.cli.version.facts", facts)
    assert frame.run(["version"]) == 143
    assert signal.getsignal(signal.SIGTERM) is before

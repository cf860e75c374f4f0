"""B084: every safety is triggered in a real live run, and the venue holds nothing of ours within what is promised."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm
from tests.support.blackbox import PMM, environment

HAPPENS = {
    "stale feed": "pulled",
    "feed disconnected": "pulled",
    "user socket closed": "pulled",
    "error burst": "cooldown",
    "REST dead": "pulled",
    "heartbeat refused": "pulled",
    "foreign heartbeat": "halted",
    "venue restart": "pulled",
    "daily loss": "halted",
    "balance drop": "halted",
    "kill": "halted",
    "stop": "stopped",
}


@pytest.mark.parametrize(("name", "happens"), HAPPENS.items(), ids=list(HAPPENS))
def test_b084_a_safety_takes_every_order_away_in_time(pmm: Pmm, name: str, happens: str) -> None:
    done = pmm("drill", "--only", name, "--json")
    (one,) = done.document["data"]["drills"]
    assert (one["drill"], one["happened"], one["ok"]) == (name, happens, True), one
    assert 0 <= one["gone_after_ms"] <= one["promised_ms"]
    assert (done.status, done.document["mode"]) == (0, "dry-run")


def test_b084_a_drill_that_cannot_begin_is_missed_and_says_why(pmm: Pmm) -> None:
    done = pmm("drill", "--only", "stop", "--json", "--set", "live.max_order_usd=0.5")
    (one,) = done.documents[0]["data"]["drills"]
    assert (done.status, one["ok"], one["happened"]) == (8, False, "quoting did not begin")
    assert "order notional: 4.7 USD, 0.5 are allowed" in one["cause"]


def test_b084_a_name_that_there_is_not_is_refused(pmm: Pmm) -> None:
    done = pmm("drill", "--only", "fire")
    assert done.status == 2
    assert all(name in done.stderr for name in HAPPENS)


@pytest.mark.skipif(sys.platform == "win32", reason="the story sends a signal")
def test_an_interruption_ends_all_of_them(tmp_path: Path) -> None:
    command = [*PMM, "drill", "--only", "stop", "--only", "REST dead"]
    drilling = subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True)
    with drilling:
        assert drilling.stderr is not None
        assert any(line.startswith("stop  ok") for line in drilling.stderr)
        drilling.send_signal(signal.SIGINT)
        assert drilling.wait() == 130

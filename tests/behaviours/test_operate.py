"""A running bot is asked from another shell; one that is not there is told apart from one that does not answer."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.test_kill import Bot, bot, data_dir, line
from tests.support.blackbox import Exchange

__all__ = ["bot"]


@pytest.mark.parametrize("command", ["status", "pause", "resume", "stop"])
def test_nothing_runs(pmm: Pmm, command: str) -> None:
    done = pmm(command, "--json")
    assert (done.status, done.document["error"]["code"]) == (5, "PMM-E333")


def test_b007_b078_status_repeats_mode_and_whether_limits_act(pmm: Pmm, bot: Bot, tmp_path: Path) -> None:
    running = bot()
    done = pmm("status", "--json", **data_dir(tmp_path))
    told = done.document
    assert (done.status, told["mode"], told["data"]["pid"]) == (0, "dry-run", running.pid)
    assert (told["data"]["risk_enforced"], told["data"]["orders"]["open"]) == (False, 0)
    text = pmm("status", **data_dir(tmp_path)).stdout
    assert "DRY RUN" in text
    assert "healthy  " in text


def test_wishes_reach_the_bot_and_stop_waits_for_its_end(pmm: Pmm, bot: Bot, tmp_path: Path) -> None:
    running = bot()
    for command in ("pause", "resume"):
        assert pmm(command, **data_dir(tmp_path)).status == 0
        assert json.loads(line(running))["action"] == command
    done = pmm("stop", "--reason", "tea", "--json", **data_dir(tmp_path))
    assert json.loads(line(running)) == {"action": "stop", "reason": "tea"}
    assert (done.status, done.document["data"]["stopped"]) == (0, True)
    assert running.wait(20) == 0
    assert pmm("status", **data_dir(tmp_path)).status == 5


def test_b007_b027_a_dry_run_is_asked_paused_resumed_and_stopped(pmm: Pmm, exchange: Exchange, quote: Quote) -> None:
    session = quote(exchange)
    session.moved("order", "LIVE")
    told = pmm("status", "--json", **exchange.env).document
    (market,) = told["data"]["markets"]
    assert (told["mode"], told["data"]["healthy"], market["market"]) == ("dry-run", True, "demo")
    assert (market["source"], market["decision"]["reason"]) == ("websocket", "")
    assert "RUNNING" in told["data"]["feeds"].values()
    assert pmm("pause", **exchange.env).status == 0
    session.decided(None, None, reason="paused by the operator")
    told = pmm("status", "--json", **exchange.env).document["data"]
    assert (told["healthy"], told["problem"], told["paused"]) == (False, "paused by the operator", True)
    place = session.mark()
    assert pmm("resume", **exchange.env).status == 0
    session.moved("order", "LIVE", after=place)
    assert pmm("stop", "--json", **exchange.env).document["data"]["stopped"]
    assert session.finish().status == 0


def test_a_bot_that_was_killed_leaves_nothing_in_the_way(pmm: Pmm, bot: Bot, tmp_path: Path) -> None:
    running = bot()
    running.kill()
    running.wait()
    assert pmm("status", **data_dir(tmp_path)).status == 5
    again = bot()
    assert pmm("status", "--json", **data_dir(tmp_path)).document["data"]["pid"] == again.pid


def test_a_bot_that_stands_still_is_said(pmm: Pmm, bot: Bot, tmp_path: Path) -> None:
    running = bot()
    running.send_signal(signal.SIGSTOP)
    done = pmm("status", "--json", **data_dir(tmp_path))
    assert (done.status, done.document["error"]["code"]) == (124, "PMM-E334")
    assert f"process {running.pid} runs as 'default' and does not answer" in done.document["error"]["message"]

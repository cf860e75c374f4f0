"""A second process cancels everything when the bot is killed or stands still; real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from pmm.drivers.control import ask
from tests.behaviours.test_kill import ROOT, leaks
from tests.support.blackbox import LIMIT_S, Exchange, Process, Record, environment
from tests.support.holder import Holder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stories send signals")

SILENCE_S = 1.0


class Guarded:
    """A bot with a watchdog; `kill` and `freeze` are what happens to bots."""

    def __init__(self, folder: Path, holder: Holder, silence: float) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.support.bot", str(folder), str(silence)]
        self.bot = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment(folder.parent), "POLY_PRIVATE_KEY": holder.key.hex()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.bot.stdin is not None
        assert self.bot.stdout is not None
        key, secret, passphrase = holder.credentials
        charge = {"key": key, "secret": secret, "passphrase": passphrase, "deadline": 500_000_000}
        where = {"clob_url": holder.exchange.urls["clob_url"], "address": holder.address}
        self.bot.stdin.write(json.dumps({**charge, **where}) + "\n")
        self.bot.stdin.flush()
        self.watchdog: int = json.loads(self.bot.stdout.readline())["watchdog"]

    @property
    def log(self) -> str:
        return (self.folder / "watchdog.log").read_text()

    def alive(self) -> bool:
        """Whether the watchdog still runs; one that ended is a zombie at most."""
        if sys.platform != "linux":
            return is_there(self.watchdog)
        try:
            state = Path(f"/proc/{self.watchdog}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.watchdog, signal.SIGKILL)
        self.bot.kill()
        self.bot.wait()
        for pipe in (self.bot.stdin, self.bot.stdout):
            assert pipe is not None
            pipe.close()


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def holder(exchange: Exchange) -> Holder:
    return Holder(exchange)


@pytest.fixture
def guarded(tmp_path: Path, holder: Holder) -> Iterator[Callable[..., Guarded]]:
    with ExitStack() as stack:

        def start(silence: float = SILENCE_S) -> Guarded:
            one = Guarded(tmp_path / "bot", holder, silence)
            stack.callback(one.close)
            return one

        yield start


def test_a_bot_that_is_killed_is_swept_after(guarded: Callable[..., Guarded], holder: Holder, tmp_path: Path) -> None:
    holder.rest(20)
    one = guarded(60.0)
    one.bot.kill()
    one.until(lambda: not holder.open())
    one.until(lambda: not one.alive())
    assert "sweep: the bot is gone" in one.log
    assert "proven empty" in one.log
    assert leaks(tmp_path, holder.secrets) == []


def test_a_bot_that_stands_still_is_swept_after_and_watched_on(guarded: Callable[..., Guarded], holder: Holder) -> None:
    holder.rest(3)
    one = guarded()
    one.bot.send_signal(signal.SIGSTOP)
    one.until(lambda: not holder.open())
    holder.rest(3)
    one.until(lambda: not holder.open())
    assert one.alive()
    one.bot.send_signal(signal.SIGCONT)
    one.bot.kill()
    one.until(lambda: not one.alive())
    assert one.log.splitlines()[-1].endswith("proven empty")


def test_a_dead_venue_is_swept_for_as_long_as_it_takes(guarded: Callable[..., Guarded], holder: Holder) -> None:
    holder.rest(3)
    one = guarded(60.0)
    holder.exchange.post("/faults/requests", on="DELETE /*", harm="lose", times=None)
    one.bot.kill()
    one.until(lambda: "DELETE /cancel-all" in one.log)
    os.kill(one.watchdog, signal.SIGINT)  # nobody means it
    assert len(holder.open()) == 3
    holder.exchange.post("/faults/clear")
    one.until(lambda: not holder.open())
    one.until(lambda: not one.alive())


def test_a_bot_that_ends_in_order_is_left_in_peace(guarded: Callable[..., Guarded], holder: Holder) -> None:
    holder.rest(1)
    one = guarded()
    with suppress(subprocess.TimeoutExpired):
        one.bot.wait(2 * SILENCE_S)
    ask(one.folder, "stop")
    one.until(lambda: one.bot.poll() is not None and not one.alive())
    assert one.bot.returncode == 0
    assert "sweep" not in one.log  # it said that it lives all the time, and then bye
    assert len(holder.open()) == 1


def test_an_interruption_is_no_bye(guarded: Callable[..., Guarded], holder: Holder) -> None:
    holder.rest(1)
    one = guarded(60.0)
    one.bot.send_signal(signal.SIGINT)
    one.until(lambda: one.bot.poll() is not None and not one.alive())
    assert "sweep: the bot is gone" in one.log
    assert holder.open() == []


def live(home: Path, holder: Holder, **more: str) -> Process:
    """`pmm quote --live` on the demo market."""
    return Process(home, "quote", "--market", "demo", "--live", "--yes", "--json", **holder.env, **more)


def test_a_quoting_bot_that_is_killed_leaves_no_order(tmp_path: Path, holder: Holder) -> None:
    with live(tmp_path, holder, PMM_LIVE__HEARTBEAT="false") as quoting:
        quoting.until(order_is_live)
        quoting.signal(signal.SIGKILL)
        holder.until_empty(limit=10.0)
    assert leaks(tmp_path, holder.secrets) == []


def test_a_quoting_bot_that_is_stopped_in_order_sends_its_watchdog_home(tmp_path: Path, holder: Holder) -> None:
    with live(tmp_path, holder, PMM_DATA_DIR=str(tmp_path)) as quoting:
        quoting.until(order_is_live)
        ask(tmp_path / "default", "stop")
        assert quoting.finish().status == 0
    assert holder.open() == []
    log = (tmp_path / "default" / "watchdog.log").read_text()
    assert "on guard" in log
    assert "sweep" not in log


def test_a_quoting_bot_that_stands_still_loses_its_orders_within_fifteen_seconds(
    tmp_path: Path, holder: Holder
) -> None:
    with live(tmp_path, holder, PMM_LIVE__WATCHDOG="false") as quoting:
        quoting.until(lambda data: data.get("event") == "change" and data["new"] == "BEATING")
        quoting.until(order_is_live)
        quoting.signal(signal.SIGSTOP)
        assert holder.until_empty() <= 15.5  # half a second for the reads


def order_is_live(data: Record) -> bool:
    return data.get("event") == "change" and (data["machine"], data["new"]) == ("order", "LIVE")

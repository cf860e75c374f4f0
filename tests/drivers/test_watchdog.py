"""What a watchdog does with what it hears; its sweeps are those of a test."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pmm.drivers import watchdog
from pmm.drivers.succession import Succession
from pmm.drivers.watchdog import Charge, Guard, Watchdog, WatchdogFailed
from pmm.errors import LocalError
from pmm.events import Operator, OperatorAction

CHARGE = Charge("http://127.0.0.1:9", "0x00", "marker-key", "bWFya2VyLXNlY3JldA==", "marker-phrase", 10**9)
MARKERS = ("marker-key", "bWFya2VyLXNlY3JldA==", "marker-phrase")


@dataclass
class Outcome:
    empty: bool


class Venue:
    """Counts sweeps and lets them end when a test says so; the events are signs of what happened."""

    def __init__(self) -> None:
        self.sweeps = 0
        self.began = asyncio.Event()
        self.proven = asyncio.Event()
        self.causes: list[str] = []
        self._given_up = asyncio.Event()

    @asynccontextmanager
    async def release(self) -> AsyncIterator[Venue]:
        self.sweeps += 1
        self._given_up.clear()
        yield self

    async def run(self, limit: float | None = None) -> Outcome:
        assert limit is None, "a watchdog never stops by itself"
        self.began.set()
        waits = [asyncio.ensure_future(event.wait()) for event in (self.proven, self._given_up)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return Outcome(self.proven.is_set() and not self._given_up.is_set())

    def give_up(self, cause: str) -> None:
        self.causes.append(cause)
        self._given_up.set()


class Story:
    """A guard whose watch is under way."""

    def __init__(self, silence: float = 60.0, succession: Succession | None = None) -> None:
        self.venue = Venue()
        self.log: list[str] = []
        self.said = asyncio.Queue[str]()
        self.guard = Guard(self.venue.release, self.tell, parent=os.getppid(), silence=silence, succession=succession)
        self.watch = asyncio.ensure_future(self.guard.watch())

    def tell(self, line: str) -> None:
        self.log.append(line)
        self.said.put_nowait(line)

    def hear(self, *words: str) -> None:
        for word in words:
            self.guard.hear(f"{word}\n".encode())

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.watch, 10)


async def test_a_bot_that_says_bye_is_not_swept_after() -> None:
    story = Story()
    story.hear("beat", "bye")
    story.guard.hear(b"")
    assert await story.ended()
    assert story.venue.sweeps == 0


async def test_a_bot_that_is_gone_is_swept_after_until_nothing_is_left() -> None:
    story = Story()
    story.guard.hear(b"")
    await story.venue.began.wait()
    assert not story.watch.done()
    story.venue.proven.set()
    assert await story.ended()
    assert story.log == ["sweep: the bot is gone", "proven empty"]


async def test_a_bot_that_comes_back_keeps_its_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_S", 0.01)
    story = Story(succession=Succession(lambda: True, grace=0.0, handover=0.05))
    story.guard.hear(b"")
    assert await story.ended()
    assert story.venue.sweeps == 0
    assert story.log == ["another run has taken over"]


async def test_a_bot_that_does_not_come_back_in_time_is_swept_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_S", 0.01)
    looks = iter([False, True, True, *[False] * 10_000])
    story = Story(succession=Succession(lambda: next(looks), grace=0.05, handover=60.0))
    story.guard.hear(b"")
    story.venue.proven.set()
    assert await story.ended()
    assert story.log == ["sweep: the bot is gone", "proven empty"]


async def test_a_sweep_ends_when_a_bot_comes_back_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_S", 0.01)
    back = asyncio.Event()
    story = Story(succession=Succession(back.is_set, grace=0.0, handover=0.05))
    story.guard.hear(b"")
    await story.venue.began.wait()
    back.set()
    assert await story.ended()
    assert story.venue.causes[0] == "another run has taken the wallet over"
    assert story.log == ["sweep: the bot is gone", "given up", "another run has taken over"]


async def test_a_kill_is_carried_out_whoever_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_S", 0.01)
    story = Story(succession=Succession(lambda: True, grace=0.0, handover=60.0))
    story.hear("kill")
    story.guard.hear(b"")
    await story.venue.began.wait()
    story.venue.proven.set()
    await story.said.get()
    assert await story.said.get() == "proven empty"
    assert story.venue.causes == []
    story.watch.cancel()


async def test_a_signal_ends_a_watchdog_that_waits_for_a_bot_to_come_back() -> None:
    story = Story(succession=Succession(lambda: True))
    story.guard.hear(b"")
    story.guard.end("SIGTERM received")
    assert not await story.ended()


async def test_a_silent_bot_is_swept_after_and_watched_on() -> None:
    story = Story(silence=0.05)
    story.venue.proven.set()
    said = [await story.said.get() for _ in range(4)]
    assert said == ["sweep: no word for 0.05 s", "proven empty"] * 2
    story.hear("bye")
    assert await story.ended()


async def test_a_bot_that_wakes_up_ends_the_sweep_for_its_silence() -> None:
    story = Story(silence=0.05)
    await story.venue.began.wait()
    story.guard._silence = 60.0
    story.hear("beat")
    story.hear("bye")
    assert await story.ended()
    assert story.venue.causes[0] == "the bot is back"
    assert story.log == ["sweep: no word for 0.05 s", "given up"]


async def test_a_bot_that_dies_while_it_is_swept_after_for_silence_is_swept_after_again() -> None:
    story = Story(silence=0.05)
    await story.venue.began.wait()
    story.guard.hear(b"")
    story.venue.proven.set()
    assert await story.ended()
    assert story.log[2:] == ["sweep: the bot is gone", "proven empty"]


async def test_kill_is_not_undone_by_a_bot_that_speaks_on_or_ends() -> None:
    story = Story()
    story.hear("kill")
    await story.venue.began.wait()
    story.hear("beat", "bye")
    assert story.venue.causes == []
    story.venue.proven.set()
    assert await story.ended()
    assert story.log == ["sweep: kill", "proven empty"]


async def test_a_signal_ends_only_a_watchdog_without_a_bot() -> None:
    story = Story()
    story.hear("kill")
    await story.venue.began.wait()
    story.guard.end("SIGTERM received")
    assert story.venue.causes == []
    story.guard.hear(b"")
    story.guard.end("SIGTERM received")
    assert not await story.ended()
    assert story.venue.causes == ["SIGTERM received"]


async def test_a_bot_whose_pipe_somebody_else_holds_open_is_missed_all_the_same() -> None:
    venue, log = Venue(), list[str]()
    venue.proven.set()
    guard = Guard(venue.release, log.append, parent=-1, silence=60.0)
    assert await asyncio.wait_for(guard.watch(), 10)
    assert log == ["sweep: the bot is gone", "proven empty"]


def test_a_charge_shows_nothing_and_travels_whole() -> None:
    assert Charge.read(io.BytesIO(CHARGE.line())) == CHARGE
    assert not any(marker in repr(CHARGE) for marker in MARKERS)


@pytest.mark.parametrize("line", [b"", b"beat\n", b"[]\n", b'{"key": "marker-key"}\n'])
def test_a_watchdog_that_was_started_by_hand_is_refused(line: bytes) -> None:
    with pytest.raises(LocalError, match="started by the bot") as refused:
        Charge.read(io.BytesIO(line))
    assert "marker" not in str(refused.value)


async def test_it_guards_a_real_process_until_bye(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLY_PRIVATE_KEY", "marker-key")
    dog = Watchdog(tmp_path, lambda: CHARGE)
    await dog.start()
    if sys.platform == "linux":
        seen = visible(dog.pid)
        assert "watchdog" in seen
        assert not any(marker in seen for marker in MARKERS)
    await dog.bye()
    log = (tmp_path / "watchdog.log").read_text()
    assert f"on guard for process {os.getpid()}" in log
    assert "sweep" not in log
    assert dog._process is not None
    assert dog._process.returncode == 0


async def test_one_that_died_is_replaced_and_the_third_time_quoting_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BEAT_S", 0.01)
    monkeypatch.setattr(watchdog, "RESTARTS_MAX", 1)
    dog, told = Watchdog(tmp_path, lambda: CHARGE), list[Any]()
    started = asyncio.Event()
    start: Callable[[], Any] = dog.start

    async def once_more() -> None:
        await start()
        _end(dog)
        started.set()

    monkeypatch.setattr(dog, "start", once_more)
    await dog.start()
    await asyncio.wait_for(dog.serve(told.append), 60)
    (stop,) = told
    assert isinstance(stop, Operator)
    assert (stop.action, stop.reason) == (OperatorAction.STOP, "the watchdog died 2 times")
    dog.leave()


async def test_one_that_cannot_start_is_said(tmp_path: Path) -> None:
    bad = Charge("http://venue.example", "0x00", "marker-key", "bWFya2VyLXNlY3JldA==", "marker-phrase", 10**9)
    dog = Watchdog(tmp_path, lambda: bad)
    with pytest.raises(WatchdogFailed, match=r"watchdog\.log says why"):
        await dog.start()
    log = (tmp_path / "watchdog.log").read_text()
    assert "https only" in log
    assert not any(marker in log for marker in MARKERS)


def visible(pid: int | None) -> str:
    """What the system shows of a process: its arguments and its environment."""
    return "".join(Path(f"/proc/{pid}/{name}").read_text() for name in ("cmdline", "environ"))


def _end(dog: Watchdog) -> None:
    process = dog._process
    assert process is not None
    process.kill()
    process.wait()

"""The door of a running bot: it answers whoever may ask, and nobody who may ask can hold it up."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pmm.drivers import control
from pmm.drivers.control import DOOR, SOCKET, ControlServer, NothingRuns, NotResponding, ask
from pmm.drivers.lease import take_instance
from pmm.errors import DiskError, Exit, LocalError
from pmm.events import OperatorAction

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stories look at sockets of the file system")


class Bot:
    """What a bot lets its door do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wishes: list[tuple[OperatorAction, str]] = []

    def view(self) -> Mapping[str, object]:
        return {"wishes": len(self.wishes)}

    def act(self, action: OperatorAction, reason: str) -> None:
        self.wishes.append((action, reason))

    async def ask(self, do: str, **how: Any) -> dict[str, object]:
        return await asyncio.to_thread(ask, self.folder, do, **how)

    async def say(self, line: bytes) -> Any:
        """The answer to raw bytes."""
        reader, writer = await asyncio.open_unix_connection(str(self.folder / SOCKET))
        writer.write(line)
        answer = await reader.read()
        writer.close()
        return json.loads(answer) if answer else None


def doors(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name in {SOCKET, DOOR}]


@pytest.fixture(params=["socket", "port"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder whose path is short enough for a socket, or not."""
    return tmp_path / ("bot" if request.param == "socket" else "b" * 120)


@asynccontextmanager
async def bot(folder: Path) -> AsyncIterator[Bot]:
    one = Bot(folder)
    with take_instance(folder, "bot"):
        async with ControlServer(folder, one.view, one.act):
            yield one


async def test_the_status_is_told(folder: Path) -> None:
    async with bot(folder) as one:
        assert await one.ask("status") == {"wishes": 0}


async def test_wishes_are_passed_on_with_their_reason(folder: Path) -> None:
    async with bot(folder) as one:
        for action in ("pause", "resume", "stop", "kill"):
            await one.ask(action, reason="because")
        assert one.wishes == [(OperatorAction(action), "because") for action in ("pause", "resume", "stop", "kill")]


async def test_nobody_else_may_open_the_door(folder: Path) -> None:
    async with bot(folder):
        (door,) = doors(folder)
        assert stat.S_IMODE(door.stat().st_mode) == 0o600


async def test_nothing_is_left_when_the_bot_is_gone(folder: Path) -> None:
    async with bot(folder) as one:
        pass
    with pytest.raises(NothingRuns, match="no bot runs as") as refused:
        await one.ask("status")
    assert refused.value.exit is Exit.NOT_FOUND
    assert doors(folder) == []


async def test_the_door_of_a_bot_that_died_is_taken_away(folder: Path) -> None:
    async with bot(folder) as one:
        (door,) = doors(folder)
        kept = door.rename(door.with_suffix(".kept"))
    kept.rename(door)
    with pytest.raises(NothingRuns):
        await one.ask("status")
    assert doors(folder) == []
    async with bot(folder) as again:
        assert await again.ask("status") == {"wishes": 0}


async def test_a_bot_that_stands_still_is_told_apart_from_none(folder: Path) -> None:
    async with bot(folder):
        with pytest.raises(NotResponding, match=r"process \d+ runs as .* and does not answer"):
            ask(folder, "status", patience=0.2)  # in the thread of the loop, which cannot answer meanwhile


async def test_a_bot_that_is_only_starting_is_not_taken_for_none(folder: Path) -> None:
    with take_instance(folder, "bot"), pytest.raises(NotResponding):
        ask(folder, "status")


async def test_a_port_needs_its_token(tmp_path: Path) -> None:
    folder = tmp_path / ("b" * 120)
    async with bot(folder) as one:
        door = json.loads((folder / DOOR).read_text())
        (folder / DOOR).write_text(json.dumps({**door, "token": "guessed"}))
        with pytest.raises(LocalError, match="wrong token"):
            await one.ask("kill")
        assert one.wishes == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"status\n", "one line of JSON"),
        (b"\xff\xfe\n", "one line of JSON"),
        (b"[" * 3_000 + b"\n", "one line of JSON"),
        (b'{"do": "' + b"x" * 10_000 + b'"}\n', "one line of JSON"),
        (b"[]\n", "an object"),
        (b"{}\n", "nothing like that"),
        (b'{"do": "reset"}\n', "nothing like that"),
        (b'{"do": ["kill"]}\n', "nothing like that"),
        (b'{"do": "kill", "reason": 5}\n', "a reason is text"),
        (b'{"do": "kill", "reason": "' + b"x" * 300 + b'"}\n', "a reason is text"),
    ],
)
async def test_nonsense_is_refused(tmp_path: Path, line: bytes, error: str) -> None:
    async with bot(tmp_path / "bot") as one:
        answer = await one.say(line)
        assert not answer["ok"]
        assert error in answer["error"]
        assert one.wishes == []


async def test_clients_that_say_nothing_do_not_keep_others_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "CLIENT_SECONDS_MAX", 0.3)
    async with bot(tmp_path / "bot") as one:
        silent = [await asyncio.open_unix_connection(str(one.folder / SOCKET)) for _ in range(40)]
        ends = [await reader.read() for reader, _ in silent]
        assert ends == [b""] * 40
        assert await one.ask("status") == {"wishes": 0}
        for _, writer in silent:
            writer.close()


async def test_a_client_that_does_not_read_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "CLIENT_SECONDS_MAX", 0.3)
    big: Callable[[], Mapping[str, object]] = lambda: {"much": "x" * 3_000_000}  # noqa: E731
    with take_instance(tmp_path / "bot", "bot"):
        async with ControlServer(tmp_path / "bot", big, lambda _action, _reason: None):
            one = Bot(tmp_path / "bot")
            _, writer = await asyncio.open_unix_connection(str(one.folder / SOCKET))
            writer.write(b'{"do": "status"}\n')
            assert len(str(await one.ask("status"))) > 3_000_000
            writer.transport.abort()


async def test_a_folder_that_takes_no_socket_is_said(tmp_path: Path) -> None:
    (tmp_path / "bot" / SOCKET).mkdir(parents=True)
    with pytest.raises(DiskError, match="control socket"):
        await ControlServer(tmp_path / "bot", dict, lambda _action, _reason: None).__aenter__()

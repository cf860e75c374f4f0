"""The door of a running bot: one JSON line in, one out, then it is closed.

    {"do": "status"}                       -> {"ok": true, "data": {...}}
    {"do": "kill", "reason": "too wide"}   -> {"ok": true, "data": {...}}

It is a socket in the folder of the instance that only its owner may open.  Where there are none, or the path is too
long for one, it is a port on loopback and a token that only the owner may read.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import orjson

from pmm.drivers.lease import holder_of
from pmm.errors import DiskError, Exit, LocalError
from pmm.events import OperatorAction

SOCKET = "control.sock"
DOOR = "control.json"
STATUS = "status"
# What may be asked beside the status.
ACTIONS = frozenset(set(OperatorAction) - {OperatorAction.RESET})

REQUEST_BYTES_MAX = 4_096
REASON_CHARS_MAX = 200
ANSWER_BYTES_MAX = 4 * 1024 * 1024
# Whoever takes longer to ask, or to read, is left alone.
CLIENT_SECONDS_MAX = 2.0
CLIENTS_MAX = 16
# The systems allow 104 or 108.
SOCKET_PATH_MAX = 100

View: TypeAlias = Callable[[], Mapping[str, object]]
Act: TypeAlias = Callable[[OperatorAction, str], None]


class NothingRuns(LocalError):
    """No bot runs as that instance."""

    code = "PMM-E333"
    exit = Exit.NOT_FOUND
    hint = "Start one with `pmm quote`, or name another with --instance."


class NotResponding(LocalError):
    """A bot runs as that instance and does not answer."""

    code = "PMM-E334"
    exit = Exit.TIMEOUT
    hint = "Its loop stands still or it is only starting; `pmm kill` cancels without it."


class _Bad(Exception):
    """A request that is none; the text is the answer."""


class ControlServer:
    """`async with ControlServer(folder, view, act)`: open until the block ends.  The instance's lease must be held.

    `view` is the status, a record for JSON; `act` passes a wish on to the engine and returns at once.  Both are called
    from the loop.  What clients do cannot harm: every one has its limits.
    """

    def __init__(self, folder: Path, view: View, act: Act) -> None:
        self._folder = folder
        self._view = view
        self._act = act
        self._token = ""
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Raises DiskError where the folder takes no socket."""
        try:
            _clear(self._folder)
            if _local(self._folder):
                self._server = await asyncio.start_unix_server(
                    self._serve, sock=_bound(self._folder / SOCKET), limit=REQUEST_BYTES_MAX
                )
            else:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=REQUEST_BYTES_MAX)
                self._token = secrets.token_hex(16)
                _write_door(self._folder / DOOR, self._server.sockets[0].getsockname()[1], self._token)
        except OSError as error:
            raise DiskError(f"cannot open a control socket in {self._folder}: {error.strerror}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None, "it was opened"
        self._server.close()
        for writer in tuple(self._clients):
            writer.transport.abort()
        await self._server.wait_closed()
        _clear(self._folder)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= CLIENTS_MAX:
            writer.transport.abort()
            return
        self._clients.add(writer)
        try:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(CLIENT_SECONDS_MAX):
                    writer.write(await self._answer(reader))
                    await writer.drain()
                    writer.write_eof()
                    writer.close()
                    await writer.wait_closed()
        finally:
            self._clients.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            told: dict[str, object] = {"ok": True, "data": self._do(await _request(reader))}
        except _Bad as bad:
            told = {"ok": False, "error": str(bad)}
        return orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS) + b"\n"

    def _do(self, request: Mapping[str, object]) -> Mapping[str, object]:
        if self._token and not hmac.compare_digest(str(request.get("token", "")).encode(), self._token.encode()):
            raise _Bad("wrong token")
        asked, reason = request.get("do"), request.get("reason", "")
        if not isinstance(reason, str) or len(reason) > REASON_CHARS_MAX:
            raise _Bad(f"a reason is text of at most {REASON_CHARS_MAX} characters")
        if asked != STATUS:
            action = next((action for action in ACTIONS if action == asked), None)
            if action is None:
                raise _Bad(f"nothing like that can be done; there are {', '.join(sorted({STATUS, *ACTIONS}))}")
            self._act(action, reason)
        return self._view()


async def _request(reader: asyncio.StreamReader) -> Mapping[str, object]:
    try:
        line = await reader.readline()
        request = orjson.loads(line)
    except ValueError:  # too long, or no JSON
        raise _Bad("a request is one line of JSON") from None
    if not isinstance(request, dict):
        raise _Bad("a request is an object")
    return request


def ask(folder: Path, do: str, *, reason: str = "", patience: float = 5.0) -> dict[str, object]:
    """Ask the bot of an instance's folder to `do` something; its status afterwards.

    Raises NothingRuns, NotResponding when it does not answer within `patience` seconds, and LocalError when it refuses.
    """
    request = {"do": do, "reason": reason[:REASON_CHARS_MAX]}
    try:
        with _connect(folder, request, patience) as connection:
            connection.sendall(orjson.dumps(request) + b"\n")
            answer = _read(connection)
    except TimeoutError:
        raise _silent(folder) from None
    except OSError:
        if holder_of(folder) is not None:
            raise _silent(folder) from None
        with suppress(OSError):
            _clear(folder)
        raise NothingRuns(f"no bot runs as {folder.name!r}") from None
    if not answer.get("ok"):
        raise LocalError(f"the bot refused: {answer.get('error')}")
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _connect(folder: Path, request: dict[str, str], patience: float) -> socket.socket:
    """Raises OSError.  Adds the token to the request where the door has one."""
    path = folder / SOCKET
    if _local(folder):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        address: str | tuple[str, int] = str(path)
    else:
        port, request["token"] = _read_door(folder / DOOR)
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        address = ("127.0.0.1", port)
    connection.settimeout(patience)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _read(connection: socket.socket) -> dict[str, object]:
    """The whole answer.  Raises OSError for one that is none."""
    body = bytearray()
    while chunk := connection.recv(65_536):
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            break
    try:
        told = orjson.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ConnectionError("what answers is no bot")
    return told


def _silent(folder: Path) -> NotResponding:
    holder = holder_of(folder)
    who = f"process {holder.pid}" if holder is not None else "the bot"
    return NotResponding(f"{who} runs as {folder.name!r} and does not answer")


def _local(folder: Path) -> bool:
    """Whether the door of a folder is a socket of the file system."""
    return sys.platform != "win32" and len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_MAX


def _bound(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


def _write_door(path: Path, port: int, token: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps({"port": port, "token": token}))


def _read_door(path: Path) -> tuple[int, str]:
    """Raises OSError, also for a file that is no door."""
    try:
        door = orjson.loads(path.read_bytes())
        return int(door["port"]), str(door["token"])
    except (ValueError, KeyError, TypeError):
        raise ConnectionError("the door is damaged") from None


def _clear(folder: Path) -> None:
    """Take away the door of a bot that is gone."""
    for name in (SOCKET, DOOR):
        (folder / name).unlink(missing_ok=True)

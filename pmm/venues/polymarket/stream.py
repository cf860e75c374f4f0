"""The public market socket: connect, subscribe, keep alive, pass raw bytes on, connect again.

The venue wants a text `PING` every ten seconds and answers `PONG`, which says nothing about data.  Delays between
attempts grow from a base to a cap with jitter; the count starts again once a frame of data has come.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from pmm.errors import InboxFull
from pmm.events import FeedNews, FeedSignal, Frame
from pmm.model import TokenId
from pmm.ports import Emit

# A dump of 168 tokens was seen with 432 kB; the library's default of 1 MiB would break the connection at about 400.
FRAME_BYTES_MAX = 64 * 1024 * 1024
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0


class Dice(Protocol):
    """The one method of random.Random that jitter needs."""

    def random(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: `base`, doubled up to `cap`, each shortened by up to half; at most `attempts` in a row."""

    base: float = 1.0
    cap: float = 60.0
    attempts: int = 10

    def delay(self, failures: int, dice: Dice) -> float | None:
        """How long to wait after the n-th failure in a row (from 1), or None when no attempt is left."""
        if failures >= self.attempts:
            return None
        full = min(self.cap, self.base * 2.0 ** (failures - 1))
        return full * (1.0 - 0.5 * dice.random())


class MarketStream:
    """Implements the `Feed` port for one connection."""

    def __init__(
        self,
        url: str,
        tokens: Sequence[TokenId],
        *,
        dice: Dice,
        connection: int = 0,
        backoff: Backoff | None = None,
        heartbeat: float = 10.0,
    ) -> None:
        self.url = url
        self.tokens = tuple(tokens)
        self.connection = connection
        self.backoff = backoff or Backoff()
        self.heartbeat = heartbeat
        self._dice = dice
        self._failures = 0
        self._reconnect = asyncio.Event()
        self._cause = ""

    def reconnect(self, cause: str) -> None:
        """Close the socket and open it again, as if it had been lost."""
        self._cause = cause
        self._reconnect.set()

    async def run(self, emit: Emit) -> None:
        """Emit frames and signals until cancelled, or until no attempt is left (signal GAVE_UP)."""
        while True:
            self._signal(emit, FeedNews.CONNECTING)
            cause = await self._attempt(emit)
            self._failures += 1
            self._signal(emit, FeedNews.CLOSED, cause)
            delay = self.backoff.delay(self._failures, self._dice)
            if delay is None:
                self._signal(emit, FeedNews.GAVE_UP, f"{self._failures} attempts failed, the last one: {cause}")
                return
            await asyncio.sleep(delay)

    async def _attempt(self, emit: Emit) -> str:
        """One connection from opening to closing; returns why it ended."""
        try:
            async with connect(
                self.url,
                max_size=FRAME_BYTES_MAX,
                compression=None,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                proxy=None,
            ) as socket:
                await socket.send(self._subscription())
                self._signal(emit, FeedNews.OPENED)
                return await self._converse(socket, emit)
        except ConnectionClosed as error:
            return f"socket closed: {error}"
        except TimeoutError:
            return "connecting timed out"
        except (OSError, WebSocketException) as error:
            return f"cannot connect to {self.url}: {error}"

    def _subscription(self) -> str:
        return orjson.dumps({"assets_ids": list(self.tokens), "type": "market"}).decode()

    async def _converse(self, socket: ClientConnection, emit: Emit) -> str:
        """Receive until the socket closes or a reconnect is asked for."""
        self._reconnect.clear()
        async with asyncio.TaskGroup() as group:
            receiver = group.create_task(self._receive(socket, emit))
            beat = group.create_task(self._beat(socket))
            asked = group.create_task(self._reconnect.wait())
            await asyncio.wait((receiver, asked), return_when=asyncio.FIRST_COMPLETED)
            for task in (receiver, beat, asked):
                task.cancel()
        return receiver.result() if not receiver.cancelled() else self._cause

    async def _receive(self, socket: ClientConnection, emit: Emit) -> str:
        try:
            while True:
                data = await socket.recv(decode=False)
                emit(Frame(time.time_ns(), self.connection, data))
                if data[:1] in (b"{", b"["):
                    self._failures = 0
        except ConnectionClosed as error:
            return f"socket closed: {error}"
        except InboxFull as error:
            return f"the engine fell behind: {error}"

    async def _beat(self, socket: ClientConnection) -> None:
        try:
            while True:
                await asyncio.sleep(self.heartbeat)
                await socket.send("PING")
        except ConnectionClosed:
            return

    def _signal(self, emit: Emit, news: FeedNews, cause: str = "") -> None:
        emit(FeedSignal(time.time_ns(), self.connection, news, cause))

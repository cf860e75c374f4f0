"""The public market socket: connect, subscribe, keep alive, pass raw bytes on, connect again.

The venue wants a text `PING` every ten seconds and answers `PONG`, which says nothing about data; without any PONG the
connection is dead, whatever TCP believes.  Delays between attempts grow from a base to a cap with jitter; the count
starts again once a frame of data has come.  What is followed may change at any time: the open socket is told the
difference, the next one everything.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from pmm.errors import InboxFull
from pmm.events import FeedNews, FeedSignal, Frame
from pmm.model import TokenId
from pmm.ports import Emit
from pmm.venues.polymarket.sockets import talk

# A dump of 168 tokens was seen with 432 kB; the library's default of 1 MiB would break the connection at about 400.
FRAME_BYTES_MAX = 64 * 1024 * 1024
# The official client takes a connection for dead after so long without PONG (protocol reference, section 5.1).
PONG_LIMIT_S = 30.0
PONG_LIMIT_BEATS = 3
# The library hands over what it has buffered without letting the loop run.  After so many frames or bytes in one go,
# about a millisecond of work each, timers, signals, the heartbeat and other sockets have their turn.
TURN_FRAMES = 64
TURN_BYTES = 64 * 1024


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
        tokens: Sequence[TokenId] = (),
        *,
        dice: Dice,
        connection: int = 0,
        backoff: Backoff | None = None,
        heartbeat: float = 10.0,
        pong_limit: float | None = None,
    ) -> None:
        """`heartbeat` and `pong_limit` in seconds; without a limit of its own it is 30 s, or three slow heartbeats."""
        self.url = url
        self.connection = connection
        self.backoff = backoff or Backoff()
        self.heartbeat = heartbeat
        self.pong_limit = max(PONG_LIMIT_S, PONG_LIMIT_BEATS * heartbeat) if pong_limit is None else pong_limit
        self._dice = dice
        self._failures = 0
        self._reconnect = asyncio.Event()
        self._cause = ""
        self._wanted = dict.fromkeys(tokens)
        self._followed: dict[TokenId, None] = {}  # what the open socket was told
        self._again: set[TokenId] = set()
        self._differs = asyncio.Event()
        if tokens:
            self._differs.set()

    @property
    def tokens(self) -> tuple[TokenId, ...]:
        """What is followed, in the order of asking."""
        return tuple(self._wanted)

    def reconnect(self, cause: str) -> None:
        """Close the socket and open it again, as if it had been lost."""
        self._cause = cause
        self._reconnect.set()

    def subscribe(self, tokens: Sequence[TokenId]) -> None:
        """Follow more tokens: at once on an open socket, and on every one that is opened later."""
        self._wanted |= dict.fromkeys(tokens)
        self._differs.set()

    def unsubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Stop following tokens; the socket stays open even when none is left."""
        for token in tokens:
            self._wanted.pop(token, None)
        self._differs.set()

    def resubscribe(self, tokens: Sequence[TokenId]) -> None:
        """Leave tokens and follow them again, which the venue answers with snapshots; others are not followed by it."""
        self._again.update(tokens)
        self._differs.set()

    async def run(self, emit: Emit) -> None:
        """Emit frames and signals until cancelled, or until no attempt is left (signal GAVE_UP).

        Without any token it does not connect: the venue closes sockets that subscribe to nothing.
        """
        self._failures = 0
        while True:
            await self._something()
            self._signal(emit, FeedNews.CONNECTING)
            cause = await self._attempt(emit)
            self._failures += 1
            self._signal(emit, FeedNews.CLOSED, cause)
            delay = self.backoff.delay(self._failures, self._dice)
            if delay is None:
                self._signal(emit, FeedNews.GAVE_UP, f"{self._failures} attempts failed, the last one: {cause}")
                return
            await asyncio.sleep(delay)

    async def _something(self) -> None:
        while not self._wanted:
            self._differs.clear()
            await self._differs.wait()

    async def _attempt(self, emit: Emit) -> str:
        """One connection from opening to closing; returns why it ended."""

        async def opened(socket: ClientConnection) -> str:
            await socket.send(self._subscription())
            self._signal(emit, FeedNews.OPENED)
            return await self._converse(socket, emit)

        return await talk(self.url, opened, frame_bytes_max=FRAME_BYTES_MAX)

    def _subscription(self) -> str:
        """The first frame of a socket: everything that is wanted now."""
        self._followed = dict(self._wanted)
        self._again.clear()
        return _text({"assets_ids": list(self._followed), "type": "market"})

    def _difference(self) -> list[str]:
        """The frames that lead from what the socket follows to what is wanted."""
        again = self._again & self._wanted.keys() & self._followed.keys()
        dropped = [token for token in self._followed if token not in self._wanted or token in again]
        added = [token for token in self._wanted if token not in self._followed or token in again]
        self._followed = dict(self._wanted)
        self._again.clear()
        return [_operation(name, tokens) for name, tokens in (("unsubscribe", dropped), ("subscribe", added)) if tokens]

    async def _converse(self, socket: ClientConnection, emit: Emit) -> str:
        """Receive until the socket closes or a reconnect is asked for."""
        self._reconnect.clear()
        async with asyncio.TaskGroup() as group:
            receiver = group.create_task(self._receive(socket, emit))
            asked = group.create_task(self._reconnect.wait())
            others = (asked, group.create_task(self._beat(socket)), group.create_task(self._tell(socket)))
            await asyncio.wait((receiver, asked), return_when=asyncio.FIRST_COMPLETED)
            for task in (receiver, *others):
                task.cancel()
        return receiver.result() if not receiver.cancelled() else self._cause

    async def _receive(self, socket: ClientConnection, emit: Emit) -> str:
        clock = asyncio.get_running_loop().time
        frames = size = 0
        try:
            async with asyncio.timeout(self.pong_limit) as watch:
                while not self._reconnect.is_set():
                    data = await socket.recv(decode=False)
                    emit(Frame(time.time_ns(), self.connection, data))
                    if data[:1] in (b"{", b"["):
                        self._failures = 0
                    elif data == b"PONG":
                        watch.reschedule(clock() + self.pong_limit)
                    frames, size = frames + 1, size + len(data)
                    if frames >= TURN_FRAMES or size >= TURN_BYTES:
                        frames = size = 0
                        await asyncio.sleep(0)
                return self._cause
        except TimeoutError:
            return f"no PONG for {self.pong_limit:g} s"
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

    async def _tell(self, socket: ClientConnection) -> None:
        """Tell the socket what changed, whenever it does."""
        try:
            while True:
                await self._differs.wait()
                self._differs.clear()
                for frame in self._difference():
                    await socket.send(frame)
        except ConnectionClosed:
            return

    def _signal(self, emit: Emit, news: FeedNews, cause: str = "") -> None:
        emit(FeedSignal(time.time_ns(), self.connection, news, cause))


def _operation(name: str, tokens: Iterable[TokenId]) -> str:
    return _text({"operation": name, "assets_ids": list(tokens)})


def _text(body: object) -> str:
    return orjson.dumps(body).decode()

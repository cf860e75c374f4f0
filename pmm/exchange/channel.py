"""One kind of socket: who is connected, a bounded outbox for each, and what is wrong with it on purpose.

A message is framed once for everybody and written in the next turn of the loop, together with whatever else waits for
the same subscriber.  One that takes less than it gets is waited for by a task of its own, and disconnected when its
outbox is full; nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import WSMsgType, web

from pmm.exchange.answers import answer
from pmm.exchange.frame_faults import FrameFaults
from pmm.exchange.outbox import Outbox
from pmm.exchange.text_frame import text_frame, text_of
from pmm.model import TokenId
from pmm.sim.dice import Dice, Stream

# A subscription of a thousand tokens is 82 kB; the largest dump seen is 432 kB (data reference, section 2).
MESSAGE_BYTES_MAX = 1 << 20
# What is written at once.  With the library's limit for a transport, 64 kB, it bounds what waits behind the outbox.
WRITE_BYTES_MAX = 1 << 18
# A write is a system call and wakes a reader, which costs more than all the rest: a crowd is written to no more often
# than this.  Few subscribers do not wait, so that what one of them sees does not depend on real time.
CROWD_MIN = 33
CROWD_PAUSE_S = 0.004
# Ends a connection without a closing handshake, as a lost network does.
ABNORMAL = 1006
# What the venue answers to a frame that it does not understand; seen by clients, on no page of the documentation.
NOT_UNDERSTOOD = b"INVALID OPERATION"

# Hears about every frame that is sent: when it is `sent`, or received.
Witness: TypeAlias = Callable[[str, bytes], None]
# Hears about every socket when it opens.
Opened: TypeAlias = Callable[[web.Request, web.WebSocketResponse], None]


@dataclass
class Faults:
    """What is wrong with a socket on purpose.

    refuse      new sockets are answered 503
    silent      sockets are accepted and subscriptions taken, but only PING is answered
    frozen      tokens about which nothing is sent any more; None is every token
    slow_s      real seconds before every frame that is sent
    frames      what happens to single frames
    """

    refuse: bool = False
    silent: bool = False
    frozen: frozenset[TokenId] | None = frozenset()
    slow_s: float = 0.0
    frames: FrameFaults = field(default_factory=FrameFaults)

    @property
    def mute(self) -> bool:
        """Whether no data is sent at all."""
        return self.silent or self.frozen is None


@dataclass
class StreamStats:
    opened: int = 0
    frames_sent: int = 0
    frames_lost: int = 0
    dropped_clients: int = 0


class Client:
    """One open socket; market sockets have `tokens` and user sockets an `api_key`.

    `late` is set while what is in the outbox has to wait: for the network, or because the socket is slow on purpose.
    """

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None, "a socket that was just prepared has a transport"
        self.socket = socket
        self.outbox = Outbox()
        self.late = asyncio.Event()
        self.tokens: set[TokenId] = set()
        self.custom = False
        self.api_key: str | None = None
        self.markets: set[str] | None = None
        self._transport = request.transport
        self._full = request.transport.get_write_buffer_limits()[1]
        self._writer = request.writer

    @property
    def full(self) -> bool:
        """Whether the network has as much as it should."""
        return self._transport.get_write_buffer_size() > self._full

    def write(self, data: bytes) -> None:
        """Hand whole frames to the network, unless the socket is closing."""
        if not self.socket.closed and not self._transport.is_closing():
            self._transport.write(data)

    async def writable(self) -> None:
        """Until the network takes more.  Raises ConnectionError."""
        await self._writer.drain()

    def abort(self) -> None:
        """End the connection at once, without a closing handshake."""
        self._transport.abort()


class Channel:
    """Every open socket of one kind.  `obey` gets what a client says, `left` the clients that are gone."""

    def __init__(
        self,
        obey: Callable[[Client, str | bytes], None],
        left: Callable[[Client], None],
        dice: Dice | None = None,
    ) -> None:
        self.faults = Faults(frames=FrameFaults(dice or Stream(0)))
        self.stats = StreamStats()
        self.clients: set[Client] = set()
        self.witness: Witness | None = None
        self.opened: Opened | None = None
        self._due: dict[Client, None] = {}
        self._obey = obey
        self._left = left

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of the socket."""
        if self.faults.refuse:
            return answer({"error": "the stream accepts no connections"}, 503)
        socket = web.WebSocketResponse(compress=False, max_msg_size=MESSAGE_BYTES_MAX, timeout=1.0)
        await socket.prepare(request)
        if self.opened is not None:
            self.opened(request, socket)
        client = Client(socket, request)
        self.clients.add(client)
        self.stats.opened += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                late = tasks.create_task(self._catch_up(client))
                await self._read(client)
                late.cancel()
        finally:
            self.forget(client)
        return socket

    def publish(self, readers: Iterable[Client], data: bytes) -> None:
        """Send one message through whatever is wrong with the socket."""
        sent = self.faults.frames.through((frozenset(readers), data))
        self.stats.frames_lost = self.faults.frames.lost
        for clients, text in sent:
            self._queue(clients & self.clients, text_frame(text))

    def send(self, client: Client, text: bytes) -> None:
        """Send one message as it is; whoever has no room for it is disconnected."""
        self._queue((client,), text_frame(text))

    def inject(self, text: bytes) -> int:
        """Send raw bytes to every open socket; how many there were."""
        clients = list(self.clients)
        self._queue(clients, text_frame(text))
        return len(clients)

    async def drop(self, code: int) -> int:
        """Close every socket with `code`, or without a handshake for 1006; how many there were."""
        self._flush()
        clients = list(self.clients)
        if code == ABNORMAL:
            for client in clients:
                client.abort()
        else:
            await asyncio.gather(*(client.socket.close(code=code) for client in clients))
        return len(clients)

    async def drained(self) -> None:
        """Until no outbox holds anything."""
        self._flush()
        await asyncio.gather(*(client.outbox.drained() for client in self.clients if client.outbox))

    def forget(self, client: Client) -> None:
        self.clients.discard(client)
        self._left(client)

    def _queue(self, clients: Iterable[Client], frame: bytes) -> None:
        if not self._due:
            asyncio.get_running_loop().call_soon(self._gather)
        for client in clients:
            if client.outbox.put(frame):
                self.stats.frames_sent += 1
                self._due[client] = None
            else:
                self.stats.dropped_clients += 1
                self.forget(client)
                client.abort()

    def _gather(self) -> None:
        if len(self._due) < CROWD_MIN:
            self._flush()
        else:
            asyncio.get_running_loop().call_later(CROWD_PAUSE_S, self._flush)

    def _flush(self) -> None:
        """Write to everybody for whom something waits."""
        due, self._due = self._due, {}
        for client in due:
            if client.late.is_set():
                continue
            while client.outbox and not client.full and not self.faults.slow_s:
                self._write(client, WRITE_BYTES_MAX)
            if client.outbox:
                client.late.set()

    def _write(self, client: Client, bytes_max: int) -> None:
        frames = client.outbox.take(bytes_max)
        client.write(b"".join(frames))
        if self.witness is not None:
            for frame in frames:
                self.witness("sent", text_of(frame))

    async def _catch_up(self, client: Client) -> None:
        """Write to a client as fast as it reads, or as slowly as it was told to, until it has everything."""
        try:
            while True:
                await client.late.wait()
                while client.outbox:
                    slow_s = self.faults.slow_s
                    if slow_s:
                        await asyncio.sleep(slow_s)
                    await client.writable()
                    self._write(client, 1 if slow_s else WRITE_BYTES_MAX)
                client.late.clear()
        except ConnectionError:
            client.abort()

    async def _read(self, client: Client) -> None:
        async for message in client.socket:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                continue
            if self.witness is not None:
                self.witness("received", message.data.encode() if isinstance(message.data, str) else message.data)
            if message.data in {"PING", b"PING"}:
                self.send(client, b"PONG")
            else:
                self._obey(client, message.data)

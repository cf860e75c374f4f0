"""One kind of socket: who is connected, a bounded outbox for each, and what is wrong with it on purpose.

A subscriber that does not read is disconnected when its outbox is full; nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import WSMsgType, web

from pmm.exchange.frame_faults import FrameFaults
from pmm.exchange.outbox import Outbox
from pmm.model import TokenId
from pmm.sim.dice import Dice, Stream

# A subscription of a thousand tokens is 82 kB; the largest dump seen is 432 kB (data reference, section 2).
MESSAGE_BYTES_MAX = 1 << 20
# Ends a connection without a closing handshake, as a lost network does.
ABNORMAL = 1006
# What the venue answers to a frame that it does not understand; seen by clients, on no page of the documentation.
NOT_UNDERSTOOD = b"INVALID OPERATION"

# Hears about every frame that is sent: when it is `sent`, or received.
Witness: TypeAlias = Callable[[str, bytes], None]


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
    """One open socket; market sockets have `tokens` and user sockets an `api_key`."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.outbox = Outbox()
        self.tokens: set[TokenId] = set()
        self.custom = False
        self.api_key: str | None = None
        self.markets: set[str] | None = None
        self._request = request

    def abort(self) -> None:
        """End the connection at once, without a closing handshake."""
        if self._request.transport is not None:
            self._request.transport.abort()


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
        self._obey = obey
        self._left = left

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of the socket."""
        if self.faults.refuse:
            return web.json_response({"error": "the stream accepts no connections"}, status=503)
        socket = web.WebSocketResponse(compress=False, max_msg_size=MESSAGE_BYTES_MAX, timeout=1.0)
        await socket.prepare(request)
        client = Client(socket, request)
        self.clients.add(client)
        self.stats.opened += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(client))
                await self._read(client)
                writer.cancel()
        finally:
            self.forget(client)
        return socket

    def publish(self, readers: Iterable[Client], data: bytes) -> None:
        """Send one message through whatever is wrong with the socket."""
        sent = self.faults.frames.through((frozenset(readers), data))
        self.stats.frames_lost = self.faults.frames.lost
        for clients, frame in sent:
            for client in clients & self.clients:
                self.send(client, frame)

    def send(self, client: Client, frame: bytes) -> None:
        """Send one message as it is; whoever has no room for it is disconnected."""
        if client.outbox.put(frame):
            self.stats.frames_sent += 1
        else:
            self.stats.dropped_clients += 1
            self.forget(client)
            client.abort()

    def inject(self, frame: bytes) -> int:
        """Send raw bytes to every open socket; how many there were."""
        for client in list(self.clients):
            self.send(client, frame)
        return len(self.clients)

    async def drop(self, code: int) -> int:
        """Close every socket with `code`, or without a handshake for 1006; how many there were."""
        clients = list(self.clients)
        if code == ABNORMAL:
            for client in clients:
                client.abort()
        else:
            await asyncio.gather(*(client.socket.close(code=code) for client in clients))
        return len(clients)

    async def drained(self) -> None:
        """Until no outbox holds anything."""
        await asyncio.gather(*(client.outbox.drained() for client in self.clients))

    def forget(self, client: Client) -> None:
        self.clients.discard(client)
        self._left(client)

    async def _write(self, client: Client) -> None:
        try:
            while True:
                frame = await client.outbox.get()
                if self.faults.slow_s:
                    await asyncio.sleep(self.faults.slow_s)
                await client.socket.send_frame(frame, WSMsgType.TEXT)
                if self.witness is not None:
                    self.witness("sent", frame)
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

"""The market socket: subscriptions, a bounded outbox for every subscriber, and the faults it can show on request.

A message goes to whoever subscribed to a token that it names.  A subscriber that does not read is disconnected when
its outbox is full; nobody else notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
from aiohttp import WSMsgType, web

from pmm.exchange.outbox import Outbox
from pmm.exchange.subscription import parse_subscription
from pmm.exchange.wording import spaced
from pmm.model import TokenId
from pmm.sim.frames import WireFrame

# A subscription of a thousand tokens is 82 kB; the largest dump seen is 432 kB (data reference, section 2).
MESSAGE_BYTES_MAX = 1 << 20
TOKENS_MAX = 5_000
# Ends a connection without a closing handshake, as a lost network does.
ABNORMAL = 1006


class Dumps(Protocol):
    """Where the answer to a subscription comes from."""

    def __call__(self, tokens: Sequence[TokenId], /) -> bytes: ...


@dataclass
class Faults:
    """What is wrong with the socket on purpose.

    refuse      new sockets are answered 503
    silent      sockets are accepted and subscriptions taken, but only PING is answered
    frozen      tokens about which nothing is sent any more; None is every token
    lose        so many of the next messages are lost for everybody
    """

    refuse: bool = False
    silent: bool = False
    frozen: frozenset[TokenId] | None = frozenset()
    lose: int = 0


@dataclass
class StreamStats:
    opened: int = 0
    frames_sent: int = 0
    frames_lost: int = 0
    dropped_clients: int = 0


class Client:
    """One open socket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.outbox = Outbox()
        self.tokens: set[TokenId] = set()
        self.custom = False
        self._request = request

    def abort(self) -> None:
        """End the connection at once, without a closing handshake."""
        if self._request.transport is not None:
            self._request.transport.abort()


class Hub:
    """All subscribers of the market socket."""

    def __init__(self, dump: Dumps, on_subscribed: Callable[[], None]) -> None:
        self.faults = Faults()
        self.stats = StreamStats()
        self.clients: set[Client] = set()
        self._by_token: dict[TokenId, set[Client]] = {}
        self._dump = dump
        self._on_subscribed = on_subscribed

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The handler of the market socket."""
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
            self._forget(client)
        return socket

    def publish(self, frames: Iterable[WireFrame]) -> None:
        """Send each message to everybody who subscribed to a token that it names."""
        for frame in frames:
            readers = {client for token in frame.tokens for client in self._by_token.get(token, ())}
            if frame.custom:
                readers = {client for client in readers if client.custom}
            data = self._through_faults(frame) if readers else None
            if data is not None:
                for client in readers:
                    self._send(client, data)

    def inject(self, frame: bytes) -> int:
        """Send raw bytes to every open socket; how many there were."""
        for client in list(self.clients):
            self._send(client, frame)
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

    def _through_faults(self, frame: WireFrame) -> bytes | None:
        """What is left of a message: None when it is lost."""
        faults = self.faults
        if faults.silent or faults.frozen is None:
            return None
        if faults.lose > 0:
            faults.lose -= 1
            self.stats.frames_lost += 1
            return None
        return without(frame, faults.frozen) if faults.frozen else frame.data

    def _send(self, client: Client, frame: bytes) -> None:
        if client.outbox.put(frame):
            self.stats.frames_sent += 1
        else:
            self.stats.dropped_clients += 1
            self._forget(client)
            client.abort()

    async def _write(self, client: Client) -> None:
        try:
            while True:
                await client.socket.send_frame(await client.outbox.get(), WSMsgType.TEXT)
        except ConnectionError:
            client.abort()

    async def _read(self, client: Client) -> None:
        async for message in client.socket:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                continue
            if message.data in {"PING", b"PING"}:
                self._send(client, b"PONG")
            else:
                self._obey(client, message.data)

    def _obey(self, client: Client, text: str | bytes) -> None:
        request = parse_subscription(text)
        if request is None:
            # What the venue answers to anything else; seen by clients, on no page of the documentation.
            self._send(client, b"INVALID OPERATION")
            return
        if request.custom is not None:
            client.custom = request.custom
        if request.unsubscribe:
            self._unsubscribe(client, request.tokens)
            return
        fresh = [token for token in dict.fromkeys(request.tokens) if request.first or token not in client.tokens]
        if len(client.tokens) + len(fresh) > TOKENS_MAX:
            self._send(client, b"INVALID OPERATION")
            return
        for token in fresh:
            client.tokens.add(token)
            self._by_token.setdefault(token, set()).add(client)
        self._on_subscribed()
        faults = self.faults
        answered = request.dump and not faults.silent and faults.frozen is not None
        dump = self._dump([token for token in fresh if token not in (faults.frozen or ())]) if answered else b""
        if dump:
            self._send(client, dump)

    def _unsubscribe(self, client: Client, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            client.tokens.discard(token)
            readers = self._by_token.get(token)
            if readers is not None:
                readers.discard(client)
                if not readers:
                    del self._by_token[token]

    def _forget(self, client: Client) -> None:
        self.clients.discard(client)
        self._unsubscribe(client, list(client.tokens))


def without(frame: WireFrame, frozen: frozenset[TokenId]) -> bytes | None:
    """The message without its entries about `frozen` tokens; None when nothing remains."""
    if frozen.isdisjoint(frame.tokens):
        return frame.data
    if frozen.issuperset(frame.tokens):
        return None
    message = orjson.loads(frame.data)
    entries = [entry for entry in message.get("price_changes", []) if entry["asset_id"] not in frozen]
    if not entries:
        return None
    return spaced({**message, "price_changes": entries})

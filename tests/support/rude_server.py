"""A server on loopback that answers with whatever bytes a test gives it, and counts what reached it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

# What a connection does with a request; nothing is what it does when it only listens.
Act = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Rude:
    """`requests` in the order of arrival, head and body; `connections` counts those that were opened."""

    url: str = ""
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def heads(self) -> list[str]:
        """The first lines."""
        return [request.partition(b"\r\n")[0].decode() for request in self.requests]


@asynccontextmanager
async def rude(act: Act, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Rude]:
    told = Rude()
    open_writers: set[asyncio.StreamWriter] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.connections += 1
        open_writers.add(writer)
        try:
            while not writer.is_closing():
                request = await _request(reader)
                told.requests.append(request)
                told.arrived.set()
                await act(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    told.url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield told
    finally:
        server.close()
        for writer in list(open_writers):
            writer.transport.abort()
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return head + await reader.readexactly(int(length or 0))


def says(data: bytes) -> Act:
    """Send some bytes and wait for the next request."""

    async def act(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return act


def hangs_up(data: bytes = b"") -> Act:
    """Send some bytes and close."""

    async def act(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    return act


async def resets(_: bytes, writer: asyncio.StreamWriter) -> None:
    """Break the connection."""
    writer.transport.abort()


async def listens(_: bytes, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""

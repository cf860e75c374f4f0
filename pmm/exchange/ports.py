"""A port on loopback, served until its stack unwinds."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeAlias

from aiohttp import web

from pmm.errors import PortTaken

HOST = "127.0.0.1"
PORT_MAX = 65_535
# How long open connections may take to end before they are cut.
SHUTDOWN_S = 1.0

# What a server does with a request.
Serve: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    port: int,
    on_connect: Callable[[], None] | None = None,
    before: Callable[[Serve], Serve] | None = None,
) -> int:
    """Serve `app`, with what `before` puts before it, until the stack unwinds; the port it got.  Raises PortTaken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    serve = runner.server
    assert serve is not None, "a runner that was set up has a server"
    if before is not None:
        serve.request_handler = before(serve.request_handler)

    def accept() -> asyncio.BaseProtocol:
        if on_connect is not None:
            on_connect()
        return serve()

    if port > PORT_MAX:
        raise PortTaken(f"port {port} for the control endpoint does not exist")
    try:
        server = await asyncio.get_running_loop().create_server(accept, HOST, port)
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise
        why = "is already in use" if error.errno == errno.EADDRINUSE else "may not be used"
        raise PortTaken(f"port {port} on {HOST} {why}") from error
    stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])

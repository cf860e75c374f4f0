"""The exchange as one object: two ports on loopback, the venue's clock, and everything that has to end with it."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from pmm.errors import PortTaken
from pmm.exchange.answers import Refused, answer
from pmm.exchange.clock import AS_FAST_AS_POSSIBLE, Clock
from pmm.exchange.control import Control
from pmm.exchange.gamma import Gamma
from pmm.exchange.listings import Listings
from pmm.exchange.log import RequestLog
from pmm.exchange.rest import Reads
from pmm.exchange.source import Source
from pmm.exchange.stream import Hub

HOST = "127.0.0.1"
PORT_MAX = 65_535
BODY_BYTES_MAX = 1 << 20
GOING_AWAY = 1001
# How long open connections may take to end before they are cut.
SHUTDOWN_S = 1.0
# A venue that has fallen behind lets requests in between after so many steps.
STEPS_WITHOUT_PAUSE = 64
# At full speed a recording waits for its subscribers, but not for ever.
DRAIN_LIMIT_S = 10.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalExchange:
    """Serves `source` while the block lasts:

        async with LocalExchange(world) as exchange:
            exchange.urls["clob_url"]

    `port` 0 takes free ports; any other one also needs the next, for the control endpoint.  `speed` is venue seconds
    per real second, `clock.AS_FAST_AS_POSSIBLE` for as fast as possible.  `on_end` is called once, when the source
    has nothing more to send; sockets stay open.  Raises PortTaken, and DiskError when `log_file` cannot be written.
    """

    def __init__(
        self,
        source: Source,
        *,
        port: int = 0,
        speed: float = 1.0,
        log_file: Path | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.source = source
        self.clock = Clock(source.now, speed)
        self.log = RequestLog(log_file)
        self.hub = Hub(source.dump, self._begin)
        self.urls: dict[str, str] = {}
        self.connects = 0
        self.ended = False
        self._port = port
        self._on_end = on_end
        self._begun = not source.waits
        self._changed = asyncio.Event()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.callback(self.log.close)
            port = await self._listen(stack, self._public(), self._port, on_connect=self._count)
            control = await self._listen(stack, self._control(), self._port + 1 if self._port else 0)
            stack.push_async_callback(self.hub.drop, GOING_AWAY)
            self.urls = _urls(port, control)
            tasks = await stack.enter_async_context(asyncio.TaskGroup())
            self.clock.set(self.source.now)
            stack.callback(tasks.create_task(self._run(), name="exchange clock").cancel)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def counts(self) -> dict[str, object]:
        """Numbers since the start: connections, requests, and whether the source has ended."""
        return {"connects": self.connects, "requests": self.log.count, "ended": self.ended, "now_ns": self.clock.now()}

    # --- time -----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        steps = 0
        while True:
            due = self.source.next_at() if self._begun else None
            if due is None:
                self._announce_end()
                await self._change(None)
                continue
            if (delay := self.clock.seconds_until(due)) > 0:
                await self._change(delay)
                continue
            self.pump()
            steps += 1
            if self.clock.speed == AS_FAST_AS_POSSIBLE:
                self.clock.set(self.source.now)
                await self._keep_pace()
            elif steps % STEPS_WITHOUT_PAUSE == 0:
                await asyncio.sleep(0)

    def pump(self) -> None:
        """Send what is due next."""
        self.hub.publish(self.source.step())

    def settle(self) -> None:
        """Send everything that is due by now."""
        while self._begun and (due := self.source.next_at()) is not None and self.clock.seconds_until(due) <= 0:
            self.pump()
        self._changed.set()

    async def _change(self, limit_s: float | None) -> None:
        """Until something changed or the time is up."""
        self._changed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._changed.wait()

    async def _keep_pace(self) -> None:
        await asyncio.sleep(0)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_LIMIT_S):
                await self.hub.drained()

    def _begin(self) -> None:
        """Somebody subscribed: a source that was waiting starts now."""
        if not self._begun:
            self._begun = True
            self.clock.set(self.source.now)
            self._changed.set()

    def _announce_end(self) -> None:
        if self._begun and self.source.waits and not self.ended:
            self.ended = True
            if self._on_end is not None:
                self._on_end()

    # --- ports ----------------------------------------------------------------------------------------------------

    def _public(self) -> web.Application:
        app = _application()
        app.on_response_prepare.append(self._record)
        app.add_routes(Reads(self.source, self.clock).routes())
        app.add_routes(Listings(self.source).routes())
        app.add_routes([web.get("/ws/market", self.hub.serve), web.get("/ws/user", _no_user_channel)])
        gamma = web.Application()
        gamma.add_routes(Gamma(self.source).routes())
        app.add_subapp("/gamma", gamma)
        return app

    def _control(self) -> web.Application:
        app = _application()
        control = Control(self.source, self.clock, self.hub, self.log, self.counts, self.settle)
        app.add_routes(control.routes())
        return app

    async def _listen(
        self, stack: AsyncExitStack, app: web.Application, port: int, on_connect: Callable[[], None] | None = None
    ) -> int:
        """Serve `app` until the stack unwinds; the port it got."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        serve = runner.server
        assert serve is not None, "a runner that was set up has a server"

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

    def _count(self) -> None:
        self.connects += 1

    async def _record(self, request: web.Request, response: web.StreamResponse) -> None:
        """Called when an answer begins, so a socket is in the log from the moment it opens."""
        self.log.add(request.method, request.path, request.query_string, request.headers, response.status)


@web.middleware
async def _json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals, and what the HTTP library refuses by itself, as JSON."""
    try:
        return await handler(request)
    except Refused as refused:
        return answer(refused.body, refused.status)
    except web.HTTPException as refused:
        return answer({"error": refused.reason}, refused.status)


def _application() -> web.Application:
    return web.Application(middlewares=[_json_errors], client_max_size=BODY_BYTES_MAX)


async def _no_user_channel(_: web.Request) -> web.Response:
    return answer({"error": "this exchange has no user channel: it takes no orders from accounts"}, 501)


def _urls(port: int, control: int) -> dict[str, str]:
    http, ws = f"http://{HOST}:{port}", f"ws://{HOST}:{port}"
    return {
        "clob_url": http,
        "gamma_url": f"{http}/gamma",
        "data_url": f"{http}/data-api",
        "ws_market_url": f"{ws}/ws/market",
        "ws_user_url": f"{ws}/ws/user",
        "control_url": f"http://{HOST}:{control}",
    }

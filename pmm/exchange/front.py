"""The way of a request through a port: to its handler, through what may happen to it, and into the log."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable

from aiohttp import hdrs, web

from pmm.exchange.answers import BODY, HARM, Answer, Handler, Refused, answer
from pmm.exchange.log import RequestLog
from pmm.exchange.ports import Serve
from pmm.exchange.request_faults import RequestFaults

BODY_BYTES_MAX = 1 << 20


class Front:
    """What stands before the handlers of a port; without `faults` nothing happens, and without `log` nothing is told.

    Handlers are wrapped once, because the library puts its middlewares and signals together for every request.
    """

    def __init__(self, faults: RequestFaults | None = None, log: RequestLog | None = None) -> None:
        self._faults = faults
        self._log = log
        self._express: dict[tuple[str, str], Handler] = {}

    def application(self, routes: Iterable[web.RouteDef], express: Iterable[web.RouteDef] = ()) -> web.Application:
        """The routes as an application that answers everything in JSON, whatever it is asked.

        Those of `express`, which have no parameters and do not ask for the application, are also served by `express`.
        """
        self._express = {(one.method, one.path): self._wrapped(one.handler, one.path) for one in express}
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.add_routes(web.route(one.method, one.path, self._wrapped(one.handler), **one.kwargs) for one in routes)
        app.add_routes([web.route("*", "/{path:.*}", self._wrapped(_nowhere))])
        return app

    def express(self, otherwise: Serve) -> Serve:
        """`otherwise`, with a short way around the router of the library for whatever needs nothing of it."""

        def serve(request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
            handler = self._express.get((request.method, request.raw_path))
            if handler is None or not isinstance(request, web.Request) or hdrs.EXPECT in request.headers:
                return otherwise(request)
            return handler(request)

        return serve

    def opened(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        """Tell the log of a socket when it opens; its handler answers when it is over."""
        self._record(request, socket.status, b"", request.get(HARM, ""))

    def _wrapped(self, handler: Handler, path: str | None = None) -> Handler:
        """`path` is where its requests go, without a query, where that is known."""

        async def handle(request: web.Request) -> web.StreamResponse:
            faults, rule = self._faults, None
            if faults is not None and faults.rules:
                rule = faults.strike(request.method, request.path)
            try:
                if faults is None or rule is None:
                    response = await handler(request)
                else:
                    response = await faults.answer(rule, request, handler)
            except Refused as refused:
                response = refused.answer()
            except web.HTTPException as refused:
                response = answer({"error": refused.reason}, refused.status)
            if isinstance(response, Answer):
                self._record(request, response.status, response.body, "" if rule is None else rule.harm.value, path)
            return response

        return handle

    def _record(self, request: web.Request, status: int, told: bytes, harm: str, path: str | None = None) -> None:
        if self._log is not None:
            where, query = (request.path, request.query_string) if path is None else (path, "")
            body = request.get(BODY, b"")
            self._log.add(request.method, where, query, request.headers, status, body=body, answer=told, harm=harm)
            self._log.flush()


async def _nowhere(request: web.Request) -> web.StreamResponse:
    """What no route answers: the path is known for other methods, or not at all.  Raises HTTPException."""
    for resource in request.app.router.resources():
        found, methods = await resource.resolve(request)
        if methods and found is None:
            raise web.HTTPMethodNotAllowed(request.method, methods)
    raise web.HTTPNotFound

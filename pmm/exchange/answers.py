"""What every HTTP shell shares: JSON answers, refusals with the venue's own texts, and checked parameters."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias

import orjson
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import SERVER_SOFTWARE

from pmm.model import Price, TokenId, price_text

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Headers beside the usual ones: names and values.
Headers: TypeAlias = tuple[tuple[str, str], ...]

# What the log is told about a request: its body where it was signed, and the fault that it met.
BODY = web.RequestKey("body", bytes)
HARM = web.RequestKey("harm", str)
# The entries of a batch with which nothing is done, and what is said about each.
SPOILED: web.RequestKey[dict[int, str]] = web.RequestKey("spoiled", dict)

BAD_TOKEN = "Invalid token id"  # noqa: S105 - a text of the venue
BAD_SIDE = "Invalid side"
BAD_PAYLOAD = "Invalid payload"
TOO_MANY = "Payload exceeds the limit"
NO_BOOK = "No orderbook exists for the requested token id"
NO_MARKET = "market not found"

# Ids have 75 to 78 digits (data reference, section 5); 2**256 has 78.
_TOKEN_DIGITS_MAX = 78

_JSON = "application/json"
# The first lines of answers that have a body.
_FIRST_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
}


class Answer(web.Response):
    """A JSON answer: head and body are put together once and written at once.

    The library's own way through headers, cookies, compression and signals takes as long as all that the venue does for
    an order.  It is taken only for what is no ordinary request: HEAD, HTTP/1.0 and connections that end.
    """

    # They stand for the properties of the library, whose constructor is part of the long way.
    status: int = 200
    keep_alive: bool | None = True
    body: bytes = b""
    headers: Headers = ()  # type: ignore[assignment]  # nobody writes into what was told

    def __init__(self, body: bytes, status: int = 200, headers: Headers = (), kind: str = _JSON) -> None:
        self.body = body
        self.status = status
        self.headers = headers
        self._kind = kind
        self._writer: AbstractStreamWriter | None = None
        self._long: web.Response | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if (
            request.version == HttpVersion11
            and request.keep_alive
            and request.method != hdrs.METH_HEAD
            and self.status in _FIRST_LINES
        ):
            self._writer = request.writer
            return self._writer
        headers = (*self.headers, (hdrs.CONTENT_TYPE, self._kind))
        self._long = web.Response(body=self.body, status=self.status, headers=headers)
        writer = await self._long.prepare(request)
        self.keep_alive = self._long.keep_alive
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        if self._long is not None:
            await self._long.write_eof(data)
        elif self._writer is not None:
            transport = self._writer.transport
            if transport is None or transport.is_closing():
                raise ConnectionResetError("the client has gone")
            head = _head(self.status, self.headers, self._kind, len(self.body), int(time.time()))
            transport.write(head + self.body)
            if transport.get_write_buffer_size():
                await self._writer.drain()


@lru_cache(maxsize=64)
def _head(status: int, headers: Headers, kind: str, length: int, second: int) -> bytes:
    """What comes before a body: the same for most orders of a second."""
    more = "".join(f"{name}: {value}\r\n" for name, value in headers)
    date = formatdate(second, usegmt=True)
    usual = f"Content-Type: {kind}\r\nContent-Length: {length}\r\nDate: {date}\r\nServer: {SERVER_SOFTWARE}\r\n"
    return f"{_FIRST_LINES[status]}{more}{usual}\r\n".encode()


class Refused(Exception):
    """A request that is answered with `body`: `{"error": text}` and whatever `more` there is to say."""

    def __init__(self, status: int, text: str, headers: Headers = (), **more: object) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.headers = headers
        self.body: dict[str, object] = {"error": text, **more}

    def answer(self) -> Answer:
        return answer(self.body, self.status, self.headers)


def answer(body: object, status: int = 200, headers: Headers = ()) -> Answer:
    """A JSON answer."""
    return Answer(orjson.dumps(body), status, headers)


def json_text(text: str) -> Answer:
    """An answer that is JSON already."""
    return Answer(text.encode(), kind=f"{_JSON}; charset=utf-8")


def token_id(text: str | None) -> TokenId:
    """A decimal token id; refused with the venue's text when it is none."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > _TOKEN_DIGITS_MAX:
        raise Refused(400, BAD_TOKEN)
    return text


def number(price: Price) -> float:
    """A price where the venue writes a JSON number; the nearest float prints as the same decimal."""
    return float(price_text(price))

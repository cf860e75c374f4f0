"""Public reads over HTTP: one pooled client for the whole process.

It never sends a credential: no header of the venue's authentication exists here.  Every call has a time limit and a
size limit, and reads are tried again when the failure may pass.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import Self

import aiohttp
import orjson
import stamina

from pmm.errors import BadAnswer, Unreachable

CONNECT_SECONDS_MAX = 5.0
CALL_SECONDS_MAX = 15.0
CONNECTIONS_MAX = 8
ATTEMPTS = 3
RETRY_SECONDS_FIRST = 0.2
RETRY_SECONDS_MAX = 2.0
# The largest honest answer known is a page of 500 events with all their markets, about 12 MB.
ANSWER_BYTES_MAX = 32 * 1024 * 1024
ERROR_CHARS_MAX = 200

Params = Sequence[tuple[str, str]]


class Refused(BadAnswer):
    """The venue answered with an HTTP status that is no success; `status` and its `reason` are kept."""

    def __init__(self, status: int, reason: str, url: str) -> None:
        super().__init__(f"{url} answered {status}: {reason}" if reason else f"{url} answered {status}")
        self.status = status
        self.reason = reason


class Overloaded(Unreachable):
    """The venue is there and cannot serve now: 429 or 5xx."""

    hint = "The venue is busy or down: try again in a minute."


class VenueHttp:
    """`async with VenueHttp() as http`: connections are pooled until the block ends.

    `connects` counts the TCP connections that were opened, `calls` the requests that were sent.
    """

    def __init__(
        self,
        *,
        attempts: int = ATTEMPTS,
        call_seconds: float = CALL_SECONDS_MAX,
        answer_bytes_max: int = ANSWER_BYTES_MAX,
    ) -> None:
        self.connects = 0
        self.calls = 0
        self._attempts = attempts
        self._answer_bytes_max = answer_bytes_max
        self._timeout = aiohttp.ClientTimeout(total=call_seconds, connect=min(CONNECT_SECONDS_MAX, call_seconds))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._count_connect)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trace_configs=[trace],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, url: str, params: Params = ()) -> object:
        """The decoded JSON of a GET; decimals are `Decimal`.  Raises Unreachable, Refused or BadAnswer."""
        return await self._read("GET", url, params, None)

    async def post_read(self, url: str, body: object) -> object:
        """The decoded JSON of a POST that changes nothing at the venue, such as a batch of books."""
        return await self._read("POST", url, (), body)

    async def _read(self, method: str, url: str, params: Params, body: object) -> object:
        async for attempt in stamina.retry_context(
            on=Unreachable,
            attempts=self._attempts,
            timeout=None,
            wait_initial=RETRY_SECONDS_FIRST,
            wait_max=RETRY_SECONDS_MAX,
            wait_jitter=RETRY_SECONDS_FIRST,
        ):
            with attempt:
                return await self._once(method, url, params, body)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _once(self, method: str, url: str, params: Params, body: object) -> object:
        if self._session is None:
            raise RuntimeError("VenueHttp is used outside of its `async with` block")
        self.calls += 1
        try:
            async with self._session.request(
                method, url, params=list(params), json=body, allow_redirects=False
            ) as response:
                return _decode(response.status, await self._body(response, url), url)
        except TimeoutError as error:
            raise Unreachable(f"{url} did not answer in time") from error
        except aiohttp.InvalidURL as error:
            raise Unreachable(f"{url} is not an address") from error
        except aiohttp.ClientConnectorError as error:
            raise Unreachable(f"{url} cannot be reached: {_cause(error.os_error)}") from error
        except aiohttp.ClientPayloadError as error:
            raise Unreachable(f"{url} broke off its answer") from error
        except aiohttp.ClientError as error:
            raise Unreachable(f"{url} cannot be reached: {type(error).__name__}") from error

    async def _body(self, response: aiohttp.ClientResponse, url: str) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > self._answer_bytes_max:
                raise BadAnswer(f"{url} answered more than {self._answer_bytes_max} bytes")
        return bytes(body)

    async def _count_connect(self, *_: object) -> None:
        self.connects += 1


def _cause(error: OSError) -> str:
    """The system's words; asyncio puts its own into `strerror`, and a failed look-up has a code of its own."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)


def overloaded(status: int) -> bool:
    """Whether the venue is there and cannot serve now."""
    return status == 429 or status >= 500


def _decode(status: int, body: bytes, url: str) -> object:
    if overloaded(status):
        raise Overloaded(f"{url} answered {status}")
    if not 200 <= status < 300:
        raise Refused(status, _reason(body), url)
    try:
        return exact_json(body)
    except ValueError as error:
        raise BadAnswer(f"{url} answered something that is not JSON") from error


def exact_json(body: bytes) -> object:
    """With decimals as `Decimal`, which is why this is not orjson: that library reads every one of them as a float.

    It still reads first: it refuses deep nesting whatever the recursion limit is, which a library may have raised.
    Raises ValueError.
    """
    orjson.loads(body)
    try:
        answer: object = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return answer


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _reason(body: bytes) -> str:
    """The venue's own words about a refusal: `{"error": "..."}`, or the start of whatever text it sent."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    said = answer.get("error") if isinstance(answer, dict) else None
    text = said if isinstance(said, str) else body.decode("utf-8", "replace")
    return " ".join(text.split())[:ERROR_CHARS_MAX]

"""Private HTTP: signed requests over kept-alive connections, each with a deadline; an order is sent exactly once.

What a failure proves is all that matters here.  `NotSent` means that no byte of the request left: it had no connection
yet.  Everything else without an answer is `NoAnswer`: the venue may have done what it was asked.

Cancels have connections of their own, so that they never wait behind orders, nor both behind reads.  A read or a
cancel whose kept connection turns out to be closed goes once more over a new one; an order never does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Self

import aiohttp
from yarl import URL

from pmm.errors import BadAnswer, ConfigError, Unreachable
from pmm.model import SECOND, Nanos
from pmm.venues.polymarket.rest import exact_json

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from pmm.venues.polymarket.credentials import Credentials

Params = Sequence[tuple[str, str]]

# A thousand open orders a page are some 500 kB.
ANSWER_BYTES_MAX = 8 * 1024 * 1024
CONNECTIONS_MAX = 8
# An idle connection is closed by us before the venue might, so that no order goes into one that is being closed.
IDLE_SECONDS_MAX = 30.0
# The venue tells its time in whole seconds: what lies within one is no difference.
TIME_STEP: Nanos = SECOND
TIME_DIGITS_MAX = 12
# A name server that fails shall not keep us from cancelling.
NAMES_KEPT_SECONDS = 600
# The same few requests are sent again and again; those that name an order are not.
URLS_KEPT = 64
# Each has connections of its own: reads, orders and cancels.
METHODS = ("GET", "POST", "DELETE")
_PUBLIC: Mapping[str, str] = {}
_FIXED = {"User-Agent": "pmm", "Accept": "application/json", "Content-Type": "application/json"}


class NotSent(Unreachable):
    """No byte of the request left: it cannot have done anything."""


class NoAnswer(Unreachable):
    """The request may have reached the venue, and no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status; `sent_at` and `at` are by our clock, before the request and after all of it.

    `headers` answer to names in any case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent_at: Nanos
    at: Nanos

    def json(self) -> object:
        """The decoded body, with decimals as `Decimal`.  Raises BadAnswer, which repeats nothing of the body."""
        try:
            return exact_json(self.body)
        except ValueError:
            raise BadAnswer(f"the venue answered {self.status} with something that is not JSON") from None


class PrivateHttp:
    """`async with PrivateHttp(...) as http`: connections are kept until the block ends.

    `credentials` may come later, and be replaced when the venue refuses them.  `clock_offset` is how far the venue's
    clock is ahead of ours; the timestamps of `call` follow it.
    """

    def __init__(
        self,
        base_url: str,
        address: str,
        credentials: Credentials | None,
        *,
        deadline: Nanos,
        clock: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        """`deadline` is for a whole call.  Raises ConfigError for plain HTTP to anywhere but this machine."""
        if not base_url.startswith("https://") and not is_loopback(base_url):
            raise ConfigError([f"{URL(base_url).host}: credentials travel over https only"])
        self.base_url = base_url.rstrip("/")
        self._host = URL(base_url).host or "nowhere"
        self.address = address
        self.credentials = credentials
        self.deadline = deadline
        self.clock_offset: Nanos = 0
        self._clock = clock
        self._stack = AsyncExitStack()
        self._pools: dict[str, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        for method in METHODS:
            self._pools[method] = await self._stack.enter_async_context(_session())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pools.clear()
        await self._stack.aclose()

    async def call(
        self, method: str, path: str, body: bytes = b"", params: Params = (), deadline: Nanos | None = None
    ) -> Answer:
        """Send a GET, POST or DELETE signed with the credentials.  Raises NotSent or NoAnswer, never for a status.

        `deadline` instead of the usual one.
        """
        if self.credentials is None:
            raise NotSent(f"{method} {path} needs API credentials, and there are none")
        headers = self.credentials.headers(self.address, method, path, body, self.venue_time())
        return await self.send(method, path, body, params, deadline, headers=headers)

    async def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        params: Params = (),
        deadline: Nanos | None = None,
        *,
        headers: Mapping[str, str] = _PUBLIC,
    ) -> Answer:
        """The same with headers of one's own, or none: what a wallet signs, and what is public."""
        return await self._once(self._pool(method), method, path, body, params, deadline, headers)

    async def synchronise(self) -> Nanos:
        """Measure and keep `clock_offset`; opens a connection of every kind.  Raises Unreachable or BadAnswer.

        The venue's own time counts; where it tells none, the date of its answer does.
        """
        pools = [self._pool(method) for method in METHODS]
        answers = [await self._once(pool, "GET", "/time", b"", (), None, _PUBLIC) for pool in pools]
        best = min(answers, key=lambda answer: answer.at - answer.sent_at)
        told = _time_of(best)
        # Somewhere in the second that it told; a difference that may be none is none.
        offset = told * SECOND + TIME_STEP // 2 - (best.sent_at + best.at) // 2
        doubt = TIME_STEP // 2 + (best.at - best.sent_at) // 2
        self.clock_offset = 0 if abs(offset) <= doubt else offset
        return self.clock_offset

    def venue_time(self) -> Nanos:
        """Unix time by the venue's clock, as far as it was measured."""
        return self._clock() + self.clock_offset

    async def _once(
        self,
        pool: aiohttp.ClientSession,
        method: str,
        path: str,
        body: bytes,
        params: Params,
        deadline: Nanos | None,
        headers: Mapping[str, str],
    ) -> Answer:
        reached = _Reached()
        _REACHED.set(reached)
        limit = self.deadline if deadline is None else deadline
        sent_at = self._clock()
        try:
            async with (
                asyncio.timeout(limit / SECOND),
                pool.request(
                    method,
                    _url(self.base_url, path),
                    params=params or None,
                    data=body or None,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                whole = await _body(response)
                return Answer(response.status, response.headers, whole, sent_at, self._clock())
        except TimeoutError:
            cause = f"no answer within {limit / SECOND:g} s"
        except (aiohttp.ClientError, OSError) as error:
            cause = _cause(error)
        raise (NoAnswer if reached.connected else NotSent)(f"{method} {path} at {self._host}: {cause}")

    def _pool(self, method: str) -> aiohttp.ClientSession:
        if not self._pools:
            raise RuntimeError("PrivateHttp is used outside of its `async with` block")
        return self._pools[method]


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = URL(url).host or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _time_of(answer: Answer) -> int:
    """The unix s that an answer of `/time` tells, or those of its date.  Raises BadAnswer."""
    if answer.status == 200 and answer.body.strip().isdigit() and len(answer.body) <= TIME_DIGITS_MAX:
        return int(answer.body)
    try:
        return int(parsedate_to_datetime(answer.headers.get("Date", "")).timestamp())
    except ValueError:
        raise BadAnswer("the venue does not tell its time") from None


class _Connector(aiohttp.TCPConnector):
    """Notes for the request of the current task that it has a connection, from where on its bytes may leave."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # the library's
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        _REACHED.get().connected = True
        return connection


class _Reached:
    """Whether a request ever had a connection."""

    __slots__ = ("connected",)

    def __init__(self) -> None:
        self.connected = False


_REACHED: ContextVar[_Reached] = ContextVar("_REACHED")


@lru_cache(maxsize=URLS_KEPT)
def _url(base: str, path: str) -> URL:
    return URL(base + path)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers=_FIXED,
        connector=_Connector(
            limit=CONNECTIONS_MAX, keepalive_timeout=IDLE_SECONDS_MAX, ttl_dns_cache=NAMES_KEPT_SECONDS
        ),
        timeout=aiohttp.ClientTimeout(),  # a call has a deadline of its own
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """All of an answer.  Raises ClientPayloadError for one that is too long."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise aiohttp.ClientPayloadError(f"more than {ANSWER_BYTES_MAX} bytes")
    return bytes(body)


def _cause(error: Exception) -> str:
    """What failed, without the request: its headers are secret."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"cannot connect: {error.os_error.strerror or type(error.os_error).__name__}"
    return type(error).__name__

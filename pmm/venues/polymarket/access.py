"""Private calls whose credentials are renewed when the venue refuses them (reliability reference, section 2, row 16).

Credentials were seen to die although they are documented as permanent, and without them nothing can be cancelled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from pmm.errors import PmmError
from pmm.model import SECOND, Nanos
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.private import Answer, Params, PrivateHttp

UNAUTHORIZED = 401
# A wallet that is refused for another reason shall not ask for keys in a loop (reliability reference, F21).
RENEWAL_INTERVAL: Nanos = 30 * SECOND

Renew: TypeAlias = Callable[[], Awaitable[Credentials]]


class Caller(Protocol):
    """What a private request needs: `PrivateHttp` itself, or `Access` around it."""

    async def call(
        self, method: str, path: str, body: bytes = b"", params: Params = (), deadline: Nanos | None = None
    ) -> Answer:
        """One signed request.  Raises NotSent or NoAnswer; never for a status."""


class Access:
    """A `Caller` that asks `renew` for credentials after a 401, at most once per `RENEWAL_INTERVAL`.

    A read that was refused is sent again with the new ones; nothing else is.  `renewals` counts them and `failure` is
    why the last one failed, "" when it did not.
    """

    def __init__(
        self, http: PrivateHttp, renew: Renew | None = None, *, clock: Callable[[], Nanos] = time.time_ns
    ) -> None:
        self.http = http
        self.renewals = 0
        self.failure = ""
        self._renew = renew
        self._clock = clock
        self._renewed_at: Nanos | None = None
        self._turn = asyncio.Lock()

    async def call(
        self, method: str, path: str, body: bytes = b"", params: Params = (), deadline: Nanos | None = None
    ) -> Answer:
        used = self.http.credentials
        answer = await self.http.call(method, path, body, params, deadline)
        if answer.status != UNAUTHORIZED or not await self._fresh(used) or method != "GET":
            return answer
        return await self.http.call(method, path, body, params, deadline)

    async def _fresh(self, refused: Credentials | None) -> bool:
        """Whether there are other credentials now than those that were refused."""
        async with self._turn:
            now = self._clock()
            waits = self._renewed_at is not None and 0 <= now - self._renewed_at < RENEWAL_INTERVAL
            if self._renew is not None and self.http.credentials is refused and not waits:
                self._renewed_at = now
                try:
                    self.http.credentials = await self._renew()
                except PmmError as error:
                    self.failure = error.message
                else:
                    self.failure = ""
                    self.renewals += 1
            return self.http.credentials is not refused

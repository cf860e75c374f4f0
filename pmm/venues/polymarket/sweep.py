"""Cancel until nothing is left: the kill path, which needs credentials and a connection and nothing else.

It shares no state and no connection with the bot.  An empty list proves emptiness only after a cancel of everything
was taken, and only when a while later there is still nothing to cancel: an order may have been on its way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from pmm.errors import PmmError, VenueError
from pmm.model import SECOND, ConditionId, Nanos, TokenId
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.private import Answer, Params, PrivateHttp
from pmm.venues.polymarket.signer import Signer

# The bot waits two seconds for an answer to an order at most; kill and cancel-all look again after one.
SETTLE_S = 1.0
# What does not answer is asked again after this, then half as fast each time: an engine that restarts takes cancels
# within a second of their being possible, whatever it said about when to come back.
PAUSE_S_FIRST = 0.1
PAUSE_S_MAX = 1.0
# Only the limits of a signer are honoured as long as they say; no bucket needs longer to fill.
RETRY_S_MAX = 30.0
# New credentials are asked for this often at most (fault F21).
DERIVE_S = 30.0
# Of 500 orders each; nobody has more.
PAGES_MAX = 200
CANCELS_MAX = 1_000
LAST_CURSOR = "LTE="


@dataclass(frozen=True, slots=True)
class Swept:
    """How far a sweep came.  `left` are the orders that were listed last, None when no list could be read.

    `cause` is what failed last, `rounds` how often everything was cancelled.
    """

    empty: bool
    left: tuple[str, ...] | None
    cause: str
    rounds: int
    took: Nanos


class _Failed(Exception):
    """A call that brought no proof; `pause` is how long the venue asked us to wait, in seconds."""

    def __init__(self, cause: str, *, status: int = 0, pause: float | None = None) -> None:
        super().__init__(cause)
        self.status = status
        self.pause = pause


class Sweep:
    """One sweep over `http`, which must be open and is used by nobody else; of one market or token, or of everything.

    With a `signer`, credentials that are missing are got, and those that the venue refuses are replaced.  `tell` gets a
    line for whatever changes.
    """

    def __init__(
        self,
        http: PrivateHttp,
        *,
        signer: Signer | None = None,
        market: ConditionId | None = None,
        token: TokenId | None = None,
        settle: float = SETTLE_S,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._http = http
        self._signer = signer
        chosen = {"market": market, "asset_id": token}
        self._chosen = {key: value for key, value in chosen.items() if value is not None}
        self._settle = round(settle * SECOND)
        self._tell = tell
        self._left: tuple[str, ...] | None = None
        self._cause = ""
        self._rounds = 0
        self._empty_since: Nanos | None = None
        self._pause = PAUSE_S_FIRST
        self._derived_at = -DERIVE_S
        self._end: asyncio.Timeout | None = None

    async def run(self, limit: float | None = None) -> Swept:
        """Sweep until emptiness is proven, or for `limit` seconds.  Raises nothing that the venue can cause."""
        began = time.monotonic_ns()
        empty = False
        with suppress(TimeoutError):
            async with asyncio.timeout(limit) as self._end:
                while not await self._round():
                    pass
                empty = True
        return Swept(empty, self._left, self._cause, self._rounds, time.monotonic_ns() - began)

    def give_up(self, cause: str) -> None:
        """End `run` now, without proof."""
        self._say(cause)
        if self._end is not None:
            self._end.reschedule(asyncio.get_running_loop().time())

    async def _round(self) -> bool:
        """Cancel, look, and wait; True when emptiness is proven."""
        try:
            if self._http.credentials is None:
                await self._derive()
            canceled = await self._cancel()
            self._rounds += 1
            asked_at, left = await self._list()
        except _Failed as failed:
            await self._on_failure(failed)
            return False
        self._say("" if not left else f"{len(left)} orders are left")
        stubborn, self._left = self._left, left
        if left:
            self._empty_since = None
            if stubborn:
                await self._name(left)
            await asyncio.sleep(self._slower())
            return False
        self._pause = PAUSE_S_FIRST
        if self._empty_since is None or canceled:
            self._empty_since = asked_at
        missing = self._empty_since + self._settle - asked_at
        if missing > 0:
            await asyncio.sleep(min(missing / SECOND, PAUSE_S_MAX))
        return missing <= 0

    async def _cancel(self) -> bool:
        """Everything at once; whether there was anything."""
        if self._chosen:
            answer = await self._call("DELETE", "/cancel-market-orders", orjson.dumps(self._chosen))
        else:
            answer = await self._call("DELETE", "/cancel-all")
        told = _read(answer)
        return isinstance(told, dict) and bool(told.get("canceled"))

    async def _name(self, left: Sequence[str]) -> None:
        """One by one what a cancel of everything left alone twice; what comes of it is seen in the next list."""
        with suppress(_Failed):
            for start in range(0, len(left), CANCELS_MAX):
                await self._call("DELETE", "/orders", orjson.dumps(left[start : start + CANCELS_MAX]))

    async def _list(self) -> tuple[Nanos, tuple[str, ...]]:
        """When the first page was asked for, and the ids on all of them."""
        found: list[str] = []
        asked_at, cursor = time.monotonic_ns(), ""
        for _ in range(PAGES_MAX):
            params = [*self._chosen.items(), *([("next_cursor", cursor)] if cursor else [])]
            answer = await self._call("GET", "/data/orders", params=params)
            ids, cursor = _page(answer)
            found += ids
            if cursor == LAST_CURSOR:
                return asked_at, tuple(found)
        raise _Failed("the list of open orders does not end")

    async def _call(self, method: str, path: str, body: bytes = b"", params: Params = ()) -> Answer:
        try:
            answer = await self._http.call(method, path, body, params)
        except VenueError as error:
            raise _Failed(error.message) from None
        if answer.status == 200:
            return answer
        cause = f"{method} {path} is answered {answer.status}"
        raise _Failed(cause, status=answer.status, pause=_retry_after(answer) if answer.status == 429 else None)

    async def _on_failure(self, failed: _Failed) -> None:
        self._empty_since = None
        self._say(str(failed))
        if failed.status in {401, 403}:
            await self._renew()
        await asyncio.sleep(self._slower() if failed.pause is None else min(failed.pause, RETRY_S_MAX))

    async def _renew(self) -> None:
        """A refusal of credentials is the clock's fault or theirs."""
        with suppress(PmmError):
            await self._http.synchronise()
        if self._signer is not None and time.monotonic() - self._derived_at >= DERIVE_S:
            with suppress(_Failed):
                await self._derive()

    async def _derive(self) -> None:
        """Get the credentials that belong to the signer."""
        if self._signer is None:
            raise _Failed("there are no API credentials")
        self._derived_at = time.monotonic()
        try:
            self._http.credentials = await derive(self._http, self._signer)
        except PmmError as error:
            self._say(error.message)
            raise _Failed(error.message) from None

    def _slower(self) -> float:
        pause, self._pause = self._pause, min(2 * self._pause, PAUSE_S_MAX)
        return pause

    def _say(self, line: str) -> None:
        news = line and line != self._cause
        self._cause = line
        if news:
            self._tell(line)


def _page(answer: Answer) -> tuple[list[str], str]:
    """The ids on a page, and the cursor of the next."""
    told = _read(answer)
    rows, cursor = (told.get("data"), told.get("next_cursor")) if isinstance(told, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(cursor, str) or not cursor:
        raise _Failed("the list of open orders is none")
    ids = [row.get("id") if isinstance(row, dict) else None for row in rows]
    named = [name for name in ids if isinstance(name, str)]
    if len(named) != len(ids):
        raise _Failed("the list of open orders has one without an id")
    return named, cursor


def _read(answer: Answer) -> object:
    try:
        return answer.json()
    except VenueError as error:
        raise _Failed(error.message) from None


def _retry_after(answer: Answer) -> float | None:
    """Seconds of `Retry-After`; None for a date, or what is no number."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None

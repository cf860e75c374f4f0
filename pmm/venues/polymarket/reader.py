"""Books over REST beside the socket: many tokens in one call, never more than two calls at a time.

A token that waits is asked for once, however often it was wanted; a token on its way is asked for again, because the
answer that comes may be older than the question.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from pmm.errors import BadAnswer, PmmError
from pmm.events import BookRead
from pmm.model import BookPage, TokenId
from pmm.ports import Emit
from pmm.venues.polymarket import codec
from pmm.venues.polymarket.rest import VenueHttp

CALLS_MAX = 2
# The venue takes 500.  To read the text of so many holds the loop, and with it every frame, for 13 ms; this many, 3 ms.
TOKENS_PER_CALL = 100
# A book that takes longer is too old to say anything about the socket; the next read says more.
CALL_LIMIT_S = 2.0


class RestBooks:
    """Implements the `BookReader` port over the pooled client.  `calls` and `failures` count what was sent."""

    def __init__(self, http: VenueHttp, clob_url: str, *, call_limit: float = CALL_LIMIT_S) -> None:
        """`call_limit` in seconds, attempts included."""
        self.calls = 0
        self.failures = 0
        self._http = http
        self._url = f"{clob_url}/books"
        self._call_limit = call_limit
        self._waiting: dict[TokenId, Emit] = {}
        self._asked = asyncio.Event()

    def read(self, tokens: Sequence[TokenId], emit: Emit) -> None:
        """Ask for books; every token is answered by one `BookRead`.  Returns at once."""
        self._waiting.update(dict.fromkeys(tokens, emit))
        if self._waiting:
            self._asked.set()

    async def serve(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLS_MAX):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._asked.wait()
            batch = self._take()
            if batch:  # another worker may have been quicker
                for token, read in (await self._call(tuple(batch))).items():
                    batch[token](read)

    def _take(self) -> dict[TokenId, Emit]:
        """The tokens that waited longest, as many as one call may hold."""
        chosen = [token for token, _ in zip(self._waiting, range(TOKENS_PER_CALL), strict=False)]
        batch = {token: self._waiting.pop(token) for token in chosen}
        if not self._waiting:
            self._asked.clear()
        return batch

    async def _call(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookRead]:
        """One call; whatever happens, there is an answer for every token."""
        asked_at = time.time_ns()
        pages: Mapping[TokenId, BookPage] = {}
        cause = "the venue has no book of this token"
        self.calls += 1
        try:
            async with asyncio.timeout(self._call_limit):
                answer = await self._http.post_read(self._url, [{"token_id": token} for token in tokens])
            pages, odd = await _pages(answer)
            cause = odd or cause
        except TimeoutError:
            cause = f"{self._url} did not answer within {self._call_limit:g} s"
        except PmmError as error:
            cause = error.message
        self.failures += not pages
        now = time.time_ns()
        return {token: _answer(now, asked_at, token, pages.get(token), cause) for token in tokens}


def _answer(now: int, asked_at: int, token: TokenId, page: BookPage | None, cause: str) -> BookRead:
    return BookRead(now, asked_at, token, page, "" if page else cause)


async def _pages(answer: object) -> tuple[dict[TokenId, BookPage], str]:
    """The books that can be read, and what was wrong with the first of the others; between two, frames go first."""
    pages: dict[TokenId, BookPage] = {}
    odd = ""
    for record in codec.array(answer, "books"):
        await asyncio.sleep(0)
        try:
            page = codec.book(record)
        except BadAnswer as error:
            odd = odd or error.message
        else:
            pages[page.token] = page
    return pages, odd

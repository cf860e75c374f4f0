"""The heartbeat of an account: while it beats the venue keeps our orders, ten seconds after it the venue cancels them.

Every beat names the id that the venue gave to the one before (protocol reference, section 3.9).  The venue knows one
chain for an account, so a beat that is refused although we named what we were given says that somebody else beats
there too.  Only the first beat of a run may take over a chain: it is our own from before a restart, or that of
somebody whom the lease of the wallet could not see.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import orjson

from pmm.errors import BadAnswer, Unreachable
from pmm.events import Beat, BeatNews
from pmm.model import SECOND, Nanos
from pmm.ports import Emit
from pmm.venues.polymarket import words
from pmm.venues.polymarket.access import Caller
from pmm.venues.polymarket.private import Answer

PATH = "/v1/heartbeats"
# Ids are uuids; whatever is longer than this is none.
ID_MAX = 200
# A beat that was not taken is sent again after a fifth of the interval, so that one lost answer never lets the switch
# fall: the venue waits for two intervals.
RETRIES_PER_INTERVAL = 5


class Heartbeat:
    """Implements the `Service` port; best with connections of its own, which orders cannot fill.

    `interval` and `deadline` are in nanoseconds.  It says what became of every beat and judges nothing.
    """

    def __init__(
        self, http: Caller, *, interval: Nanos, deadline: Nanos, clock: Callable[[], Nanos] = time.time_ns
    ) -> None:
        self._http = http
        self._interval = interval
        self._deadline = min(deadline, interval)
        self._clock = clock
        self._expected = ""
        self._ours = False
        self._doubtful = False
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """Beat no more, for ever: the venue takes the orders within fifteen seconds."""
        self._stopped.set()

    async def serve(self, emit: Emit) -> None:
        """Beat until cancelled or stopped."""
        while not self._stopped.is_set():
            began = self._clock()
            beat = await self._beat()
            if self._stopped.is_set():
                return  # a beat that was on its way is nobody's business any more
            emit(beat)
            taken = beat.news is BeatNews.TAKEN
            pause = self._interval if taken else self._interval // RETRIES_PER_INTERVAL
            await self._sleep(max(0, pause - (self._clock() - began)))

    async def _sleep(self, pause: Nanos) -> None:
        try:
            async with asyncio.timeout(pause / SECOND):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _beat(self) -> Beat:
        sent_at = self._clock()
        try:
            answer = await self._send()
            if answer.status == 400 and self._may_take(_expected(answer)):
                self._expected = _expected(answer) or ""
                answer = await self._send()
            return self._judge(answer, sent_at)
        except Unreachable as error:
            self._doubtful = True  # it may have been taken, and then another id is expected
            return Beat(self._clock(), sent_at, BeatNews.MISSED, error.message)

    async def _send(self) -> Answer:
        body = orjson.dumps({"heartbeat_id": self._expected})
        return await self._http.call("POST", PATH, body, deadline=self._deadline)

    def _judge(self, answer: Answer, sent_at: Nanos) -> Beat:
        now = self._clock()
        named = _expected(answer)
        if answer.status == 200 and named:
            self._expected, self._ours, self._doubtful = named, True, False
            return Beat(now, sent_at, BeatNews.TAKEN)
        if answer.status == 400 and named is not None:
            return Beat(now, sent_at, BeatNews.FOREIGN, "another heartbeat is expected: somebody else beats here")
        return Beat(now, sent_at, BeatNews.MISSED, _said(answer))

    def _may_take(self, expected: str | None) -> bool:
        """Whether an id that we were not given is ours to take: at first, and after a beat without an answer."""
        return expected is not None and (not self._ours or self._doubtful)


def _expected(answer: Answer) -> str | None:
    """The id that an answer names; it is empty after a beat of the old endpoint.  None when it names none."""
    try:
        told = answer.json()
    except BadAnswer:
        return None
    named = told.get("heartbeat_id") if isinstance(told, dict) else None
    return named if isinstance(named, str) and len(named) <= ID_MAX else None


def _said(answer: Answer) -> str:
    try:
        told = answer.json()
    except BadAnswer:
        told = None
    text = words.said(told) if isinstance(told, dict) else ""
    return text or f"the venue answered {answer.status}"

"""Cancels on their way out: by id, many in one request, and of everything.

They never wait for orders, nor for the disk.  What the venue says about each order is told; a cancel is proof only
where the venue lists the order as canceled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import orjson

from pmm.events import Canceled, Event, Unanswered
from pmm.model import SECOND, Nanos, OrderId
from pmm.ports import Emit
from pmm.venues.polymarket import order_answers
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.budget import Budget, Kind
from pmm.venues.polymarket.order_answers import Canceling, Sent
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import CONNECTIONS_MAX, Answer, NoAnswer, NotSent

# The venue takes 1,000 ids in one request; with fewer, one lost answer leaves fewer orders in doubt.
CANCELS_MAX = 100
# A cancel of everything that hangs must not hold up the next one; nor may cancels by id take their connections.
SWEEPS_AT_ONCE = 3
CANCELS_AT_ONCE = CONNECTIONS_MAX - SWEEPS_AT_ONCE
EVERYTHING = "/cancel-all"


class CancelsOut:
    """One queue of ids, and a count of cancels of everything; several requests at a time."""

    def __init__(
        self, access: Access, budget: Budget, orders: OwnOrders, *, deadline: Nanos, clock: Callable[[], Nanos]
    ) -> None:
        self._access = access
        self._budget = budget
        self._orders = orders
        self._deadline = deadline
        self._clock = clock
        self._queue: dict[OrderId, None] = {}
        self._sweeps = 0
        self._stirred = asyncio.Event()
        self._turn = asyncio.Lock()
        self._swept = asyncio.Event()
        self._emit: Emit = _nobody

    def put(self, order_id: OrderId) -> None:
        """Cancel one order; asked twice before it is sent, it is sent once."""
        self._queue[order_id] = None
        self._stirred.set()

    def put_all(self) -> None:
        """Cancel everything that the account has, now: it waits for no budget."""
        self._sweeps += 1
        self._swept.set()

    async def serve(self, emit: Emit) -> None:
        """Work until cancelled."""
        self._emit = emit
        async with asyncio.TaskGroup() as group:
            for _ in range(SWEEPS_AT_ONCE):
                group.create_task(self._sweep())
            for _ in range(CANCELS_AT_ONCE):
                group.create_task(self._work())

    # --- by id ----------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            async with self._turn:
                sent = await self._next()
            if sent:
                await self._cancel(sent)

    async def _next(self) -> list[Sent]:
        await self._stirred.wait()
        cost = min(len(self._queue), CANCELS_MAX)
        if not cost:
            self._stirred.clear()
            return []
        now = self._clock()
        due = self._budget.wait_until(now, cost, Kind.CANCELS)
        if due > now:
            await asyncio.sleep((due - now) / SECOND)
            return []
        self._budget.spend(now, cost, Kind.CANCELS)
        return [one for one in map(self._named, list(self._queue)[:cost]) if one is not None]

    def _named(self, order_id: OrderId) -> Sent | None:
        del self._queue[order_id]
        known = self._orders.get(order_id)
        if known is None:
            self._emit(Unanswered(self._clock(), order_id, "the gateway does not know this order any more"))
            return None
        return Sent(order_id, known.intent.venue_id)

    async def _cancel(self, sent: Sequence[Sent]) -> None:
        ids = [one.venue_id for one in sent]
        path, body = ("/order", {"orderID": ids[0]}) if len(ids) == 1 else ("/orders", ids)
        answer = await self._call(path, orjson.dumps(body), sent)
        if answer is None:
            return
        now = self._clock()
        self._budget.learn(now, Kind.CANCELS, answer.status, answer.headers)
        self._tell_mode(answer, now)
        for outcome in order_answers.canceled(answer, sent, now):
            self._tell(outcome)

    # --- of everything --------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            await self._swept.wait()
            if not self._sweeps:
                self._swept.clear()
                continue
            self._sweeps -= 1
            answer = await self._call(EVERYTHING, b"", ())
            if answer is not None:
                self._tell_swept(answer)

    def _tell_swept(self, answer: Answer) -> None:
        now = self._clock()
        gone = order_answers.gone_ids(answer)
        self._budget.charge(1 + len(gone), Kind.CANCELS)
        self._budget.learn(now, Kind.CANCELS, answer.status, answer.headers)
        self._tell_mode(answer, now)
        for venue_id in gone:
            order_id = self._orders.order_id(venue_id)
            if order_id is not None:
                self._tell(Canceled(now, order_id))

    # --- both -----------------------------------------------------------------------------------------------------

    async def _call(self, path: str, body: bytes, sent: Sequence[Sent]) -> Answer | None:
        """The answer, or None once it is told that there is none."""
        try:
            return await self._access.call("DELETE", path, body, deadline=self._deadline)
        except (NotSent, NoAnswer) as error:
            for outcome in order_answers.unanswered((one.order_id for one in sent), self._clock(), error.message):
                self._emit(outcome)
            return None

    def _tell_mode(self, answer: Answer, at: Nanos) -> None:
        news = order_answers.venue_news(answer, at)
        if news is not None:
            self._emit(news)

    def _tell(self, outcome: Canceling) -> None:
        if isinstance(outcome, Canceled):
            self._orders.over(outcome.order_id)
        self._emit(outcome)


def _nobody(_: Event) -> None:
    raise RuntimeError("cancels are sent while `serve` runs")

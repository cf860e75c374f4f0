"""Orders on their way out: they wait, are signed, written down, and posted; what the answer proves is told.

An order that had to wait too long is not sent, because the decision behind it is old.  Nothing is sent that is not on
the disk before, and nothing is ever sent again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pmm.commands import Place, Repost
from pmm.errors import DiskError
from pmm.events import Event, Operator, OperatorAction, Rejected, Unanswered
from pmm.model import SECOND, Nanos, OrderId, Side, TokenId
from pmm.ports import Emit, Intent, IntentLog
from pmm.venues.polymarket import order_answers, words
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.budget import Budget, Kind
from pmm.venues.polymarket.market_facts import MarketFacts
from pmm.venues.polymarket.order_answers import Outcome, Sent
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.pen import Pen
from pmm.venues.polymarket.private import NoAnswer, NotSent
from pmm.venues.polymarket.signer import SALT_MAX, Signer, SignerRefused

# The venue takes so many orders in one request (protocol reference, section 3.5).
BATCH_MAX = 15
# Requests that may wait for their answers at once; the connections are the limit of what travels side by side.
POSTS_AT_ONCE = 8
TOO_OLD = "too old to send"
WITHDRAWN = "canceled before it was sent"


class Dice(Protocol):
    """The one method of random.Random that salts need."""

    def random(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An order that is wanted at the venue since `at`."""

    command: Place | Repost
    at: Nanos


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order that may be sent.  `again` says that its bytes were sent before."""

    intent: Intent
    at: Nanos
    again: bool


class OrdersOut:
    """One queue, several requests at a time.  `failure` is why nothing can be written down, once that happened."""

    def __init__(
        self,
        access: Access,
        signer: Signer,
        intents: IntentLog,
        budget: Budget,
        orders: OwnOrders,
        facts: MarketFacts,
        *,
        dice: Dice,
        latency_gate: Nanos,
        deadline: Nanos,
        clock: Callable[[], Nanos],
        short: Callable[[TokenId | None], None] = lambda _: None,
    ) -> None:
        """`short` is told when the venue finds too little of a token, or (None) of cash."""
        self.failure: DiskError | None = None
        self._access = access
        self._signer = signer
        self._intents = intents
        self._pen = Pen(intents)
        self._budget = budget
        self._orders = orders
        self._facts = facts
        self._dice = dice
        self._latency_gate = latency_gate
        self._deadline = deadline
        self._clock = clock
        self._short = short
        self._queue: dict[OrderId, _Waiting] = {}
        self._preparing: dict[OrderId, Place | Repost] = {}
        self._withdrawn: set[OrderId] = set()
        self._over: list[OrderId] = []
        self._stirred = asyncio.Event()
        self._ended = asyncio.Event()
        self._turn = asyncio.Lock()
        self._emit: Emit = _nobody

    def put(self, command: Place | Repost, at: Nanos) -> None:
        """Let an order wait for its turn; what is to be sent again and waits already, waits once."""
        self._queue.setdefault(command.order_id, _Waiting(command, at))
        self._stirred.set()

    def withdraw(self, order_id: OrderId) -> bool:
        """Let an order not be sent; whether it is certain that it never was.  Nor is it sent again."""
        waiting = self._queue.get(order_id)
        command = self._preparing.get(order_id) if waiting is None else waiting.command
        if command is not None:
            self._withdrawn.add(order_id)
            self._stirred.set()
        return isinstance(command, Place)

    def withdraw_all(self) -> None:
        """Let nothing be sent that was not sent yet."""
        self._withdrawn |= self._queue.keys() | self._preparing.keys()
        self._stirred.set()

    async def serve(self, emit: Emit) -> None:
        """Work until cancelled."""
        self._emit = emit
        with self._pen:
            await self._serve()

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._close())
            for _ in range(POSTS_AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            async with self._turn:
                ready = await self._next()
            if ready:
                await self._post(ready)

    # --- before sending -------------------------------------------------------------------------------------------

    async def _next(self) -> list[_Ready]:
        """The next orders to be sent, which the disk has; one worker at a time does this."""
        await self._stirred.wait()
        self._refuse_old()
        cost = min(len(self._queue), BATCH_MAX)
        if not cost:
            self._stirred.clear()
            return []
        now = self._clock()
        due = self._budget.wait_until(now, cost, Kind.ORDERS)
        if due > now:
            await asyncio.sleep((due - now) / SECOND)
            return []
        self._budget.spend(now, cost, Kind.ORDERS)
        chosen = [self._queue.pop(order_id) for order_id in list(self._queue)[:cost]]
        ready = [one for one in map(self._prepare, chosen) if one is not None]
        written = self._still_wanted(await self._write(ready))
        self._budget.refund(cost - len(written), Kind.ORDERS)
        return written

    def _refuse_old(self) -> None:
        """Take out of the queue what was withdrawn or has waited too long."""
        oldest = self._clock() - self._latency_gate
        for order_id, one in tuple(self._queue.items()):
            gone = order_id in self._withdrawn
            if gone or one.at < oldest:
                del self._queue[order_id]
                self._refuse(one.command, WITHDRAWN if gone else TOO_OLD)

    def _prepare(self, one: _Waiting) -> _Ready | None:
        """Sign an order, or find its bytes; None for one that is refused."""
        command = one.command
        if isinstance(command, Repost):
            known = self._orders.get(command.order_id)
            if known is None or not known.intent.body:
                self._refuse(command, "its bytes are not known any more")
                return None
            intent = known.intent
        else:
            signed = self._sign(command)
            if signed is None:
                return None
            intent = signed
        self._preparing[command.order_id] = command
        return _Ready(intent, one.at, again=isinstance(command, Repost))

    def _sign(self, place: Place) -> Intent | None:
        market = self._facts.get(place.market)
        credentials = self._access.http.credentials
        if market is None or credentials is None:
            self._refuse(place, "its market is not known" if market is None else "there are no API credentials")
            return None
        now = self._clock()
        salt = 1 + int(self._dice.random() * (SALT_MAX - 1))
        try:
            signed = self._signer.order(place, market, now + self._access.http.clock_offset, salt, credentials.key)
        except SignerRefused as error:
            self._refuse(place, error.message)
            return None
        return Intent(
            order_id=place.order_id,
            venue_id=signed.venue_id,
            market=place.market,
            token=place.token,
            side=place.side,
            price=place.price,
            size=place.size,
            expires_at=place.expires_at,
            created_at=now,
            body=signed.body,
        )

    async def _write(self, ready: list[_Ready]) -> list[_Ready]:
        """Those that the disk has."""
        new = [one.intent for one in ready if not one.again]
        if not new:
            return ready
        try:
            await self._pen.write(new)
        except DiskError as error:
            self._fail(error, new)
            return [one for one in ready if one.again]
        return ready

    def _fail(self, error: DiskError, intents: Iterable[Intent]) -> None:
        """Nothing of these is sent, and no more is to be wanted."""
        now = self._clock()
        for intent in intents:
            self._preparing.pop(intent.order_id, None)
            self._withdrawn.discard(intent.order_id)
            self._emit(Rejected(now, intent.order_id, f"not sent: {error.message}"))
        if self.failure is None:
            self.failure = error
            self._emit(Operator(now, OperatorAction.STOP, f"orders cannot be written down: {error.message}"))

    def _still_wanted(self, ready: list[_Ready]) -> list[_Ready]:
        """Those that may go now, which are at the venue from here on as far as anybody knows."""
        now = self._clock()
        going: list[_Ready] = []
        for one in ready:
            order_id = one.intent.order_id
            self._preparing.pop(order_id, None)
            gone = order_id in self._withdrawn
            if gone or one.at < now - self._latency_gate:
                self._refuse(one, WITHDRAWN if gone else TOO_OLD)
                if not one.again:
                    self._end(order_id)
                continue
            if not one.again:
                self._orders.add(one.intent, now)
            going.append(one)
        return going

    def _refuse(self, one: Place | Repost | _Ready, reason: str) -> None:
        """An order that was not sent never rested, unless its bytes were sent before."""
        again = isinstance(one, Repost) or (isinstance(one, _Ready) and one.again)
        order_id = one.intent.order_id if isinstance(one, _Ready) else one.order_id
        self._withdrawn.discard(order_id)
        now = self._clock()
        self._emit(Unanswered(now, order_id, f"not sent again: {reason}") if again else Rejected(now, order_id, reason))

    # --- sending --------------------------------------------------------------------------------------------------

    async def _post(self, ready: Sequence[_Ready]) -> None:
        bodies = [one.intent.body for one in ready]
        path, body = ("/order", bodies[0]) if len(ready) == 1 else ("/orders", b"[" + b",".join(bodies) + b"]")
        sent = [Sent(one.intent.order_id, one.intent.venue_id, one.again) for one in ready]
        news: Event | None = None
        outcomes: Sequence[Outcome]
        try:
            answer = await self._access.call("POST", path, body, deadline=self._deadline)
        except NotSent as error:
            self._budget.refund(len(ready), Kind.ORDERS)
            outcomes = order_answers.unsent(sent, self._clock(), error.message)
        except NoAnswer as error:
            outcomes = order_answers.unanswered((one.order_id for one in sent), self._clock(), error.message)
        else:
            now = self._clock()
            self._budget.learn(now, Kind.ORDERS, answer.status, answer.headers)
            news = order_answers.venue_news(answer, now)
            outcomes = order_answers.posted(answer, sent, now)
        if news is not None:
            self._emit(news)
        for one, outcome in zip(ready, outcomes, strict=True):
            self._tell(one, outcome)

    def _tell(self, one: _Ready, outcome: Outcome) -> None:
        if isinstance(outcome, Rejected):
            self._orders.over(outcome.order_id)
            self._end(outcome.order_id)
            if words.BALANCE in outcome.reason.lower():
                self._short(one.intent.token if one.intent.side is Side.SELL else None)
        self._emit(outcome)

    # --- afterwards -----------------------------------------------------------------------------------------------

    def _end(self, order_id: OrderId) -> None:
        """Let the log know that an order never rested."""
        self._over.append(order_id)
        self._ended.set()

    async def _close(self) -> None:
        while True:
            await self._ended.wait()
            self._ended.clear()
            over, self._over = self._over, []
            try:
                await asyncio.to_thread(self._intents.close, over)
            except DiskError as error:
                # They are asked about after the next start, which does no harm.
                self.failure = self.failure or error


def _nobody(_: Event) -> None:
    raise RuntimeError("orders are sent while `serve` runs")

"""The gateway of live trading: commands become signed requests, and what their answers prove becomes events.

It decides nothing and sends nothing twice by itself.  Cancels have their own queue and connections, orders are written
down before they are sent, and every call has a deadline; `pmm.venues.polymarket.order_answers` says what an answer
proves.  `serve` works beside the engine; `submit` returns at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import assert_never

from pmm.commands import Cancel, CancelAll, OrderCommand, Place, QueryOrder, ReadAccount, Repost, StopHeartbeat
from pmm.errors import DiskError
from pmm.events import Adopted, Event
from pmm.model import Nanos
from pmm.ports import Emit, IntentLog
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_asks import AccountAsks
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import Budget
from pmm.venues.polymarket.cancels_out import CancelsOut
from pmm.venues.polymarket.market_facts import MarketFacts
from pmm.venues.polymarket.orders_out import Dice, OrdersOut
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.signer import Signer

# When an adopted order ends that has no end.
NEVER: Nanos = 0


class PolymarketGateway:
    """Implements the `Gateway` and `Service` ports.  Give it the same `orders` as the user stream.

    `failure` is why nothing could be written down any more, when that happened.
    """

    def __init__(
        self,
        access: Access,
        signer: Signer,
        reads: AccountReads,
        intents: IntentLog,
        *,
        orders: OwnOrders,
        budget: Budget,
        dice: Dice,
        latency_gate: Nanos,
        deadline: Nanos,
        stop_heartbeat: Callable[[], None] = lambda: None,
        clock: Callable[[], Nanos] = time.time_ns,
    ) -> None:
        """`latency_gate` is the age at which an order is not sent any more, `deadline` the limit of one call."""
        self._intents = intents
        self._orders = orders
        self._stop_heartbeat = stop_heartbeat
        self._clock = clock
        self._facts = MarketFacts()
        self._asks = AccountAsks(reads, orders, self._facts.tokens, clock=clock)
        self._cancels = CancelsOut(access, budget, orders, deadline=deadline, clock=clock)
        self._out = OrdersOut(
            access,
            signer,
            intents,
            budget,
            orders,
            self._facts,
            dice=dice,
            latency_gate=latency_gate,
            deadline=deadline,
            clock=clock,
            short=self._asks.refresh,
        )

    @property
    def failure(self) -> DiskError | None:
        return self._out.failure

    # --- the Gateway port -----------------------------------------------------------------------------------------

    def submit(self, commands: Sequence[OrderCommand], at: Nanos, _: Emit) -> None:
        """Queue commands; what becomes of them is told through the `emit` of `serve`."""
        for command in commands:
            self._obey(command, at)

    def observe(self, event: Event, _: Emit) -> None:
        self._facts.observe(event)

    def next_at(self) -> Nanos | None:
        """Real time passes by itself."""
        return None

    def advance(self, _: Emit) -> None:
        """There is nothing to do: answers come from `serve`."""

    # --- the Service port -----------------------------------------------------------------------------------------

    async def serve(self, emit: Emit) -> None:
        """Tell of the orders of earlier runs, then work until cancelled.  Raises DiskError for a damaged log."""
        await self._adopt(emit)
        async with asyncio.TaskGroup() as group:
            for part in (self._cancels, self._out, self._asks):
                group.create_task(part.serve(emit))

    def _obey(self, command: OrderCommand, at: Nanos) -> None:
        match command:
            case Place() | Repost():
                self._out.put(command, at)
            case Cancel():
                if not self._out.withdraw(command.order_id):
                    self._cancels.put(command.order_id)
            case CancelAll():
                self._out.withdraw_all()
                self._cancels.put_all()
            case QueryOrder():
                self._asks.query(command.order_id)
            case ReadAccount():
                self._asks.read(command)
            case StopHeartbeat():
                self._stop_heartbeat()
            case _:
                assert_never(command)

    async def _adopt(self, emit: Emit) -> None:
        now = self._clock()
        await asyncio.to_thread(self._intents.make_room)
        found = await asyncio.to_thread(self._intents.open_intents)
        self._asks.begin(min((intent.created_at for intent in found), default=now))
        for intent in found:
            self._orders.add(intent, intent.created_at)
            emit(
                Adopted(
                    self._clock(),
                    intent.order_id,
                    intent.market,
                    intent.token,
                    intent.side,
                    intent.price,
                    intent.size,
                    NEVER if intent.expires_at is None else intent.expires_at,
                    intent.created_at,
                )
            )

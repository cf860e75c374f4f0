"""What the engine asks about its orders and its account, read at the venue and told in the engine's terms.

Trades are told before what depends on them: a fill, then its settlement, then the order that shows it.  What cannot be
read is not told at all, or as a failed read; silence never looks like an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from pmm.account import Origin, OwnOrder
from pmm.commands import ReadAccount
from pmm.errors import PmmError
from pmm.events import AccountRead, Event, OrderMissing, Reading
from pmm.model import SECOND, Nanos, OrderId, TokenId
from pmm.ports import Emit
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.own_orders import Known, OwnOrders

# Trades come into the venue's list some time after they matched; what was told already is not told again.
OVERLAP: Nanos = 60 * SECOND
QUERIES_AT_ONCE = 4
# A venue that says again and again that a balance is too small is asked to look at the chain no more often than this
# (reliability reference, F19).
REFRESH_INTERVAL: Nanos = 5 * SECOND


class AccountAsks:
    """Queries of single orders side by side; reads of the account one after the other.

    Asked twice before it begins, each is done once.
    """

    def __init__(
        self,
        reads: AccountReads,
        orders: OwnOrders,
        tokens: Callable[[], Collection[TokenId]],
        *,
        clock: Callable[[], Nanos],
    ) -> None:
        """`tokens` are those whose balances are read."""
        self._reads = reads
        self._orders = orders
        self._tokens = tokens
        self._clock = clock
        self._queries: dict[OrderId, None] = {}
        self._asked = asyncio.Event()
        self._account: ReadAccount | None = None
        self._account_asked = asyncio.Event()
        self._short: dict[TokenId | None, None] = {}
        self._short_asked = asyncio.Event()
        self._trades_since: Nanos | None = None

    def query(self, order_id: OrderId) -> None:
        """Ask what became of an order."""
        self._queries[order_id] = None
        self._asked.set()

    def read(self, command: ReadAccount) -> None:
        """Read the account; what is asked while a read goes on is read after it."""
        waiting = self._account
        balances = command.balances or (waiting is not None and waiting.balances)
        self._account = ReadAccount(command.cause, balances)
        self._account_asked.set()

    def refresh(self, token: TokenId | None) -> None:
        """Let the venue look at the chain for a token, or (None) for cash."""
        self._short[token] = None
        self._short_asked.set()

    def begin(self, since: Nanos) -> None:
        """The first read tells trades of our orders from this moment on."""
        self._trades_since = since - OVERLAP

    async def serve(self, emit: Emit) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_accounts(emit))
            group.create_task(self._refresh())
            for _ in range(QUERIES_AT_ONCE):
                group.create_task(self._query_orders(emit))

    # --- one order ------------------------------------------------------------------------------------------------

    async def _query_orders(self, emit: Emit) -> None:
        while True:
            await self._asked.wait()
            if not self._queries:
                self._asked.clear()
                continue
            order_id = next(iter(self._queries))
            del self._queries[order_id]
            known = self._orders.get(order_id)
            if known is not None:
                await self._query(order_id, known, emit)

    async def _query(self, order_id: OrderId, known: Known, emit: Emit) -> None:
        asked_at = self._clock()
        try:
            order = await self._reads.order(known.intent.venue_id)
            missed = order is not None and order.matched > known.filled
            trades = await self._reads.trades(known.intent.created_at - OVERLAP, known.intent.market) if missed else ()
        except PmmError:
            return  # not answered: the engine asks again
        now = self._clock()
        if order is None:
            emit(OrderMissing(now, asked_at, order_id, Reading.ORDER))
            return
        for news in self._orders.told(trades, now, sure=True):
            emit(news)
        self._show(order, asked_at, now, emit)

    # --- the account ----------------------------------------------------------------------------------------------

    async def _read_accounts(self, emit: Emit) -> None:
        while True:
            await self._account_asked.wait()
            self._account_asked.clear()
            command, self._account = self._account, None
            if command is not None:
                await self._read(command, emit)

    async def _read(self, command: ReadAccount, emit: Emit) -> None:
        asked_at = self._clock()
        try:
            orders = await self._reads.open_orders()
            trades = await self._reads.trades(self._since(asked_at))
            balances = await self._reads.balances(self._tokens()) if command.balances else None
        except PmmError as error:
            emit(AccountRead(self._clock(), asked_at, failed=error.message))
            return
        self._trades_since = asked_at - OVERLAP
        now = self._clock()
        for news in self._orders.told(trades, now, sure=True):
            emit(news)
        named = [self._orders.named(order) for order in orders]
        for order in named:
            self._show(order, asked_at, now, emit)
            self._ask_for_missed(order)
        shown = {order.order_id for order in named}
        for order_id in self._orders.open(before=asked_at):
            if order_id not in shown:
                emit(OrderMissing(now, asked_at, order_id, Reading.OPEN_ORDERS))
        foreign = tuple(order for order in named if order.origin is Origin.FOREIGN)
        emit(AccountRead(now, asked_at, foreign, balances))

    def _ask_for_missed(self, order: OwnOrder) -> None:
        """An order that traded more than its trades say: they are older than what was read, so they are read for it."""
        known = self._orders.get(order.order_id)
        if known is not None and order.matched > known.filled:
            self.query(order.order_id)

    def _since(self, at: Nanos) -> Nanos:
        """From when on trades are read: since the last read, and since the oldest that is not settled."""
        last = at - OVERLAP if self._trades_since is None else self._trades_since
        unsettled = self._orders.unsettled_since(at)
        return last if unsettled is None else min(last, unsettled)

    def _show(self, order: OwnOrder, asked_at: Nanos, at: Nanos, emit: Emit) -> None:
        shown: Event | None = self._orders.shown(order, asked_at, at)
        if shown is not None:
            emit(shown)

    # --- balances -------------------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        while True:
            await self._short_asked.wait()
            if not self._short:
                self._short_asked.clear()
                continue
            token = next(iter(self._short))
            del self._short[token]
            with suppress(PmmError):  # the next refusal asks again
                await self._reads.refresh_balance(token)
            await asyncio.sleep(REFRESH_INTERVAL / SECOND)

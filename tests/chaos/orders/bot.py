"""One run of the bot as live trading has it: engine, driver, gateway, user socket, heartbeat and a state file.

It is put together as `pmm.app.trading` does, from the same parts, with the limits of a session.  `cut` ends it like a
power cut: nothing is cancelled, nothing is told, and only what was written survives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pmm.core.engine import Engine
from pmm.drivers.live import Live
from pmm.eip712 import SignatureType
from pmm.errors import OrdersMayRemain
from pmm.events import Event, MarketListed
from pmm.exchange.server import LocalExchange
from pmm.model import SECOND
from pmm.ports import Sink
from pmm.sinks.history import History
from pmm.sinks.store import Intents, Store
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import Budget
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.gateway import PolymarketGateway
from pmm.venues.polymarket.heartbeat import Heartbeat
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Signer
from pmm.venues.polymarket.stream import MarketStream
from pmm.venues.polymarket.user_stream import UserStream
from tests.chaos.orders import limits

# Past the end of every order.  One without an end may never be proven to be gone.
STOP_LIMIT = 12 * SECOND
STOP_LIMIT_GTC = 3 * SECOND


@dataclass
class Bot:
    """`task` is its run; `remained` says that it ended without proof that its orders are gone."""

    number: int
    engine: Engine
    driver: Live
    orders: OwnOrders
    store: Store
    account: int
    task: asyncio.Task[None] | None = None
    remained: bool = False

    async def live(self, opening: Sequence[Event]) -> None:
        """Run until it ends by itself."""
        try:
            await self.driver.run(opening)
        except* OrdersMayRemain:
            self.remained = True

    async def ended(self, seconds: float) -> None:
        """Wait until it has.  Raises TimeoutError."""
        assert self.task is not None
        async with asyncio.timeout(seconds):
            await asyncio.wait([self.task])

    async def cut(self) -> None:
        """End it between two turns of its loop, and wait until nothing of it runs any more."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])


@asynccontextmanager
async def bot(
    exchange: LocalExchange,
    folder: Path,
    signer: Signer,
    credentials: Credentials,
    *,
    number: int,
    gtc: bool,
    dice: Random,
    sinks: Sequence[Sink] = (),
) -> AsyncIterator[Bot]:
    """Run it until the block ends; `number` tells the runs of one account apart."""
    urls = exchange.urls
    async with AsyncExitStack() as stack:
        store = stack.enter_context(Store.open(folder))
        account = store.account(signer.maker, urls["clob_url"])
        http, pulse = [await stack.enter_async_context(_http(exchange, signer, credentials)) for _ in range(2)]
        orders = OwnOrders()
        reads = AccountReads(Access(http), signer.maker, signer.signature_type, mine=orders.mine)
        heartbeat = Heartbeat(Access(pulse), interval=limits.BEAT, deadline=limits.DEADLINE)
        gateway = PolymarketGateway(
            Access(http),
            signer,
            reads,
            Intents(store, account),
            orders=orders,
            budget=Budget(at=time.time_ns()),
            dice=dice,
            latency_gate=limits.LATENCY_GATE,
            deadline=limits.DEADLINE,
            stop_heartbeat=heartbeat.stop,
        )
        user = UserStream(
            urls["ws_user_url"], lambda: credentials, orders, orders.mine, dice=dice, backoff=limits.BACKOFF
        )
        engine = Engine(FixedSpread(limits.QUOTES), limits.engine_config(f"live-{number}-", gtc=gtc), limits.rules())
        market = exchange.source.listings[0].market
        history = History(store, account, simulated=False, latch_halts=False)
        feed = MarketStream(urls["ws_market_url"], [one.token_id for one in market.tokens], dice=dice)
        driver = Live(
            engine,
            {0: feed},
            gateway,
            [*sinks, history],
            services=[gateway, user, heartbeat],
            timer=limits.TIMER,
            stop_limit=STOP_LIMIT_GTC if gtc else STOP_LIMIT,
        )
        async with asyncio.TaskGroup() as group:
            one = Bot(number, engine, driver, orders, store, account)
            one.task = group.create_task(one.live([MarketListed(time.time_ns(), market)]))
            try:
                yield one
            finally:
                if not one.task.cancelled():
                    history.flush()
                one.task.cancel()


def _http(exchange: LocalExchange, signer: Signer, credentials: Credentials) -> PrivateHttp:
    return PrivateHttp(exchange.urls["clob_url"], signer.address, credentials, deadline=limits.DEADLINE)


def signer_of(key: bytes) -> Signer:
    return Signer(key, funder=None, signature_type=SignatureType.EOA, caps=limits.SIGNER_CAPS)

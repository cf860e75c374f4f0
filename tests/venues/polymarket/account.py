"""A gateway and a user stream at a local exchange, without an engine: what they tell is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random

from pmm.commands import Cancel, CancelAll, Place, QueryOrder, ReadAccount, Repost
from pmm.eip712 import SignatureType
from pmm.errors import DiskError
from pmm.events import Accepted, AccountRead, Filled, MarketListed
from pmm.model import MILLISECOND, SECOND, USD, Market, Side, TimeInForce, parse_price, parse_size
from pmm.rate_tiers import TIERS
from pmm.venues.polymarket.access import Access
from pmm.venues.polymarket.account_reads import AccountReads
from pmm.venues.polymarket.budget import Budget
from pmm.venues.polymarket.credentials import derive
from pmm.venues.polymarket.gateway import PolymarketGateway
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.signer import Caps, Signer
from pmm.venues.polymarket.stream import Backoff
from pmm.venues.polymarket.user_stream import UserStream
from tests.exchange.conftest import DEMO, Trading

# A key that no log may show.
MARKER = bytes.fromhex("5eC2e7" + "ab" * 29)
CAPS = Caps(1_000 * USD, 3_600 * SECOND)
FAST = Backoff(base=0.01, cap=0.02, attempts=3)
LIMIT_S = 10.0


class Recorder:
    """An `Emit` that keeps what it is told and lets a test wait for it."""

    def __init__(self):
        self.events = []
        self._told = asyncio.Event()

    def __call__(self, event):
        self.events.append(event)
        self._told.set()

    def of(self, *kinds, order_id=None):
        wanted = [event for event in self.events if isinstance(event, kinds)]
        return wanted if order_id is None else [event for event in wanted if event.order_id == order_id]

    async def until(self, condition):
        """The first true value of `condition`, looked at whenever something is told."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := condition()):
                self._told.clear()
                await self._told.wait()
        return found

    async def one(self, *kinds, order_id=None):
        """The only event of these kinds, once there is one."""
        await self.until(lambda: self.of(*kinds, order_id=order_id))
        [event] = self.of(*kinds, order_id=order_id)
        return event


class Notes:
    """An `IntentLog` in memory; `broken` says why nothing can be written, `hook` is called at every write."""

    def __init__(self, intents=()):
        self.written = list(intents)
        self.closed = []
        self.broken = ""
        self.hook = lambda: None
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()

    async def until_closed(self, order_ids):
        async with asyncio.timeout(LIMIT_S):
            while self.closed != order_ids:
                self._changed.clear()
                await self._changed.wait()

    def make_room(self):
        """There is enough."""

    def intend(self, intents):
        self.hook()
        if self.broken:
            raise DiskError(self.broken)
        self.written += intents

    def close(self, order_ids):
        self.closed += order_ids
        self._loop.call_soon_threadsafe(self._changed.set)

    def open_intents(self):
        return [intent for intent in self.written if intent.order_id not in self.closed]


@dataclass
class Account:
    """Somebody's account and all that works for it."""

    floor: Trading
    access: Access
    signer: Signer
    reads: AccountReads
    orders: OwnOrders
    notes: Notes
    gateway: PolymarketGateway
    stream: UserStream
    told: Recorder
    numbers: count = field(default_factory=lambda: count(1))

    @property
    def address(self):
        return self.signer.address.lower()

    @property
    def clock(self):
        return self.floor.exchange.clock.now

    @property
    def venue(self):
        return self.floor.exchange.source

    def place(self, side="BUY", price="0.40", size="10", *, market: Market = DEMO, token=None, life=None, **more):
        """Submit an order; its id."""
        [order_id] = self.place_all([(side, price, size)], market=market, token=token, life=life, **more)
        return order_id

    def place_all(self, terms, *, market: Market = DEMO, token=None, life=None, at=None):
        """Submit orders in one step; their ids."""
        expires_at = None if life is None else self.clock() + life * SECOND
        tif = TimeInForce.GTC if life is None else TimeInForce.GTD
        places = [
            Place(
                f"live-t-{next(self.numbers)}",
                market.condition_id,
                token or market.yes,
                Side(side),
                parse_price(price),
                parse_size(size),
                tif=tif,
                expires_at=expires_at,
            )
            for side, price, size in terms
        ]
        self.submit(*places, at=at)
        return [place.order_id for place in places]

    def submit(self, *commands, at=None):
        self.gateway.submit(commands, self.clock() if at is None else at, self.told)

    def cancel(self, *order_ids):
        self.submit(*(Cancel(order_id) for order_id in order_ids))

    def cancel_all(self):
        self.submit(CancelAll("test"))

    def query(self, order_id):
        self.submit(QueryOrder(order_id))

    def repost(self, order_id):
        self.submit(Repost(order_id))

    async def read(self, *, balances=False):
        """Read the account; the answer to that read."""
        before = len(self.told.of(AccountRead))
        self.submit(ReadAccount("test", balances))
        return (await self.told.until(lambda: self.told.of(AccountRead)[before:]))[0]

    async def rests(self, *args, **more):
        """An order that the venue has taken; its id."""
        order_id = self.place(*args, **more)
        await self.told.until(lambda: self.told.of(Accepted, order_id=order_id))
        return order_id

    def venue_id(self, order_id):
        return self.orders.get(order_id).intent.venue_id

    def at_venue(self, order_id):
        """The order as the venue has it, None when it has not."""
        return self.venue.order(self.venue_id(order_id))

    def resting(self):
        """How many orders the account has at the venue."""
        return len(self.venue.orders(self.address))

    def filled(self, order_id):
        return sum(fill.size for fill in self.told.of(Filled, order_id=order_id))

    async def harm(self, on, harm, **more):
        await self.floor.control("/faults/requests", {"on": on, "harm": harm, **more})


async def requests(floor: Trading, *paths: str) -> list[int]:
    """How often each path was asked for."""
    log = await floor.control("/requests", method="GET")
    return [sum(f"{one['method']} {one['path']}" == path for one in log["requests"]) for path in paths]


@asynccontextmanager
async def account(
    floor: Trading,
    *,
    notes: Notes | None = None,
    listen=True,
    serve=True,
    deadline_ms=2_000,
    gate_ms=1_000,
    tier: str = "standard",
) -> AsyncIterator[Account]:
    """An account of the marker key; `listen` opens its user socket, `tier` is what it and the venue count by."""
    await floor.control("/switches", {"tier": tier})
    clock = floor.exchange.clock.now
    signer = Signer(MARKER, funder=None, signature_type=SignatureType.EOA, caps=CAPS)
    url = floor.exchange.urls["clob_url"]
    deadline = deadline_ms * MILLISECOND
    async with PrivateHttp(url, signer.address, None, deadline=deadline, clock=clock) as http:
        http.credentials = await derive(http, signer)
        access = Access(http, lambda: derive(http, signer), clock=clock)
        orders, told, written = OwnOrders(), Recorder(), notes or Notes()
        reads = AccountReads(access, signer.maker, mine=orders.mine)
        gateway = PolymarketGateway(
            access,
            signer,
            reads,
            written,
            orders=orders,
            budget=Budget(TIERS[tier], clock()),
            dice=Random(3),
            latency_gate=gate_ms * MILLISECOND,
            deadline=deadline,
            clock=clock,
        )
        stream = UserStream(
            floor.exchange.urls["ws_user_url"],
            lambda: http.credentials,
            orders,
            lambda venue_id, owner, wallet: wallet == signer.maker.lower(),
            dice=Random(4),
            backoff=FAST,
            clock=clock,
        )
        for listing in floor.exchange.source.listings:
            gateway.observe(MarketListed(clock(), listing.market), told)
        one = Account(floor, access, signer, reads, orders, written, gateway, stream, told)
        async with asyncio.TaskGroup() as group:
            parts = ([gateway] if serve else []) + ([stream] if listen else [])
            tasks = [group.create_task(part.serve(told)) for part in parts]
            try:
                yield one
            finally:
                for task in tasks:
                    task.cancel()

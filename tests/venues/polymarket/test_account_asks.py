"""From when on trades are read, and what happens to wishes that come while a read goes on."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from pmm.account import OwnTrade, TradeStatus
from pmm.commands import ReadAccount
from pmm.errors import Unreachable
from pmm.events import AccountRead, OrderMissing, Reading
from pmm.model import SECOND, SHARE, Side
from pmm.ports import Intent
from pmm.venues.polymarket.account_asks import OVERLAP, AccountAsks
from pmm.venues.polymarket.own_orders import OwnOrders
from tests.venues.polymarket.account import LIMIT_S, Recorder

NOW = 1_790_000_000 * SECOND
OURS = "0x" + "a" * 64


class Reads:
    """What a venue with no orders says; `trades_told` are the next trades, `since` from when on they were wanted."""

    def __init__(self):
        self.since = []
        self.balances_read = 0
        self.trades_told = ()
        self.failing = False
        self.held = None
        self.began = asyncio.Event()

    async def open_orders(self):
        self.began.set()
        if self.held is not None:
            await self.held.wait()
        if self.failing:
            raise Unreachable("nobody there")
        return ()

    async def trades(self, after, market=None):
        self.since.append(after)
        return self.trades_told

    async def balances(self, tokens):
        self.balances_read += 1

    async def order(self, venue_id):
        return None


class Asked:
    def __init__(self):
        self.reads, self.orders, self.told, self.now = Reads(), OwnOrders(), Recorder(), NOW
        self.asks = AccountAsks(self.reads, self.orders, lambda: ["71"], clock=lambda: self.now)
        self.asks.begin(NOW)

    async def read(self, at, *, balances=False):
        self.now = at
        before = len(self.told.of(AccountRead))
        self.asks.read(ReadAccount("test", balances))
        return (await self.told.until(lambda: self.told.of(AccountRead)[before:]))[0]


@asynccontextmanager
async def asking():
    one = Asked()
    task = asyncio.create_task(one.asks.serve(one.told))
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def trade(status=TradeStatus.MATCHED):
    return OwnTrade("t", OURS, OURS, "0xd", "71", Side.BUY, 4_000, SHARE, status, NOW + 5, maker=True)


def intent():
    return Intent("live-1", OURS, "0xd", "71", Side.BUY, 4_000, 10 * SHARE, None, NOW, b"")


async def test_trades_are_read_from_the_last_good_read_on_with_an_overlap():
    async with asking() as one:
        await one.read(NOW + 100 * SECOND)
        one.reads.failing = True
        assert (await one.read(NOW + 200 * SECOND)).failed == "nobody there"
        one.reads.failing = False
        await one.read(NOW + 300 * SECOND)
        await one.read(NOW + 400 * SECOND)
    begins = [NOW, NOW + 100 * SECOND, NOW + 300 * SECOND]
    assert one.reads.since == [begin - 60 * SECOND for begin in begins]


async def test_a_trade_that_is_not_settled_is_read_again_until_it_is():
    async with asking() as one:
        one.orders.add(intent(), NOW)
        one.reads.trades_told = (trade(),)
        for seconds in (100, 200):
            await one.read(NOW + seconds * SECOND)
        one.reads.trades_told = (trade(TradeStatus.CONFIRMED),)
        for seconds in (300, 400):
            await one.read(NOW + seconds * SECOND)
    assert one.reads.since[2:] == [NOW + 5, NOW + 300 * SECOND - OVERLAP]


async def test_wishes_that_come_while_a_read_goes_on_are_one_read_after_it():
    async with asking() as one:
        one.reads.held = asyncio.Event()
        one.asks.read(ReadAccount("first"))
        async with asyncio.timeout(LIMIT_S):
            await one.reads.began.wait()
        for balances in (False, True, False):
            one.asks.read(ReadAccount("more", balances))
        one.reads.held.set()
        await one.told.until(lambda: len(one.told.of(AccountRead)) == 2)
    assert (len(one.reads.since), one.reads.balances_read) == (2, 1)


@pytest.mark.parametrize(("sent_at", "missing"), [(NOW, 1), (NOW + SECOND, 0)])
async def test_only_an_order_that_was_sent_before_the_question_is_missing(sent_at, missing):
    async with asking() as one:
        one.orders.add(intent(), sent_at)
        await one.read(NOW + SECOND)
    assert len(one.told.of(OrderMissing)) == missing


async def test_an_order_that_one_read_does_not_know_is_missing_in_that_read():
    async with asking() as one:
        one.orders.add(intent(), NOW)
        one.asks.query("live-1")
        one.asks.query("live-nobody")
        missing = await one.told.one(OrderMissing)
    assert (missing.order_id, missing.reading, missing.asked_at) == ("live-1", Reading.ORDER, NOW)

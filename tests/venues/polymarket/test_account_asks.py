"""What the engine asks of its account: from when on trades are read, what is told first, and what is no answer."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from pmm.account import OrderStatus, OwnTrade, TradeStatus
from pmm.commands import ReadAccount
from pmm.errors import Unreachable
from pmm.events import (
    AccountRead,
    Filled,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
    Unanswered,
)
from pmm.model import SECOND, SHARE, Side
from pmm.ports import Intent
from pmm.venues.polymarket.account_asks import OVERLAP, AccountAsks
from pmm.venues.polymarket.own_orders import OwnOrders
from tests.exchange.conftest import DEMO
from tests.venues.polymarket.account import LIMIT_S, Recorder, requests

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


# --- at a local exchange ----------------------------------------------------------------------------------------------


async def test_a_balance_that_is_said_to_be_too_small_is_refreshed_once(ours, floor):
    asked, refresh = asyncio.Event(), ours.reads.refresh_balance

    async def counted(token):
        await refresh(token)
        asked.set()

    ours.reads.refresh_balance = counted
    await ours.harm("POST /order", "fail", status=400, text="not enough balance / allowance", times=3)
    for _ in range(3):
        order_id = ours.place()
        await ours.told.one(Rejected, order_id=order_id)
    async with asyncio.timeout(LIMIT_S):
        await asked.wait()
    assert await requests(floor, "GET /balance-allowance/update") == [1]


async def test_an_order_is_asked_for_with_its_trades(ours, floor):
    order_id = await ours.rests("BUY", "0.40", "10")
    await floor.place("SELL", "0.40", "6")
    ours.query(order_id)
    shown = await ours.told.one(OrderShown, order_id=order_id)
    assert (shown.status, shown.matched) == (OrderStatus.LIVE, 6 * SHARE)
    fill = await ours.told.one(Filled, order_id=order_id)
    assert (fill.price, fill.size) == (4_000, 6 * SHARE)
    assert ours.told.events.index(fill) < ours.told.events.index(shown)


async def test_an_order_that_the_venue_does_not_know_is_missing_in_that_read(ours):
    await ours.harm("POST /order", "lose")
    order_id = ours.place()
    await ours.told.one(Unanswered, order_id=order_id)
    ours.query(order_id)
    missing = await ours.told.one(OrderMissing, order_id=order_id)
    assert (missing.reading, missing.asked_at) == (Reading.ORDER, ours.clock())


async def test_a_query_that_fails_is_not_answered(ours):
    order_id = await ours.rests()
    failed, order = asyncio.Event(), ours.reads.order

    async def noted(venue_id):
        try:
            return await order(venue_id)
        finally:
            failed.set()

    ours.reads.order = noted
    await ours.harm("GET /data/order/*", "fail")
    ours.query(order_id)
    async with asyncio.timeout(LIMIT_S):
        await failed.wait()
    ours.query(order_id)
    await ours.told.one(OrderShown)
    assert not ours.told.of(OrderMissing)


async def test_the_account_is_read_with_fills_before_orders_and_orders_before_the_end(ours, floor):
    filled = await ours.rests("BUY", "0.40", "10")
    resting = await ours.rests("BUY", "0.30", "10")
    await floor.place("SELL", "0.40", "10")
    await floor.control("/accounts/order", {"account": ours.address, "side": "BUY", "price": "0.2", "size": "10"})
    floor.exchange.clock.set(floor.exchange.clock.now() + 1)
    read = await ours.read(balances=True)
    assert [order.price for order in read.foreign] == [2_000]
    assert (await ours.told.one(Filled)).order_id == filled
    assert [event.order_id for event in ours.told.of(OrderShown)] == [resting]
    assert not ours.told.of(OrderMissing)
    assert read.balances.cash == ours.venue.balance(ours.address, "COLLATERAL")
    assert read.balances.shares.keys() >= {DEMO.yes, DEMO.no}
    assert len(read.balances.allowances) == 4


async def test_an_order_that_is_not_in_the_list_is_missing_if_it_was_sent_before(ours, floor):
    order_id = await ours.rests()
    await floor.control("/accounts/wipe", {"account": ours.address})
    await ours.read()
    assert not ours.told.of(OrderMissing)
    floor.exchange.clock.set(floor.exchange.clock.now() + 1)
    await ours.read()
    assert (await ours.told.one(OrderMissing, order_id=order_id)).reading is Reading.OPEN_ORDERS


@pytest.mark.parametrize("path", ["GET /data/orders", "GET /data/trades", "GET /balance-allowance"])
@pytest.mark.parametrize("status", [500, 400, 429])
async def test_a_read_that_fails_in_any_part_is_no_read(ours, path, status):
    await ours.rests()
    await ours.harm(path, "fail", status=status, text="no")
    read = await ours.read(balances=True)
    assert read.failed
    assert (read.foreign, read.balances) == ((), None)
    assert not ours.told.of(OrderShown, OrderMissing)


async def test_the_settlement_of_an_old_fill_is_still_read(ours, floor):
    order_id = await ours.rests("BUY", "0.40", "10")
    await floor.control("/venue/settlement", {"steps": [{"status": "CONFIRMED", "after_ms": 600_000}]})
    await floor.place("SELL", "0.40", "10")
    await ours.read()
    await ours.told.one(Filled, order_id=order_id)
    for seconds in (300, 301):
        await floor.advance(seconds)
        await ours.read()
    assert (await ours.told.one(Settled, order_id=order_id)).status == "CONFIRMED"
    await ours.read()
    assert len(ours.told.of(Filled, Settled)) == 2

"""The user socket at a local exchange: what it tells of our orders, and what it makes of a bad connection."""

import asyncio
import logging
from contextlib import asynccontextmanager
from random import Random

import orjson
import pytest
from websockets.asyncio.server import serve

from pmm.account import OrderStatus
from pmm.events import Canceled, FeedNews, Filled, OrderShown, Settled, UserSignal
from pmm.model import SECOND, SHARE, Side
from pmm.ports import Intent
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.own_orders import OwnOrders
from pmm.venues.polymarket.user_stream import UserStream
from tests.exchange.conftest import DEMO
from tests.venues.polymarket.account import FAST, Recorder, account

SECRET = "c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU="
PASSPHRASE = "deadbeefcafe"
NOW = 1_790_000_000 * SECOND
OURS = "0x" + "a" * 64


@pytest.fixture
async def ours(floor):
    async with account(floor) as one:
        await one.told.until(lambda: FeedNews.OPENED in news(one.told))
        yield one


def news(told):
    return [event.news for event in told.of(UserSignal)]


async def test_it_opens_with_the_credentials_and_says_so(ours):
    assert news(ours.told) == [FeedNews.CONNECTING, FeedNews.OPENED]


async def test_an_order_that_comes_to_rest_is_shown(ours):
    order_id = await ours.rests()
    shown = await ours.told.one(OrderShown, order_id=order_id)
    assert (shown.status, shown.matched) == (OrderStatus.LIVE, 0)


async def test_a_cancel_by_somebody_else_is_told(ours, floor):
    order_id = await ours.rests()
    await floor.control("/accounts/wipe", {"account": ours.address, "told": True})
    await ours.told.one(Canceled, order_id=order_id)
    assert not list(ours.orders.open(before=ours.clock() + 1))


@pytest.mark.parametrize("token", [0, 1])
@pytest.mark.parametrize("taker", [0, 1])
async def test_a_fill_has_the_terms_of_our_own_order_whoever_took_it(ours, floor, token, taker):
    """Against a sale of the same token, and against a purchase of the other one, which mints both."""
    order_id = await ours.rests("BUY", "0.40", "10", token=DEMO.tokens[token].token_id)
    side, price = ("SELL", "0.40") if taker == token else ("BUY", "0.60")
    await floor.place(side, price, "10", token_id=DEMO.tokens[taker].token_id)
    fill = await ours.told.one(Filled, order_id=order_id)
    assert (fill.price, fill.size) == (4_000, 10 * SHARE)


async def test_a_sale_is_filled_as_a_sale(ours, floor):
    await floor.control("/accounts/give", {"account": ours.address, "size": "100"})
    order_id = await ours.rests("SELL", "0.60", "10")
    await floor.place("BUY", "0.60", "10")
    assert (await ours.told.one(Filled, order_id=order_id)).price == 6_000


async def test_a_trade_is_filled_once_and_then_settled(ours, floor):
    order_id = await ours.rests()
    steps = [{"status": status, "after_ms": 1_000} for status in ("MINED", "CONFIRMED")]
    await floor.control("/venue/settlement", {"steps": steps})
    await floor.place("SELL", "0.40", "10")
    await ours.told.one(Filled, order_id=order_id)
    await floor.advance(10)
    await ours.told.until(lambda: len(ours.told.of(Settled)) == 2)
    await ours.read()
    assert [event.status for event in ours.told.of(Settled)] == ["MINED", "CONFIRMED"]
    assert len(ours.told.of(Filled)) == 1


async def test_a_trade_that_fails_is_told_after_its_fill(ours, floor):
    order_id = await ours.rests()
    steps = [{"status": "RETRYING", "after_ms": 1_000}, {"status": "FAILED", "after_ms": 1_000}]
    await floor.control("/venue/settlement", {"steps": steps})
    await floor.place("SELL", "0.40", "10")
    await floor.advance(10)
    await ours.told.until(lambda: len(ours.told.of(Settled, order_id=order_id)) == 2)
    assert [event.status for event in ours.told.of(Settled)] == ["RETRYING", "FAILED"]
    assert len(ours.told.of(Filled)) == 1


async def test_orders_and_trades_of_others_on_the_account_are_counted_and_not_told(ours, floor):
    body = {"account": ours.address, "side": "BUY", "price": "0.45", "size": "10"}
    await floor.control("/accounts/order", body)
    await floor.place("SELL", "0.45", "10")
    order_id = await ours.rests("BUY", "0.30")
    await ours.told.until(lambda: ours.told.of(OrderShown, order_id=order_id))
    assert ours.stream.foreign >= 2
    assert {event.order_id for event in ours.told.of(OrderShown, Filled)} == {order_id}


async def test_after_a_lost_connection_it_opens_again(ours, floor):
    await floor.control("/stream/drop", {"channel": "user", "code": 1006})
    await ours.told.until(lambda: news(ours.told).count(FeedNews.OPENED) == 2)
    assert news(ours.told)[2:4] == [FeedNews.CLOSED, FeedNews.CONNECTING]


async def test_fills_that_a_closed_socket_missed_are_read_and_told_once(ours, floor):
    order_id = await ours.rests()
    await floor.control("/stream/accept", {"channel": "user", "on": False})
    await floor.control("/stream/drop", {"channel": "user"})
    await floor.place("SELL", "0.40", "10")
    await ours.read()
    await ours.told.one(Filled, order_id=order_id)
    await floor.control("/stream/accept", {"channel": "user", "on": True})
    await ours.told.until(lambda: news(ours.told).count(FeedNews.OPENED) == 2)
    await ours.read()
    assert len(ours.told.of(Filled)) == 1


@pytest.mark.parametrize("fault", ["double", "swap"])
async def test_messages_that_come_twice_or_in_another_order_fill_once(ours, floor, fault):
    order_id = await ours.rests()
    await floor.control("/faults/frames", {"fault": fault, "times": 2, "channel": "user"})
    await floor.place("SELL", "0.40", "6")
    await floor.place("SELL", "0.40", "4", sweep=True)
    await ours.told.until(lambda: ours.filled(order_id) >= 6 * SHARE)
    await ours.read()
    told = ours.told.of(Filled, order_id=order_id)
    assert len({fill.trade_id for fill in told}) == len(told)
    assert ours.filled(order_id) == ours.at_venue(order_id).matched


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "null",
        "7",
        "[7]",
        "{}",
        '{"event_type":"trade"}',
        '{"event_type":"order","id":"0x1"}',
        '{"event_type":"something new"}',
        '{"event_type":"order","price":1e400}',
        "[" * 100_000,
        "INVALID OPERATION",
    ],
)
async def test_a_message_that_cannot_be_read_is_told_like_a_new_opening(ours, floor, frame):
    await floor.control("/stream/inject", {"frame": frame, "channel": "user"})
    await ours.told.until(lambda: news(ours.told).count(FeedNews.OPENED) == 2)
    assert ours.stream.malformed == 1
    assert "could not be read" in ours.told.of(UserSignal)[-1].cause
    await ours.rests()


async def test_half_a_message_and_then_good_ones(ours, floor):
    order_id = await ours.rests()
    await ours.told.one(OrderShown, order_id=order_id)
    await floor.control("/faults/frames", {"fault": "truncate", "channel": "user"})
    await floor.place("SELL", "0.40", "10")
    await ours.told.until(lambda: ours.stream.malformed)
    await ours.read()
    assert ours.filled(order_id) == 10 * SHARE


async def test_a_wrong_secret_never_counts_as_open(ours, floor):
    told = Recorder()
    key, _, passphrase = ours.access.http.credentials.reveal()
    wrong = Credentials(key, SECRET, passphrase)
    stream = stream_at(floor.exchange.urls["ws_user_url"], wrong)
    await listen_until(stream, told, lambda: news(told).count(FeedNews.CLOSED) == 3)
    assert FeedNews.OPENED not in news(told)
    assert SECRET not in repr(told.events)


async def test_without_credentials_it_says_so_and_tries_again(floor):
    told = Recorder()
    stream = stream_at(floor.exchange.urls["ws_user_url"], None)
    await listen_until(stream, told, lambda: news(told).count(FeedNews.CLOSED) == 5)
    assert "no API credentials" in told.of(UserSignal)[-1].cause


async def test_a_venue_that_never_answers_pings_is_left():
    told, frames = Recorder(), []

    async def venue(socket):
        frames.append(await socket.recv())
        await socket.wait_closed()

    async with standing(venue, told, pong_limit=0.05):
        await told.until(lambda: news(told).count(FeedNews.CLOSED) == 2)
    assert "no PONG" in told.of(UserSignal)[1].cause
    assert orjson.loads(frames[0])["auth"] == {"apiKey": "key", "secret": SECRET, "passphrase": PASSPHRASE}


async def test_even_a_library_that_writes_everything_down_does_not_see_the_secret(caplog):
    caplog.set_level(logging.DEBUG)
    told = Recorder()

    async def venue(socket):
        async for frame in socket:
            if frame == "PING":
                await socket.send("PONG")

    async with standing(venue, told):
        await told.until(lambda: FeedNews.OPENED in news(told))
    client = [line for line in caplog.records if "server" not in line.name]
    # It would cut a long frame in the middle, which leaves the beginning of the secret and the end of the passphrase.
    assert not any(word in line.getMessage() for line in client for word in (SECRET[:8], PASSPHRASE[-4:]))


async def test_a_cancellation_may_still_say_live():
    told = Recorder()

    async def venue(socket):
        await socket.send(orjson.dumps([message("CANCELLATION")]).decode())
        await socket.wait_closed()

    async with standing(venue, told):
        shown = await told.one(OrderShown)
        await told.one(Canceled)
    assert (shown.order_id, shown.status, shown.asked_at) == ("live-1", OrderStatus.CANCELED, NOW)


@pytest.mark.parametrize(("kind", "status"), [("PLACEMENT", "LIVE"), ("UPDATE", "LIVE"), ("CANCELLATION", "CANCELED")])
async def test_a_message_without_a_status_means_what_its_kind_says(kind, status):
    told, body = Recorder(), message(kind)
    del body["status"]

    async def venue(socket):
        await socket.send(orjson.dumps(body).decode())
        await socket.wait_closed()

    async with standing(venue, told) as stream:
        assert (await told.one(OrderShown)).status == status
    assert stream.malformed == 0


def message(kind):
    return {
        "event_type": "order",
        "type": kind,
        "id": OURS,
        "market": DEMO.condition_id,
        "asset_id": DEMO.yes,
        "side": "BUY",
        "original_size": "10",
        "size_matched": "0",
        "price": "0.4",
        "status": "LIVE",
        "timestamp": "1790000000000",
    }


def stream_at(url, credentials, orders=None, **how):
    """A stream of an account whose wallet has no other orders than those that are known."""
    known = orders or OwnOrders()
    return UserStream(url, lambda: credentials, known, known.mine, dice=Random(1), backoff=FAST, **how)


async def listen_until(stream, told, condition):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(stream.serve(told))
        await told.until(condition)
        task.cancel()


@asynccontextmanager
async def standing(venue, told, **how):
    """A stream that knows one order, at a server that treats each connection by `venue`."""
    orders = OwnOrders()
    orders.add(Intent("live-1", OURS, DEMO.condition_id, DEMO.yes, Side.BUY, 4_000, 10 * SHARE, None, NOW, b""), NOW)
    credentials = Credentials("key", SECRET, PASSPHRASE)
    async with serve(venue, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/user"
        stream = stream_at(url, credentials, orders, **how)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stream.serve(told))
            try:
                yield stream
            finally:
                task.cancel()

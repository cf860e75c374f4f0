"""The market socket against a real server on loopback: subscribe, keep alive, pass on, come back."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from random import Random

import orjson
import pytest
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from pmm.errors import InboxFull
from pmm.events import FeedNews, FeedSignal, Frame
from pmm.venues.polymarket.stream import TURN_BYTES, TURN_FRAMES, Backoff, MarketStream

FAST = Backoff(base=0.01, cap=0.02, attempts=3)
LIMIT_S = 5


class Sink:
    """Collects what a stream emits and lets a test wait for it."""

    def __init__(self):
        self.events = []
        self._changed = asyncio.Condition()
        self._notices = set()

    def __call__(self, event):
        self.events.append(event)
        notice = asyncio.ensure_future(self._notify())
        self._notices.add(notice)
        notice.add_done_callback(self._notices.discard)

    async def _notify(self):
        async with self._changed:
            self._changed.notify_all()

    def frames(self):
        return [event.data for event in self.events if isinstance(event, Frame)]

    def news(self):
        return [event.news for event in self.events if isinstance(event, FeedSignal)]

    async def until(self, condition):
        async with asyncio.timeout(LIMIT_S), self._changed:
            await self._changed.wait_for(condition)


@asynccontextmanager
async def running(handler, sink, **options):
    """A stream against a server that treats each connection by `handler`."""
    async with serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = {"backoff": FAST, **options}
        stream = MarketStream(f"ws://127.0.0.1:{port}/ws/market", ["1", "2"], dice=Random(1), **options)
        task = asyncio.create_task(stream.run(sink))
        try:
            yield stream
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_it_subscribes_and_passes_raw_bytes_on():
    subscriptions, sink = [], Sink()

    async def venue(socket):
        subscriptions.append(orjson.loads(await socket.recv()))
        await socket.send('[{"a": 1}]')
        await socket.wait_closed()

    async with running(venue, sink):
        await sink.until(sink.frames)
    assert subscriptions == [{"assets_ids": ["1", "2"], "type": "market"}]
    assert sink.frames() == [b'[{"a": 1}]']
    assert sink.news() == [FeedNews.CONNECTING, FeedNews.OPENED]


async def test_a_text_ping_is_sent_at_every_heartbeat():
    pings, sink = [], Sink()

    async def venue(socket):
        with suppress(ConnectionClosed):
            async for message in socket:
                if message == "PING":
                    pings.append(message)
                    await socket.send("PONG")

    async with running(venue, sink, heartbeat=0.01):
        await sink.until(lambda: len(sink.frames()) >= 3)
    assert set(sink.frames()) == {b"PONG"}
    assert len(pings) >= 3


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_it_comes_back_after_every_kind_of_close_and_subscribes_again(code):
    subscriptions, sink = [], Sink()

    async def venue(socket):
        subscriptions.append(await socket.recv())
        await socket.send("{}")
        if len(subscriptions) < 3:
            await socket.close(code)
        await socket.wait_closed()

    async with running(venue, sink):
        await sink.until(lambda: len(sink.frames()) == 3)
    assert len(set(subscriptions)) == 1
    assert sink.news().count(FeedNews.CLOSED) == 2
    assert str(code) in next(event.cause for event in sink.events if isinstance(event, FeedSignal) and event.cause)


async def test_an_aborted_connection_counts_as_lost_too():
    sink, connections = Sink(), []

    async def venue(socket):
        connections.append(socket)
        await socket.recv()
        await socket.send("{}")
        if len(connections) == 1:
            socket.transport.abort()
        await socket.wait_closed()

    async with running(venue, sink):
        await sink.until(lambda: len(sink.frames()) == 2)


async def test_after_the_last_attempt_it_gives_up():
    sink = Sink()

    async def venue(socket):
        await socket.close(1011)

    async with running(venue, sink):
        await sink.until(lambda: FeedNews.GAVE_UP in sink.news())
    assert sink.news().count(FeedNews.CONNECTING) == 3
    assert "3 attempts failed" in sink.events[-1].cause


async def test_pongs_alone_do_not_count_as_success():
    sink = Sink()

    async def venue(socket):
        await socket.recv()
        await socket.send("PONG")
        await socket.close(1011)

    async with running(venue, sink):
        await sink.until(lambda: FeedNews.GAVE_UP in sink.news())


async def test_a_requested_reconnect_opens_a_new_socket():
    sink, connections = Sink(), []

    async def venue(socket):
        connections.append(socket)
        await socket.recv()
        await socket.send("{}")
        await socket.wait_closed()

    async with running(venue, sink) as stream:
        await sink.until(lambda: len(sink.frames()) == 1)
        stream.reconnect("the book is doubtful")
        await sink.until(lambda: len(sink.frames()) == 2)
    assert len(connections) == 2
    assert "the book is doubtful" in [event.cause for event in sink.events if isinstance(event, FeedSignal)]


async def burst(socket, frames=400, frame="{}"):
    """Answer the subscription with many frames at once."""
    await socket.recv()
    for _ in range(frames):
        await socket.send(frame)
    await socket.wait_closed()


async def test_a_reconnect_that_a_frame_leads_to_leaves_the_rest_of_the_burst_unread():
    sink = Sink()

    def emit(event):
        sink(event)
        if isinstance(event, Frame) and len(sink.frames()) == 3:
            stream.reconnect("that frame makes no sense")

    async with running(burst, emit) as stream:
        await sink.until(lambda: len(sink.frames()) > 3)
    closed = [event for event in sink.events if isinstance(event, FeedSignal) and event.news is FeedNews.CLOSED]
    assert closed[0].cause == "that frame makes no sense"
    assert sink.events.index(closed[0]) == 5  # after CONNECTING, OPENED and three frames


async def test_a_resubscription_that_a_frame_leads_to_is_sent_while_the_burst_goes_on():
    sink, told = Sink(), []

    def emit(event):
        sink(event)
        if isinstance(event, Frame) and len(sink.frames()) == 3:
            stream.resubscribe(["1"])

    async def venue(socket):
        told.append(await socket.recv())
        for _ in range(400):
            await socket.send("{}")
        told.extend([await socket.recv(), await socket.recv()])
        await socket.send("[]")

    async with running(venue, emit) as stream:
        await sink.until(lambda: b"[]" in sink.frames())
    assert [orjson.loads(frame).get("operation") for frame in told] == [None, "unsubscribe", "subscribe"]


@pytest.mark.parametrize(("size", "most"), [(2, TURN_FRAMES), (TURN_BYTES // 4, 4)])
async def test_a_burst_of_any_length_lets_the_loop_run_between_its_frames(size, most):
    sink, in_one_go = Sink(), Counter()
    turns = 0

    def turn():
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    def emit(event):
        sink(event)
        if isinstance(event, Frame):
            in_one_go[turns] += 1

    async with running(lambda socket: burst(socket, frame="[" + " " * (size - 2) + "]"), emit):
        turn()
        await sink.until(lambda: len(sink.frames()) == 400)
    assert max(in_one_go.values()) <= most


async def test_an_engine_that_fell_behind_gets_a_fresh_connection():
    sink, refused = Sink(), []

    def emit(event):
        if isinstance(event, Frame) and not refused:
            refused.append(event)
            raise InboxFull("20000 frames wait")
        sink(event)

    async def venue(socket):
        await socket.recv()
        await socket.send("{}")
        await socket.wait_closed()

    async with running(venue, emit):
        await sink.until(lambda: len(sink.frames()) == 1)
    assert sink.news().count(FeedNews.OPENED) == 2


async def test_an_address_without_a_server_is_a_cause_not_a_crash():
    sink = Sink()
    stream = MarketStream("ws://127.0.0.1:1/ws/market", ["1"], dice=Random(1), backoff=Backoff(0.001, 0.001, 2))
    await stream.run(sink)
    assert sink.news()[-1] is FeedNews.GAVE_UP
    assert "cannot connect" in sink.events[-1].cause


def test_delays_double_from_the_base_to_the_cap_with_jitter_and_end():
    class Highest:
        def random(self):
            return 0.0

    class Lowest:
        def random(self):
            return 1.0

    backoff = Backoff(base=1, cap=60, attempts=10)
    assert [backoff.delay(n, Highest()) for n in range(1, 11)] == [1, 2, 4, 8, 16, 32, 60, 60, 60, None]
    assert [backoff.delay(n, Lowest()) for n in range(1, 4)] == [0.5, 1, 2]


class Listening:
    """A venue that keeps what it is told and answers every subscription."""

    def __init__(self):
        self.told = []  # one list of frames per connection

    async def __call__(self, socket):
        frames = []
        self.told.append(frames)
        with suppress(ConnectionClosed):
            async for message in socket:
                if message == "PING":
                    await socket.send("PONG")
                    continue
                frames.append(orjson.loads(message))
                if frames[-1].get("operation") != "unsubscribe":
                    await socket.send(orjson.dumps([{"dump": frames[-1]["assets_ids"]}]).decode())


async def test_tokens_come_and_go_on_the_open_socket_and_the_next_one_asks_for_what_is_left():
    venue, sink = Listening(), Sink()
    async with running(venue, sink) as stream:
        await sink.until(sink.frames)
        stream.subscribe(["3", "1"])
        await sink.until(lambda: len(sink.frames()) == 2)
        stream.unsubscribe(["1", "9"])
        stream.subscribe(["4"])
        await sink.until(lambda: len(sink.frames()) == 3)
        stream.reconnect("enough of this socket")
        await sink.until(lambda: len(sink.frames()) == 4)
    assert venue.told == [
        [
            {"assets_ids": ["1", "2"], "type": "market"},
            {"operation": "subscribe", "assets_ids": ["3"]},
            {"operation": "unsubscribe", "assets_ids": ["1"]},
            {"operation": "subscribe", "assets_ids": ["4"]},
        ],
        [{"assets_ids": ["2", "3", "4"], "type": "market"}],
    ]


async def test_a_resubscription_leaves_and_follows_again_and_asks_for_nothing_that_is_not_followed():
    venue, sink = Listening(), Sink()
    async with running(venue, sink) as stream:
        await sink.until(sink.frames)
        stream.resubscribe(["2", "7"])
        await sink.until(lambda: len(sink.frames()) == 2)
    assert venue.told[0][1:] == [
        {"operation": "unsubscribe", "assets_ids": ["2"]},
        {"operation": "subscribe", "assets_ids": ["2"]},
    ]
    assert orjson.loads(sink.frames()[-1]) == [{"dump": ["2"]}]


async def test_what_is_asked_for_while_there_is_no_socket_is_part_of_the_first_frame():
    venue, sink = Listening(), Sink()

    def emit(event):
        sink(event)
        if isinstance(event, FeedSignal) and event.news is FeedNews.CLOSED:
            stream.resubscribe(["1"])
            stream.subscribe(["3"])

    async with running(venue, emit) as stream:
        await sink.until(sink.frames)
        stream.reconnect("a new one")
        await sink.until(lambda: len(sink.frames()) == 2)
        stream.subscribe(["4"])
        await sink.until(lambda: len(sink.frames()) == 3)
    assert venue.told[1] == [
        {"assets_ids": ["1", "2", "3"], "type": "market"},
        {"operation": "subscribe", "assets_ids": ["4"]},
    ]


async def test_without_a_token_no_socket_is_opened():
    venue, sink = Listening(), Sink()
    async with serve(venue, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stream = MarketStream(f"ws://127.0.0.1:{port}/ws/market", dice=Random(1), backoff=FAST)
        task = asyncio.create_task(stream.run(sink))
        await asyncio.sleep(0)
        assert sink.events == []
        stream.subscribe(["1"])
        await sink.until(sink.frames)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert venue.told == [[{"assets_ids": ["1"], "type": "market"}]]


async def test_a_venue_that_answers_no_ping_is_left_even_while_its_data_flows():
    sink, connections = Sink(), []

    async def venue(socket):
        connections.append(socket)
        with suppress(ConnectionClosed):
            while len(connections) == 1:
                await socket.send("{}")
                await asyncio.sleep(0.005)
            await socket.wait_closed()

    async with running(venue, sink, heartbeat=0.01, pong_limit=0.05):
        await sink.until(lambda: len(connections) == 2)
    assert "no PONG for 0.05 s" in [event.cause for event in sink.events if isinstance(event, FeedSignal)]


async def test_pongs_keep_a_quiet_connection():
    sink, pongs = Sink(), 5
    venue = Listening()
    async with running(venue, sink, heartbeat=0.02, pong_limit=1.0):
        await sink.until(lambda: sink.frames().count(b"PONG") >= pongs)
    assert len(venue.told) == 1


def test_the_official_limit_of_silence_holds_unless_heartbeats_are_slower():
    def stream(heartbeat):
        return MarketStream("ws://127.0.0.1:1", ["1"], dice=Random(1), heartbeat=heartbeat)

    assert [stream(beat).pong_limit for beat in (0.1, 10.0, 20.0)] == [30.0, 30.0, 60.0]

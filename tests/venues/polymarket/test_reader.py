"""Books over REST: every token gets one answer, calls are few and bounded, and nothing the venue does raises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import web

from pmm.events import BookRead, Event
from pmm.venues.polymarket.reader import RestBooks
from pmm.venues.polymarket.rest import VenueHttp
from tests.venues.polymarket.stub import Answer, Handler, serve

LIMIT_S = 5


def page(token: str) -> dict[str, object]:
    return {
        "market": "0xc",
        "asset_id": token,
        "timestamp": "1790000000000",
        "hash": "",
        "bids": [{"price": "0.48", "size": "10"}],
        "asks": [{"price": "0.52", "size": "20"}],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
        "last_trade_price": "",
    }


class Venue:
    """Answers batches of books; `gate` holds them back, `sizes` are the batches as they came."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.sizes: list[int] = []
        self.busy = 0
        self.busy_max = 0

    async def __call__(self, request: web.Request) -> Answer:
        tokens = [each["token_id"] for each in await request.json()]
        self.sizes.append(len(tokens))
        self.busy += 1
        self.busy_max = max(self.busy, self.busy_max)
        await self.gate.wait()
        self.busy -= 1
        return web.json_response([page(token) for token in tokens if token != "gone"])


class Answers:
    """Collects what a reader emits."""

    def __init__(self) -> None:
        self.reads: list[BookRead] = []
        self._more = asyncio.Event()

    def __call__(self, event: Event) -> None:
        assert isinstance(event, BookRead)
        self.reads.append(event)
        self._more.set()

    async def count(self, number: int) -> list[BookRead]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.reads) < number:
                self._more.clear()
                await self._more.wait()
        return self.reads


@asynccontextmanager
async def reading(handler: Handler, call_limit: float = 2.0) -> AsyncIterator[RestBooks]:
    async with serve(handler) as stub, VenueHttp(attempts=1) as http:
        reader = RestBooks(http, stub.url, call_limit=call_limit)
        task = asyncio.create_task(reader.serve())
        try:
            yield reader
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_every_token_is_answered_once_with_its_book_and_when_it_was_asked_for() -> None:
    answers = Answers()
    async with reading(Venue()) as reader:
        reader.read(["1", "2"], answers)
        reads = await answers.count(2)
    assert [(read.token, read.page and read.page.token, read.cause) for read in reads] == [
        ("1", "1", ""),
        ("2", "2", ""),
    ]
    assert all(0 < read.asked_at <= read.at for read in reads)
    assert reads[0].page is not None
    assert (reads[0].page.best_bid, reads[0].page.best_ask) == (4800, 5200)


async def test_a_thousand_tokens_are_ten_calls() -> None:
    answers, venue = Answers(), Venue()
    async with reading(venue) as reader:
        reader.read([str(number) for number in range(1_000)], answers)
        await answers.count(1_000)
    assert venue.sizes == [100] * 10
    assert reader.calls == 10


async def test_two_calls_are_on_their_way_at_most_and_what_waits_is_asked_for_once() -> None:
    answers, venue = Answers(), Venue()
    venue.gate.clear()
    async with reading(venue) as reader:
        for _ in range(50):
            reader.read(["1", "2", "3"], answers)
            await asyncio.sleep(0.001)
        venue.gate.set()
        await answers.count(9)
    assert venue.busy_max == 2
    assert venue.sizes == [3, 3, 3]


async def test_a_token_without_a_book_is_said_so_and_the_others_are_there() -> None:
    answers = Answers()
    async with reading(Venue()) as reader:
        reader.read(["gone", "1"], answers)
        reads = {read.token: read for read in await answers.count(2)}
    assert (reads["gone"].page, reads["gone"].cause) == (None, "the venue has no book of this token")
    assert reads["1"].page is not None


async def test_one_book_that_makes_no_sense_does_not_spoil_the_others() -> None:
    async def handler(request: web.Request) -> Answer:
        return web.json_response([page("1"), page("2") | {"bids": [{"price": "7", "size": "1"}]}])

    answers = Answers()
    async with reading(handler) as reader:
        reader.read(["1", "2"], answers)
        reads = {read.token: read for read in await answers.count(2)}
    assert reads["1"].page is not None
    assert (reads["2"].page, reads["2"].cause) == (None, "bids holds a level that cannot be")


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (503, "[]", "answered 503"),
        (400, '{"error": "no"}', "answered 400: no"),
        (200, "?", "not JSON"),
        (200, "{}", ""),
    ],
)
async def test_a_failed_call_is_an_answer_with_its_cause_for_every_token(status: int, body: str, cause: str) -> None:
    async def handler(_: web.Request) -> Answer:
        return web.Response(status=status, text=body)

    answers = Answers()
    async with reading(handler) as reader:
        reader.read(["1", "2"], answers)
        reads = await answers.count(2)
        assert reader.failures == 1
    assert all(read.page is None and read.cause and cause in read.cause for read in reads)


async def test_a_venue_that_does_not_answer_in_time_is_asked_again_next_time() -> None:
    answers, venue = Answers(), Venue()
    venue.gate.clear()
    async with reading(venue, call_limit=0.05) as reader:
        reader.read(["1"], answers)
        (late,) = await answers.count(1)
        venue.gate.set()
        reader.read(["1"], answers)
        good = (await answers.count(2))[-1]
    assert late.page is None
    assert "within 0.05 s" in late.cause
    assert good.page is not None


async def test_others_have_their_turn_between_two_books() -> None:
    answers = Answers()
    async with reading(Venue()) as reader:
        reader.read([str(number) for number in range(100)], answers)
        turns = 0
        async with asyncio.timeout(LIMIT_S):
            while not answers.reads:
                await asyncio.sleep(0)
                turns += 1
    assert turns > 100


async def test_asking_for_nothing_is_no_call() -> None:
    answers, venue = Answers(), Venue()
    async with reading(venue) as reader:
        reader.read([], answers)
        reader.read(["1"], answers)
        await answers.count(1)
    assert venue.sizes == [1]

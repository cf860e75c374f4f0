"""The heartbeat: its chain of ids, what becomes of lost beats, and when somebody else beats."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest
from multidict import CIMultiDict

from pmm.events import Beat, BeatNews
from pmm.model import MILLISECOND, SECOND
from pmm.venues.polymarket.heartbeat import Heartbeat
from pmm.venues.polymarket.private import Answer, NoAnswer, NotSent
from tests.exchange.conftest import trading
from tests.venues.polymarket.account import Recorder, account

NOW = 1_790_000_000 * SECOND


class Venue:
    """Answers beats by a script: an id that is given, an exception, or (status, body)."""

    def __init__(self, *script):
        self.script = list(script)
        self.asked = []

    async def call(self, method, path, body=b"", params=(), deadline=None):
        assert (method, path) == ("POST", "/v1/heartbeats")
        self.asked.append(orjson.loads(body)["heartbeat_id"])
        answer = self.script.pop(0) if self.script else self.script
        if answer == []:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        status, told = answer if isinstance(answer, tuple) else (200, {"heartbeat_id": answer})
        return Answer(status, CIMultiDict(), told if isinstance(told, bytes) else orjson.dumps(told), NOW, NOW)


def wrong(expected):
    return 400, {"error_msg": "Invalid Heartbeat ID", "error": "Invalid Heartbeat ID", "heartbeat_id": expected}


async def beats(venue, number):
    """What is told of so many beats, and the ids that were sent."""
    told = Recorder()
    heart = Heartbeat(venue, interval=MILLISECOND, deadline=SECOND)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(heart.serve(told))
        await told.until(lambda: len(told.events) == number)
        task.cancel()
    return [event.news for event in told.of(Beat)], venue.asked


async def test_each_beat_names_the_id_of_the_one_before():
    news, asked = await beats(Venue("a", "b", "c"), 3)
    assert news == [BeatNews.TAKEN] * 3
    assert asked[:3] == ["", "a", "b"]


async def test_the_first_beat_takes_the_chain_of_an_earlier_run_over():
    news, asked = await beats(Venue(wrong("old"), "a", "b"), 2)
    assert news == [BeatNews.TAKEN] * 2
    assert asked[:3] == ["", "old", "a"]


async def test_an_empty_id_may_be_expected():
    news, asked = await beats(Venue(wrong(""), "a"), 1)
    assert news == [BeatNews.TAKEN]
    assert asked[:2] == ["", ""]


async def test_an_id_that_we_were_given_and_that_is_refused_is_somebody_elses_chain():
    news, asked = await beats(Venue("a", wrong("theirs"), wrong("theirs")), 3)
    assert news == [BeatNews.TAKEN, BeatNews.FOREIGN, BeatNews.FOREIGN]
    assert asked[:3] == ["", "a", "a"]


async def test_a_chain_that_is_taken_over_at_once_is_somebody_elses():
    news, _ = await beats(Venue(wrong("theirs"), wrong("theirs too")), 1)
    assert news == [BeatNews.FOREIGN]


@pytest.mark.parametrize("lost", [NoAnswer("no answer"), NotSent("no connection")])
async def test_after_a_beat_without_an_answer_another_id_may_be_ours(lost):
    news, asked = await beats(Venue("a", lost, wrong("b"), "c", wrong("theirs")), 4)
    assert news == [BeatNews.TAKEN, BeatNews.MISSED, BeatNews.TAKEN, BeatNews.FOREIGN]
    assert asked[:5] == ["", "a", "a", "b", "c"]


@pytest.mark.parametrize(
    "answer", [(500, {}), (401, {"error": "no"}), (425, b""), (200, b"<html>"), (200, {}), (400, {"error": "no"})]
)
async def test_an_answer_without_an_id_is_a_missed_beat_and_the_chain_goes_on(answer):
    news, asked = await beats(Venue("a", answer, "b"), 3)
    assert news == [BeatNews.TAKEN, BeatNews.MISSED, BeatNews.TAKEN]
    assert asked[:3] == ["", "a", "a"]


async def test_a_stopped_heart_beats_no_more_and_its_last_beat_is_not_told():
    told, venue = Recorder(), Venue("a", "b")
    heart = Heartbeat(venue, interval=MILLISECOND, deadline=SECOND)
    call = venue.call

    async def stopping(*request, **how):
        if venue.asked:
            heart.stop()
        return await call(*request, **how)

    venue.call = stopping
    async with asyncio.timeout(5):
        await heart.serve(told)
    assert (len(told.events), venue.asked) == (1, ["", "a"])


@asynccontextmanager
async def beating(ours, **how):
    heart = Heartbeat(ours.access, interval=5 * MILLISECOND, deadline=SECOND, clock=ours.clock, **how)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(heart.serve(ours.told))
        try:
            yield heart
        finally:
            task.cancel()


def told_of(ours, news):
    return [event for event in ours.told.of(Beat) if event.news is news]


async def test_it_beats_at_the_local_exchange_and_takes_over_after_a_restart():
    async with trading() as floor, account(floor, listen=False) as ours:
        for _ in range(2):
            ours.told.events.clear()
            async with beating(ours):
                await ours.told.until(lambda: len(told_of(ours, BeatNews.TAKEN)) >= 3)
            assert {beat.news for beat in ours.told.of(Beat)} == {BeatNews.TAKEN}


async def test_two_on_one_account_notice_each_other():
    async with (
        trading() as floor,
        account(floor, listen=False) as ours,
        account(floor, listen=False) as others,
        beating(ours),
        beating(others),
    ):
        await ours.told.until(lambda: told_of(ours, BeatNews.FOREIGN))


async def test_when_it_stops_the_venue_takes_the_orders():
    async with trading() as floor, account(floor, listen=False) as ours:
        await ours.rests()
        async with beating(ours) as heart:
            await ours.told.until(lambda: told_of(ours, BeatNews.TAKEN))
            await floor.advance(9)
            await ours.told.until(lambda: ours.told.of(Beat)[-1].sent_at == ours.clock())
            await floor.advance(9)
            assert ours.resting() == 1
            heart.stop()
        await floor.advance(16)
        assert ours.resting() == 0

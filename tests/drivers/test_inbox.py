"""The inbox: the order of emission, frames within their own call, and a loop that never starves."""

import asyncio
from itertools import pairwise

import pytest

from pmm.drivers import inbox
from pmm.drivers.inbox import TURN_EVENTS, Inbox
from pmm.errors import InboxFull
from pmm.events import Frame, Timer

LIMIT_S = 5


def frame(number):
    return Frame(number, 0, b"{}")


class Engine:
    """Notes the times of what it takes; `acts` are done while the event of that time is taken."""

    def __init__(self, last=99, acts=()):
        self.taken = []
        self.last = last
        self.acts = dict(acts)
        self.inbox = Inbox(self.take)

    def take(self, event):
        if event.at in self.acts:
            self.acts[event.at]()
        self.taken.append(event.at)
        return event.at == self.last


async def served(engine, story):
    """Tell the story while the inbox is served, then end it."""
    async with asyncio.timeout(LIMIT_S):
        serving = asyncio.ensure_future(engine.inbox.serve())
        await asyncio.sleep(0)
        story()
        engine.inbox.put(Timer(engine.last))
        await serving


async def test_a_frame_is_taken_within_the_call_that_brings_it_and_other_events_are_not():
    engine, seen = Engine(), []

    def story():
        engine.inbox.put_frame(frame(1))
        seen.append(list(engine.taken))
        engine.inbox.put(Timer(2))
        seen.append(list(engine.taken))

    await served(engine, story)
    assert seen == [[1], [1]]
    assert engine.taken == [1, 2, 99]


async def test_whatever_was_emitted_before_a_frame_is_taken_before_it():
    engine = Engine()

    def story():
        engine.inbox.put(Timer(1))
        engine.inbox.put(Timer(2))
        engine.inbox.put_frame(frame(3))
        assert engine.taken == [1, 2, 3]

    await served(engine, story)


async def test_what_comes_while_an_event_is_taken_is_taken_after_it_in_its_order():
    engine = Engine()

    def emit_more():
        engine.inbox.put_frame(frame(2))
        engine.inbox.put(Timer(3))
        assert engine.taken == []

    engine.acts = {1: emit_more}
    await served(engine, lambda: engine.inbox.put_frame(frame(1)))
    assert engine.taken == [1, 2, 3, 99]


async def test_a_frame_may_be_the_last_event_and_nothing_is_taken_after_it():
    engine = Engine(last=1)

    def story():
        engine.inbox.put_frame(frame(1))
        engine.inbox.put_frame(frame(2))

    await served(engine, story)
    assert engine.taken == [1]


async def test_what_goes_wrong_with_a_frame_ends_the_serving_and_not_the_receiving():
    def refuse():
        raise TimeoutError("deep in a step")

    engine = Engine(acts={1: refuse})

    def story():
        engine.inbox.put_frame(frame(1))
        engine.inbox.put_frame(frame(2))

    with pytest.raises(TimeoutError, match="deep in a step"):
        await served(engine, story)
    assert engine.taken == []


async def test_frames_from_before_the_serving_are_taken_by_it_and_those_after_it_by_nobody():
    engine = Engine(last=2)
    engine.inbox.put_frame(frame(1))
    assert engine.taken == []
    await served(engine, lambda: None)
    engine.inbox.put_frame(frame(3))
    assert engine.taken == [1, 2]


async def test_nothing_is_taken_once_the_serving_was_cancelled():
    engine = Engine()
    serving = asyncio.ensure_future(engine.inbox.serve())
    await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    engine.inbox.put_frame(frame(1))
    assert engine.taken == []


async def test_only_as_many_frames_wait_as_the_limit_says_and_reports_always_do(monkeypatch):
    monkeypatch.setattr(inbox, "INBOX_LIMIT", 2)
    engine = Engine()
    engine.inbox.put(Timer(1))
    engine.inbox.put_frame(frame(2))
    with pytest.raises(InboxFull):
        engine.inbox.put_frame(frame(3))
    engine.inbox.put(Timer(4))
    await served(engine, lambda: None)
    assert (engine.taken, engine.inbox.overflows) == ([1, 2, 4, 99], 1)


async def test_the_loop_has_its_turn_between_any_two_turns_of_a_long_queue():
    engine, seen = Engine(last=1_000), []

    def look():
        seen.append(len(engine.taken))
        if len(engine.taken) < 1_000:
            asyncio.get_running_loop().call_soon(look)

    def story():
        for number in range(1, 1_000):
            engine.inbox.put(Timer(number))
        engine.inbox.put_frame(frame(0))  # its own turn is as long as any
        look()

    await served(engine, story)
    assert seen[0] == TURN_EVENTS
    assert all(after - before <= TURN_EVENTS for before, after in pairwise(seen))
    assert engine.taken == [*range(1, 1_000), 0, 1_000]


async def test_an_event_that_always_brings_the_next_one_cannot_stop_the_loop():
    engine = Engine()
    engine.take = lambda event: engine.inbox.put(event)
    engine.inbox = Inbox(engine.take)
    engine.inbox.put(Timer(1))
    serving = asyncio.ensure_future(engine.inbox.serve())
    for _ in range(10):
        await asyncio.sleep(0)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

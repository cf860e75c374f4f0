"""Intents are written beside the event loop, and whoever waits learns what came of it."""

import asyncio
import threading

import pytest

from pmm.errors import DiskError
from pmm.venues.polymarket.pen import Pen
from tests.venues.polymarket.account import LIMIT_S, Notes


async def test_what_was_written_is_on_the_disk_when_the_waiting_ends():
    notes = Notes()
    with Pen(notes) as pen:
        await pen.write(["one", "two"])
        assert notes.written == ["one", "two"]


async def test_the_disk_is_awaited_in_a_thread_while_the_loop_goes_on():
    notes, disk = Notes(), threading.Event()
    notes.hook = lambda: disk.wait(LIMIT_S)
    with Pen(notes) as pen:
        written = asyncio.ensure_future(pen.write(["one"]))
        await asyncio.sleep(0)
        assert not notes.written
        disk.set()
        await written
    assert notes.written == ["one"]


async def test_a_broken_disk_is_an_error_of_the_one_who_waits_and_not_of_the_next():
    notes = Notes()
    with Pen(notes) as pen:
        notes.broken = "full"
        with pytest.raises(DiskError, match="full"):
            await pen.write(["one"])
        notes.broken = ""
        await pen.write(["two"])
    assert notes.written == ["two"]


async def test_what_nobody_waits_for_any_more_is_written_all_the_same():
    notes, disk, began = Notes(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang():
        loop.call_soon_threadsafe(began.set)
        disk.wait(LIMIT_S)

    notes.hook = hang
    with Pen(notes) as pen:
        waiting = asyncio.ensure_future(pen.write(["one"]))
        await began.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        disk.set()
        await pen.write(["two"])
    assert waiting.cancelled()
    assert notes.written == ["one", "two"]


async def test_the_thread_ends_with_the_block():
    with Pen(Notes()) as pen:
        await pen.write(["one"])
        [thread] = [one for one in threading.enumerate() if one.name == "intents"]
    await asyncio.to_thread(thread.join, LIMIT_S)
    assert not thread.is_alive()

from __future__ import annotations

import asyncio

import pytest

from pmm.exchange import outbox as module
from pmm.exchange.outbox import Outbox


async def test_messages_come_out_in_the_order_in_which_they_went_in() -> None:
    outbox = Outbox()
    assert all(outbox.put(frame) for frame in (b"1", b"2", b"3"))
    assert outbox.take(100) == [b"1", b"2", b"3"]
    assert outbox.take(100) == []


async def test_as_many_are_taken_as_fit_but_always_one() -> None:
    outbox = Outbox()
    for frame in (b"long one", b"22", b"333", b"4444"):
        outbox.put(frame)
    assert [outbox.take(5) for _ in range(3)] == [[b"long one"], [b"22", b"333"], [b"4444"]]


async def test_what_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTBOX_BYTES_MAX", 5)
    monkeypatch.setattr(module, "OUTBOX_FRAMES_MAX", 2)
    outbox = Outbox()
    assert not outbox.put(b"123456")
    assert outbox.put(b"12345")
    assert not outbox.put(b"1")
    outbox.take(1)
    assert [outbox.put(b"1") for _ in range(3)] == [True, True, False]
    assert len(outbox) == 2


async def test_draining_ends_when_the_last_message_goes() -> None:
    outbox = Outbox()
    outbox.put(b"1")
    outbox.put(b"2")
    draining = asyncio.create_task(outbox.drained())
    outbox.take(1)
    await asyncio.sleep(0)
    assert not draining.done()
    outbox.take(1)
    await asyncio.wait_for(draining, 1)

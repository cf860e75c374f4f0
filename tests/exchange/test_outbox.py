from __future__ import annotations

import asyncio

import pytest

from pmm.exchange import outbox as module
from pmm.exchange.outbox import Outbox


async def test_messages_come_out_in_the_order_in_which_they_went_in() -> None:
    outbox = Outbox()
    assert all(outbox.put(frame) for frame in (b"1", b"2", b"3"))
    assert [await outbox.get() for _ in range(3)] == [b"1", b"2", b"3"]


async def test_what_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTBOX_BYTES_MAX", 5)
    monkeypatch.setattr(module, "OUTBOX_FRAMES_MAX", 2)
    outbox = Outbox()
    assert not outbox.put(b"123456")
    assert outbox.put(b"12345")
    assert not outbox.put(b"1")
    await outbox.get()
    assert [outbox.put(b"1") for _ in range(3)] == [True, True, False]


async def test_waiting_ends_when_a_message_comes_and_draining_when_the_last_one_goes() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.get())
    await asyncio.sleep(0)
    outbox.put(b"late")
    draining = asyncio.create_task(outbox.drained())
    assert await waiting == b"late"
    await asyncio.wait_for(draining, 1)

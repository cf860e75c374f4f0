"""Cancels at a local exchange: by id and of everything, and what is told about them."""

import asyncio

import pytest

from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Unanswered,
)
from tests.venues.polymarket.account import account, requests


async def test_a_cancel_of_one_and_of_many(ours, floor):
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(4)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 4)
    ours.cancel(order_ids[0])
    await ours.told.one(Canceled, order_id=order_ids[0])
    ours.cancel(*order_ids[1:])
    await ours.told.until(lambda: len(ours.told.of(Canceled)) == 4)
    assert await requests(floor, "DELETE /order", "DELETE /orders") == [1, 1]
    assert ours.resting() == 0


async def test_a_cancel_that_is_refused_says_why(ours):
    order_id = await ours.rests()
    ours.cancel(order_id)
    await ours.told.one(Canceled, order_id=order_id)
    ours.cancel(order_id)
    assert (await ours.told.one(CancelRejected, order_id=order_id)).reason == "Order already canceled"


async def test_a_cancel_of_an_order_that_nobody_knows_is_not_sent(ours, floor):
    ours.cancel("live-t-99")
    assert "does not know" in (await ours.told.one(Unanswered, order_id="live-t-99")).cause
    assert await requests(floor, "DELETE /order") == [0]


@pytest.mark.parametrize("harm", ["cut", "lose", "fail", "fail_done"])
async def test_a_cancel_without_an_answer_leaves_the_order_in_doubt(ours, harm):
    order_id = await ours.rests()
    await ours.harm("DELETE /order", harm, times=2)  # the library sends a cancel again when its connection was lost
    ours.cancel(order_id)
    await ours.told.one(Unanswered, order_id=order_id)
    assert not ours.told.of(Canceled)


async def test_cancels_that_hang_do_not_hold_up_a_cancel_of_everything(floor):
    async with account(floor, listen=False, deadline_ms=5_000) as ours:
        order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(12)])
        await ours.told.until(lambda: len(ours.told.of(Accepted)) == 12)
        await ours.harm("DELETE /order", "answer_late", seconds=60, times=None)
        for order_id in order_ids:
            ours.cancel(order_id)
            await asyncio.sleep(0)
        ours.cancel_all()
        async with asyncio.timeout(4):
            while ours.resting():
                await ours.told.until(lambda: ours.told.of(Canceled))
        await floor.control("/faults/clear", {})
        await floor.advance(61)


async def test_a_cancel_of_everything_tells_which_of_ours_went(ours, floor):
    order_ids = ours.place_all([("BUY", f"0.{10 + number}", "10") for number in range(3)])
    await ours.told.until(lambda: len(ours.told.of(Accepted)) == 3)
    await floor.control("/accounts/order", {"account": ours.address, "side": "BUY", "price": "0.2", "size": "10"})
    ours.cancel_all()
    await ours.told.until(lambda: len(ours.told.of(Canceled)) == 3)
    assert {event.order_id for event in ours.told.of(Canceled)} == set(order_ids)
    assert ours.resting() == 0


async def test_cancels_go_on_without_a_disk(ours):
    order_id = await ours.rests()
    ours.notes.broken = "the disk is full"
    ours.cancel(order_id)
    await ours.told.one(Canceled, order_id=order_id)

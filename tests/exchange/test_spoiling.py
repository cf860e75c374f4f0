"""Books and fills that are told wrongly, seen on the wire (F13, F14 and F37 of the reliability reference)."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest

from pmm.exchange import spoiling
from pmm.exchange.frame_faults import FrameFault, FrameFaults, FrameRule
from pmm.sim.dice import Stream
from tests.exchange.conftest import DEMO, Trading, event, silence, text, trading


async def spoil(floor: Trading, fault: str, **more: object) -> None:
    await floor.control("/faults/frames", {"fault": fault, **more})


async def two_changes(floor: Trading, fault: str) -> tuple[list[Any], list[Any]]:
    """What one change says with the fault, and what the next one says without it."""
    async with floor.socket() as socket:
        await text(socket)
        await spoil(floor, fault)
        await floor.place("BUY", "0.30")
        await floor.place("BUY", "0.31")
        return (await event(socket))["price_changes"], (await event(socket))["price_changes"]


async def test_a_change_is_lost_and_other_messages_are_not(floor: Trading) -> None:
    async with floor.socket() as socket:
        await text(socket)
        await spoil(floor, "lose_delta")
        await floor.place("BUY", "0.30")
        assert await silence(socket)
        await floor.place("BUY", "0.31")
        assert (await event(socket))["price_changes"][0]["price"] == "0.31"


async def test_a_change_is_on_the_wrong_side_of_one_token(floor: Trading) -> None:
    wrong, right = await two_changes(floor, "wrong_side")
    assert wrong[0]["side"] == wrong[1]["side"]
    assert right[0]["side"] != right[1]["side"]


async def test_a_change_has_a_size_below_nothing(floor: Trading) -> None:
    wrong, right = await two_changes(floor, "negative")
    assert sorted(entry["size"] for entry in wrong) == ["-10", "10"]
    assert [entry["size"] for entry in right] == ["10", "10"]


async def test_a_change_says_that_a_living_level_is_gone(floor: Trading) -> None:
    wrong, right = await two_changes(floor, "zero")
    assert sorted(entry["size"] for entry in wrong) == ["0", "10"]
    assert [entry["size"] for entry in right] == ["10", "10"]


async def test_the_answer_to_a_subscription_is_crossed_once(floor: Trading) -> None:
    await two_sided(floor)
    await spoil(floor, "crossed")
    async with floor.socket() as first, floor.socket() as second:
        books, again = await event(first), await event(second)
    assert sorted(touch(book)[0] >= touch(book)[1] for book in books) == [False, True]
    assert all(touch(book)[0] < touch(book)[1] for book in again)
    assert [book["hash"] for book in books] == [book["hash"] for book in again]


async def test_a_snapshot_after_a_trade_is_crossed(floor: Trading) -> None:
    await two_sided(floor)
    async with floor.socket(DEMO.yes) as socket:
        await text(socket)
        await spoil(floor, "crossed")
        await floor.place("BUY", "0.52", "5")
        while (message := await event(socket))["event_type"] != "book":
            pass
        bid, ask = touch(message)
        assert bid >= ask


async def test_two_tokens_cost_less_than_a_dollar_and_neither_book_is_crossed(floor: Trading) -> None:
    await two_sided(floor)
    await spoil(floor, "disagree")
    async with floor.socket() as socket:
        (yes, no) = [touch(book) for book in await event(socket)]
    assert yes[1] + no[1] < 1
    assert yes[0] < yes[1]
    assert no[0] < no[1]


@pytest.mark.parametrize(("fault", "size"), [("oversize", "10.01"), ("dust", "9.99")])
async def test_a_fill_is_told_larger_or_smaller_than_it_was(floor: Trading, fault: str, size: str) -> None:
    await floor.place("SELL", "0.40")
    async with floor.user_socket(floor.ann) as socket:
        await spoil(floor, fault, channel="user")
        await floor.ann.place(DEMO)
        while (message := await event(socket))["event_type"] != "trade":
            pass
    assert message["size"] == size
    assert message["maker_orders"][0]["matched_amount"] == size
    (trade,) = (await floor.ann.ask("GET", "/data/trades"))["data"]
    assert Decimal(trade["size"]) == 10


async def test_one_seed_spoils_the_same_tokens() -> None:
    async def sides(seed: int) -> list[str]:
        async with trading(seed=seed) as floor, floor.socket() as socket:
            await text(socket)
            await spoil(floor, "wrong_side", times=None)
            for cents in range(10, 26):
                await floor.place("BUY", f"0.{cents}")
            return [(await event(socket))["price_changes"][0]["side"] for _ in range(16)]

    first, again, other = [await sides(seed) for seed in (1, 1, 2)]
    assert first == again != other
    assert set(first) == {"BUY", "SELL"}


def test_a_fault_waits_for_a_message_that_it_can_strike() -> None:
    faults = FrameFaults(Random(1))
    faults.set(FrameRule(FrameFault.CROSSED))
    trade = orjson.dumps({"event_type": "last_trade_price", "price": "0.5"})
    assert faults.through((frozenset(), trade)) == [(frozenset(), trade)]
    assert [rule.fault for rule in faults.rules] == [FrameFault.CROSSED]


def test_a_book_with_an_empty_side_cannot_be_crossed() -> None:
    book = orjson.dumps({"event_type": "book", "bids": [], "asks": [{"price": "0.5", "size": "1"}]})
    assert spoiling.crossed(book, Stream(1)) is None


def test_what_is_no_json_cannot_be_spoiled() -> None:
    assert spoiling.crossed(b'{"bids": [', Stream(1)) is None
    assert spoiling.negative(b'{"price_changes": [', Stream(1)) is None


async def two_sided(floor: Trading) -> None:
    await floor.place("BUY", "0.48")
    await floor.place("SELL", "0.52")


def touch(book: Any) -> tuple[Decimal, Decimal]:
    return Decimal(book["bids"][-1]["price"]), Decimal(book["asks"][-1]["price"])

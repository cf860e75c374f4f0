from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from pmm._fast import ASK, BID, Books
from pmm.exchange.clock import AS_FAST_AS_POSSIBLE
from pmm.exchange.replay import Replay
from pmm.model import MILLISECOND, SHARE
from pmm.recordings.recorded import Recorded
from pmm.recordings.shapes import read
from tests.exchange.conftest import LIMIT_S, Visitor, event, silence, text, visit

CONDITION = "0x" + "5e" * 32
YES, NO = "1" * 77, "2" * 77


def message(kind: str, at_ms: int, *, on_socket: bool = True, **body: object) -> Recorded:
    parsed = {"market": CONDITION, **body, "timestamp": str(at_ms)}
    if on_socket:
        parsed["event_type"] = kind
    return Recorded(at_ms * MILLISECOND, orjson.dumps(parsed), (parsed,), on_socket)


def book(token: str, at_ms: int, bids: dict[str, str], asks: dict[str, str], **more: object) -> Recorded:
    levels = {
        side: [{"price": price, "size": size} for price, size in prices.items()]
        for side, prices in (("bids", bids), ("asks", asks))
    }
    return message("book", at_ms, asset_id=token, hash="h", **levels, **more)  # type: ignore[arg-type]  # test words


def change(at_ms: int, price: str, size: str, *, side: str = "BUY", token: str = YES) -> Recorded:
    entries = [{"asset_id": token, "price": price, "size": size, "side": side}]
    return message("price_change", at_ms, price_changes=entries)


STORY = [
    book(YES, 1_000, {"0.4": "10"}, {"0.6": "10"}, tick_size="0.01"),
    book(NO, 1_000, {"0.4": "10"}, {"0.6": "10"}, tick_size="0.01"),
    change(900, "0.41", "99"),
    change(2_000, "0.45", "5"),
    message("last_trade_price", 2_500, asset_id=NO, price="0.55", size="5", side="SELL"),
]


def played(*recorded: Recorded) -> Replay:
    replay = Replay(recorded)
    while replay.next_at() is not None:
        replay.step()
    return replay


def rest(replay: Replay, token: str) -> Any:
    body = replay.rest_book(token)
    return None if body is None else orjson.loads(body)


def test_markets_are_inferred_from_the_messages() -> None:
    (listing,) = Replay(STORY).listings
    market = listing.market
    assert (market.slug, market.condition_id, market.yes, market.no) == (CONDITION, CONDITION, YES, NO)
    assert market.tick == 100


def test_where_no_tick_is_stated_it_is_the_coarsest_that_holds_every_price() -> None:
    prices = [change(1, "0.5", "1"), change(2, "0.505", "1"), change(3, "0.4", "1", token=NO)]
    assert Replay(prices).listings[0].market.tick == 50


def test_a_book_follows_its_changes_but_not_those_older_than_its_snapshot() -> None:
    assert rest(played(*STORY), YES)["bids"] == [{"price": "0.4", "size": "10"}, {"price": "0.45", "size": "5"}]


def test_before_its_first_book_a_token_has_none() -> None:
    replay = played(change(1, "0.5", "1"), change(2, "0.4", "1", token=NO))
    assert replay.rest_book(YES) is None
    assert replay.dump([YES]) == b""


def test_a_recorded_body_answers_reads_until_something_newer_is_known() -> None:
    body = book(YES, 3_000, {"0.3": "7"}, {}, min_order_size="5", neg_risk=False)
    body = Recorded(body.at, body.data, body.events, on_socket=False)
    assert rest(played(*STORY, body), YES)["bids"] == [{"price": "0.3", "size": "7"}]
    assert len(rest(played(*STORY, body, change(4_000, "0.31", "1")), YES)["bids"]) == 2


def test_a_tick_change_makes_room_for_finer_prices() -> None:
    finer = message("tick_size_change", 2_600, asset_id=YES, old_tick_size="0.01", new_tick_size="0.001")
    replay = played(*STORY, finer, change(2_700, "0.451", "3"))
    assert rest(replay, YES)["tick_size"] == "0.001"
    assert rest(replay, YES)["bids"][-1] == {"price": "0.451", "size": "3"}


def test_the_shape_before_september_2025_is_understood() -> None:
    old = message("price_change", 3_000, asset_id=YES, changes=[{"price": "0.44", "size": "2", "side": "BUY"}])
    assert {"price": "0.44", "size": "2"} in rest(played(*STORY, old), YES)["bids"]


def test_what_makes_no_sense_is_counted_and_sent_on() -> None:
    replay = Replay([*STORY, change(3_000, "0.4567", "1"), change(3_001, "x", "1"), message("price_change", 3_002)])
    sent = 0
    while replay.next_at() is not None:
        sent += len(replay.step())
    assert (replay.refused, sent) == (2, replay.messages)


async def frames(socket: Any, count: int) -> list[str]:
    return [await text(socket) for _ in range(count)]


async def test_time_stands_still_until_somebody_subscribes() -> None:
    async with visit(Replay(STORY), speed=1_000) as visitor:
        await visitor.get("/ok")
        assert visitor.exchange.source.next_at() == STORY[0].at
        async with visitor.socket(YES, NO) as socket:
            assert await frames(socket, 5) == [one.data.decode() for one in STORY]


async def test_a_message_goes_to_whoever_subscribed_to_what_it_names() -> None:
    async with visit(Replay(STORY), speed=AS_FAST_AS_POSSIBLE) as visitor, visitor.socket(NO) as socket:
        assert await frames(socket, 2) == [STORY[1].data.decode(), STORY[4].data.decode()]


async def test_the_end_is_announced_and_sockets_stay_open() -> None:
    ended = asyncio.Event()
    async with (
        visit(Replay(STORY), speed=AS_FAST_AS_POSSIBLE, on_end=ended.set) as visitor,
        visitor.socket(YES, NO) as socket,
    ):
        await frames(socket, 5)
        await asyncio.wait_for(ended.wait(), LIMIT_S)
        assert await silence(socket)
        assert (await visitor.control("/stats", method="GET"))["ended"] is True


async def test_a_late_subscriber_gets_the_present_books() -> None:
    async with visit(Replay(STORY), speed=AS_FAST_AS_POSSIBLE) as visitor, visitor.socket(YES) as first:
        await frames(first, 3)
        async with visitor.socket(YES) as late:
            (dump,) = await event(late)
            assert dump["bids"][-1] == {"price": "0.45", "size": "5"}


async def test_nobody_can_trade_in_a_recording() -> None:
    async with visit(Replay(STORY)) as visitor:
        order = {"token_id": YES, "side": "BUY", "price": "0.4", "size": "10"}
        assert "error" in await visitor.control("/orders", order, status=409)


async def test_markets_of_a_recording_can_be_looked_up() -> None:
    async with visit(Replay(STORY)) as visitor:
        assert (await visitor.get(f"/gamma/markets/slug/{CONDITION}"))["conditionId"] == CONDITION
        assert (await visitor.get(f"/clob-markets/{CONDITION}"))["mts"] == 0.01


@pytest.mark.parametrize(
    ("name", "markets", "neg_risk"),
    [
        ("jg-20260429T021025Z-raw_messages.jsonl.zst", 3, False),
        ("jg-20260428a-precutover-raw_messages.jsonl.zst", 3, False),
        ("sahajpatel-20260727-journal.first800.jsonl.zst", 2, True),
        ("frames-20251223-btc15m.jsonl", 1, False),
        ("funkekaiser-ws_market_capture.json", 1, False),
    ],
)
async def test_real_recordings_arrive_byte_for_byte_and_end_in_the_same_books(
    recordings: Path, name: str, markets: int, neg_risk: bool
) -> None:
    recorded = read(recordings / name)
    replay = Replay(recorded)
    assert len(replay.listings) == markets
    assert replay.listings[0].market.neg_risk is neg_risk
    tokens = [token.token_id for listing in replay.listings for token in listing.market.tokens]
    async with visit(replay, speed=AS_FAST_AS_POSSIBLE) as visitor, visitor.socket(*tokens) as socket:
        expected = [one.data.decode() for one in recorded if one.on_socket and not new_market(one)]
        arrived = await frames(socket, len(expected))
        assert arrived == expected
        assert await silence(socket)
        await compare(visitor, tokens, arrived)


def new_market(recorded: Recorded) -> bool:
    return any(one.get("event_type") == "new_market" for one in recorded.events)


async def compare(visitor: Visitor, tokens: list[str], arrived: list[str]) -> None:
    """The books that follow from the messages are those that the exchange serves over HTTP."""
    books = Books()
    for token in tokens:
        books.add(token, visitor.exchange.source.wire(token)[0].market.tick)  # type: ignore[index]  # it is listed
    for frame in arrived:
        assert books.feed(frame) >= 0
    seen = [token for token in tokens if books.snapshots(books.index(token) or 0)]
    assert seen
    for served in await visitor.post("/books", [{"token_id": token} for token in seen]):
        ours = books.book(books.index(served["asset_id"]) or 0)
        for side, key in ((BID, "bids"), (ASK, "asks")):
            levels = [(round(float(one["price"]) * 10_000), round(float(one["size"]) * SHARE)) for one in served[key]]
            assert levels[::-1] == ours.levels(side)

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from time import process_time

import orjson
import pytest

from pmm._fast import Books
from pmm.events import Frame
from pmm.model import GRID, MILLISECOND, SECOND, SHARE, Nanos, Side, TimeInForce
from pmm.sim.catalog import default_listings, demo_listing, quiet_listings
from pmm.sim.floor import WorldParams
from pmm.sim.matching import Outcome, Reason, Status
from pmm.sim.world import DemoWorld

START: Nanos = 1_790_000_000 * SECOND
DEMO = demo_listing()
YES = DEMO.market.yes


def world(seed: int = 7, listings: object = (DEMO,), **params: object) -> DemoWorld:
    return DemoWorld(listings, WorldParams(**params), Random(seed), START)  # type: ignore[arg-type]  # test words


def quiet() -> DemoWorld:
    """The demo market with nobody in it and no orders."""
    lonely = world()
    lonely.set_trading(on=False)
    lonely.clear(YES)
    while lonely.next_at() is not None:
        lonely.step()
    return lonely


def live(world: DemoWorld, seconds: float) -> Iterator[Frame]:
    """The frames that one listener gets in that time."""
    frames: list[Frame] = []
    end = world.now + int(seconds * SECOND)
    while (due := world.next_at()) is not None and due < end:
        world.advance(frames.append)
        yield from frames
        frames.clear()


def history(seed: int, listings: object = (DEMO,)) -> list[bytes]:
    told = world(seed, listings)
    return [told.subscribe([YES]), *(frame.data for frame in live(told, 30))]


def kinds(frames: list[bytes]) -> set[str]:
    return {orjson.loads(frame)["event_type"] for frame in frames}


def test_one_seed_is_one_history_byte_for_byte() -> None:
    assert history(7) == history(7)
    assert history(7) != history(8)


def test_a_market_lives_the_same_life_whatever_else_is_listed() -> None:
    assert history(7) == history(7, [*reversed(default_listings())])


def test_a_listener_rebuilds_the_book_from_its_frames() -> None:
    told, books = world(), Books()
    index = books.add(YES, DEMO.market.tick)
    books.feed(told.subscribe([YES]))
    for frame in live(told, 60):
        assert books.feed(frame.data) >= 0
        assert books.agrees(index)
    found = told.wire(YES)
    assert found is not None
    assert books.book(index) == found[0].books[Outcome.YES]


def test_all_kinds_of_messages_occur_and_custom_ones_only_on_request() -> None:
    plain, curious = world(), world()
    plain.subscribe([YES])
    curious.subscribe([YES], custom_features=True)
    always = {"book", "price_change", "last_trade_price"}
    assert kinds([frame.data for frame in live(plain, 30)]) == always
    assert kinds([frame.data for frame in live(curious, 30)]) == always | {"best_bid_ask"}


def test_nothing_is_heard_of_markets_nobody_subscribed_to() -> None:
    told = world(listings=default_listings())
    told.subscribe([default_listings()[1].market.yes])
    markets = {orjson.loads(frame.data)["market"] for frame in live(told, 60)}
    assert markets == {default_listings()[1].market.condition_id}


def test_messages_are_made_only_for_those_who_hear_them_and_the_book_is_the_same() -> None:
    told, untold = quiet(), quiet()
    untold.set_audience(lambda tokens: False)
    frames = []
    for one in (told, untold):
        one.submit("a", YES, Side.BUY, 4_000, 20 * SHARE)
        one.submit("b", YES, Side.BUY, 4_100, 20 * SHARE)
        one.cancel("a")
        frames.append(len(one.step()))
    assert (frames[0] > 0, frames[1], untold.next_at()) == (True, 0, None)
    assert untold.dump([YES]) == told.dump([YES])


def test_whoever_comes_after_a_trade_still_sees_it_on_the_tape() -> None:
    late = quiet()
    late.set_audience(lambda tokens: False)
    late.submit("a", YES, Side.SELL, 5_000, 20 * SHARE)
    late.submit("b", YES, Side.BUY, 5_000, 20 * SHARE)
    late.subscribe([YES])
    assert "last_trade_price" in kinds([frame.data for frame in live(late, 1)])


def test_time_never_goes_backwards_and_is_written_into_the_frames() -> None:
    told = world()
    told.subscribe([YES])
    times = []
    for frame in live(told, 20):
        times.append(frame.at)
        assert int(orjson.loads(frame.data)["timestamp"]) == frame.at // MILLISECOND
    assert times == sorted(times)


def test_the_market_is_believable() -> None:
    told = world(3)
    found = told.wire(YES)
    assert found is not None
    book = found[0].books[Outcome.YES]
    mids, spreads, depths = [], [], []
    for second in range(300):
        while (due := told.next_at()) is not None and due < START + second * SECOND:
            told.step()
        assert book.mid2 is not None
        assert book.spread is not None
        mids.append(book.mid2 / 2)
        spreads.append(book.spread // 100)
        depths.append(min(book.depth(0), book.depth(1)))
    minutes = [abs(mids[second] - mids[second + 60]) / 100 for second in range(0, 240, 60)]
    assert 0.3 < sum(minutes) / len(minutes) < 6
    assert all(500 <= mid <= 9_500 for mid in mids)
    assert sum(spread <= 2 for spread in spreads) > 0.8 * len(spreads)
    assert min(depths) >= 5


@pytest.mark.parametrize("seed", [1, 7, 11])
def test_trades_reach_two_cents_from_the_mid_several_times_in_twenty_seconds(seed: int) -> None:
    told = world(seed)
    told.subscribe([YES])
    mid = 5_000.0
    far = 0
    for frame in live(told, 20):
        event = orjson.loads(frame.data)
        if event["event_type"] == "last_trade_price":
            price = round(float(event["price"]) * GRID)
            far += abs((price if event["asset_id"] == YES else GRID - price) - mid) >= 200
        found = told.wire(YES)
        if found is not None and found[0].books[0].spread in {100, 200}:
            mid = (found[0].books[0].mid2 or 0) / 2
    assert far >= 3


def test_ten_minutes_pass_at_least_sixty_times_as_fast_as_life() -> None:
    told = world()
    told.subscribe([YES])
    began = process_time()
    assert sum(1 for _ in live(told, 60)) > 200
    assert process_time() - began < 1.0


def test_an_order_from_outside_rests_and_is_told() -> None:
    lonely = quiet()
    lonely.subscribe([YES])
    report = lonely.submit("mine", YES, Side.BUY, 4_800, 10 * SHARE)
    assert report is not None
    assert report.status is Status.LIVE
    (frame,) = live(lonely, 1)
    changes = orjson.loads(frame.data)["price_changes"]
    assert [(change["price"], change["side"], change["size"]) for change in changes] == [
        ("0.48", "BUY", "10"),
        ("0.52", "SELL", "10"),
    ]


def test_a_trade_is_told_as_levels_then_both_books_then_the_tape() -> None:
    lonely = quiet()
    lonely.subscribe([YES, DEMO.market.no])
    lonely.submit("maker", YES, Side.SELL, 5_200, 10 * SHARE)
    lonely.submit("taker", DEMO.market.no, Side.SELL, 4_800, 5 * SHARE, tif=TimeInForce.FAK)
    frames = [orjson.loads(frame.data) for frame in live(lonely, 1)]
    assert [frame["event_type"] for frame in frames] == [
        "price_change",
        "price_change",
        "book",
        "book",
        "last_trade_price",
    ]
    tape = frames[-1]
    assert (tape["asset_id"], tape["side"], tape["price"], tape["size"]) == (DEMO.market.no, "SELL", "0.48", "5")
    assert int(tape["timestamp"]) - int(frames[-2]["timestamp"]) == 75


def test_a_sweep_prints_once_per_price() -> None:
    lonely = quiet()
    lonely.subscribe([YES])
    for name, price in (("a", 5_100), ("b", 5_100), ("c", 5_200)):
        lonely.submit(name, YES, Side.SELL, price, 10 * SHARE)
    lonely.submit("taker", YES, Side.BUY, 5_200, 25 * SHARE)
    prints = [
        event for frame in live(lonely, 1) if (event := orjson.loads(frame.data))["event_type"] == "last_trade_price"
    ]
    assert [(event["price"], event["size"]) for event in prints] == [("0.51", "20"), ("0.52", "5")]


def test_what_was_submitted_can_be_canceled_once() -> None:
    lonely = quiet()
    lonely.submit("mine", YES, Side.BUY, 4_800, 10 * SHARE)
    assert lonely.cancel("mine").status is Status.CANCELED
    assert lonely.cancel("mine").reason is Reason.UNKNOWN


def test_an_unknown_token_is_no_market() -> None:
    assert world().submit("mine", "123", Side.BUY, 4_800, 10 * SHARE) is None
    assert world().dump(["123"]) == b"[]"
    assert world().wire("123") is None


def test_traders_who_were_sent_home_go_on_where_they_were() -> None:
    told = world()
    told.set_trading(on=False)
    while told.next_at() is not None:
        told.step()
    told.set_trading(on=True, at=START + 100 * SECOND)
    due = told.next_at()
    assert due is not None
    assert START + 100 * SECOND <= due < START + 101 * SECOND


def test_quiet_markets_have_books_and_nothing_to_do() -> None:
    still = world(listings=quiet_listings(5))
    assert still.next_at() is None
    assert all(b'"bids":[{' in still.dump([listing.market.yes]) for listing in still.listings)


def test_volume_grows_with_what_trades() -> None:
    lonely = quiet()
    before = lonely.volume(DEMO.market.condition_id)
    lonely.submit("maker", YES, Side.SELL, 5_000, 10 * SHARE)
    lonely.submit("taker", YES, Side.BUY, 5_000, 10 * SHARE)
    assert lonely.volume(DEMO.market.condition_id) - before == 5_000_000


def test_a_slower_pace_means_fewer_messages() -> None:
    slow = world(listings=[replace(DEMO, pace=0.1)])
    fast = world()
    for told in (slow, fast):
        told.subscribe([YES])
    assert 3 * sum(1 for _ in live(slow, 60)) < sum(1 for _ in live(fast, 60))

"""What happens to a market: its tick, its pauses, its end."""

from __future__ import annotations

from random import Random

import orjson
import pytest

from pmm.model import SECOND, SHARE, USD, Side
from pmm.sim.catalog import Rewards, default_listings
from pmm.sim.venue import Terms, Venue, VenueParams, Verdict
from pmm.sim.world import DemoWorld
from tests.sim.stage import ANN, BOB, START, Stage

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def stage() -> Stage:
    return Stage()


def frames(stage: Stage) -> list[dict[str, object]]:
    told = []
    while (due := stage.venue.next_at()) is not None and due <= stage.now + SECOND:
        told += [orjson.loads(frame.data) for frame in stage.venue.step()]
    return told


@pytest.mark.parametrize("price", ["0.97", "0.03"])
def test_a_trade_beyond_the_thresholds_refines_the_tick(stage: Stage, price: str) -> None:
    stage.order(ANN, SELL, price, 40)
    resting = stage.order(ANN, BUY, "0.02", 50)
    assert "tick" in stage.refused(BOB, BUY, "0.015", 100)
    frames(stage)
    stage.order(BOB, BUY, price, 40)
    changes = [frame for frame in frames(stage) if frame["event_type"] == "tick_size_change"]
    assert [(one["asset_id"], one["old_tick_size"], one["new_tick_size"]) for one in changes] == [
        (stage.yes, "0.01", "0.001"),
        (stage.no, "0.01", "0.001"),
    ]
    assert stage.venue.listings[0].market.tick == 10
    assert stage.status(resting) == "LIVE"
    assert stage.order(BOB, BUY, "0.015", 100)
    book = orjson.loads(stage.venue.rest_book(stage.yes) or "")
    assert book["tick_size"] == "0.001"
    assert [level["price"] for level in book["bids"]] == ["0.015", "0.02"]


@pytest.mark.parametrize("price", ["0.96", "0.04"])
def test_a_trade_at_the_threshold_changes_nothing(stage: Stage, price: str) -> None:
    stage.order(ANN, SELL, price, 40)
    stage.order(BOB, BUY, price, 40)
    assert stage.venue.listings[0].market.tick == 100


def test_a_coarser_tick_takes_the_orders_that_are_not_on_it(stage: Stage) -> None:
    stage.venue.change_tick(stage.market.condition_id, 10, stage.now)
    off, on = stage.order(ANN, BUY, "0.405", 10), stage.order(ANN, BUY, "0.4", 10)
    stage.venue.change_tick(stage.market.condition_id, 100, stage.now)
    assert (stage.status(off), stage.status(on)) == ("CANCELED", "LIVE")
    assert stage.order(BOB, SELL, "0.4", 10)
    assert stage.status(on) == "MATCHED"
    with pytest.raises(ValueError, match="tick"):
        stage.venue.change_tick(stage.market.condition_id, 37, stage.now)


def test_orders_keep_their_place_in_the_queue_over_a_change_of_tick(stage: Stage) -> None:
    first, second = (stage.order(ANN, BUY, "0.4", 10) for _ in range(2))
    stage.venue.change_tick(stage.market.condition_id, 10, stage.now)
    stage.order(BOB, SELL, "0.4", 10)
    assert (stage.status(first), stage.status(second)) == ("MATCHED", "LIVE")


def test_the_smallest_order_and_the_rewards_change_while_orders_rest(stage: Stage) -> None:
    small, large = (stage.order(ANN, side, price, 50) for side, price in ((BUY, "0.48"), (SELL, "0.52")))
    assert stage.venue.scoring(small)
    condition = stage.market.condition_id
    stage.venue.change_terms(condition, stage.now, size_min=60 * SHARE, rewards=Rewards(min_size=100 * SHARE))
    assert "lower than the minimum: 60" in stage.refused(BOB, BUY, "0.4", 50)
    assert not stage.venue.scoring(large)
    assert stage.status(small) == "LIVE"
    book = orjson.loads(stage.venue.rest_book(stage.yes) or "")
    assert book["min_order_size"] == "60"
    stage.venue.change_terms(condition, stage.now, size_min=5 * SHARE)
    assert stage.order(BOB, BUY, "0.4", 50)


def test_a_paused_market_takes_no_orders_and_keeps_those_it_has(stage: Stage) -> None:
    resting = stage.order(ANN, BUY, "0.4", 10)
    stage.venue.pause(stage.market.condition_id, stage.now)
    assert stage.refused(BOB, SELL, "0.4", 10) == "the market is not yet ready to process new orders"
    assert stage.status(resting) == "LIVE"
    stage.venue.pause(stage.market.condition_id, stage.now, on=False)
    assert stage.order(BOB, SELL, "0.4", 10)


def test_a_closed_market_cancels_everything_and_is_unknown_to_orders(stage: Stage) -> None:
    resting = stage.order(ANN, BUY, "0.4", 10)
    stage.venue.close(stage.market.condition_id, stage.now)
    assert stage.status(resting) == "CANCELED"
    assert "No orderbook exists" in stage.refused(BOB, SELL, "0.4", 10)
    assert not stage.venue.listings[0].market.tradable


def test_a_cleared_book_goes_on_trading(stage: Stage) -> None:
    resting = stage.order(ANN, BUY, "0.4", 10)
    stage.venue.clear_book(stage.market.condition_id, stage.now)
    assert stage.status(resting) == "CANCELED"
    assert stage.order(ANN, BUY, "0.4", 10)


def test_a_resolution_cancels_orders_tells_everybody_and_pays_the_winners(stage: Stage) -> None:
    resting = stage.order(ANN, BUY, "0.4", 10)
    condition = stage.market.condition_id
    assert stage.venue.redeem(ANN, condition, stage.now) == 0
    stage.venue.resolve(condition, Verdict.NO, stage.now)
    assert stage.status(resting) == "CANCELED_MARKET_RESOLVED"
    (told,) = [frame for frame in frames(stage) if frame["event_type"] == "market_resolved"]
    assert (told["winning_asset_id"], told["winning_outcome"]) == (stage.no, "No")
    assert [notice.kind for notice in stage.venue.notifications(ANN)] == [1, 4]
    stage.venue.give(BOB, stage.no, -400 * SHARE, stage.now)
    assert stage.venue.redeem(ANN, condition, stage.now) == 1_000 * USD
    assert stage.venue.redeem(BOB, condition, stage.now) == 600 * USD
    assert stage.venue.redeem(BOB, condition, stage.now) == 0
    assert (stage.money(ANN), stage.money(BOB), stage.shares(ANN), stage.venue.positions(BOB)) == (2_000, 1_600, 0, {})
    assert stage.venue.verdict(condition) is Verdict.NO
    stage.venue.check()
    with pytest.raises(ValueError, match="resolved"):
        stage.venue.resolve(condition, Verdict.YES, stage.now)


def test_a_trade_that_settles_after_the_resolution_is_redeemed_later() -> None:
    from pmm.sim.venue import SettlementParams

    stage = Stage(settlement=SettlementParams())
    condition = stage.market.condition_id
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)
    stage.venue.resolve(condition, Verdict.YES, stage.now)
    assert stage.venue.redeem(BOB, condition, stage.now) == 1_000 * USD
    stage.wait(10)
    assert stage.venue.redeem(BOB, condition, stage.now) == 10 * USD
    stage.venue.check()


def test_sets_are_split_and_merged_at_par(stage: Stage) -> None:
    condition = stage.market.condition_id
    assert stage.venue.split(ANN, condition, 400 * SHARE, stage.now) is None
    assert (stage.money(ANN), stage.shares(ANN), stage.shares(ANN, stage.no)) == (600, 1_400, 1_400)
    assert stage.venue.merge(ANN, condition, 1_400 * SHARE, stage.now) is None
    assert (stage.money(ANN), stage.shares(ANN)) == (2_000, 0)
    refusal = stage.venue.merge(ANN, condition, 1, stage.now)
    assert refusal is not None
    assert "balance: 0" in refusal.text
    assert stage.venue.split(ANN, condition, 3_000 * SHARE, stage.now) is not None


def test_an_unknown_market_is_the_callers_mistake(stage: Stage) -> None:
    with pytest.raises(ValueError, match="no such market"):
        stage.venue.close("0x0", stage.now)


# --- with synthetic traders -----------------------------------------------------------------------------------------


def test_accounts_change_nothing_about_what_a_market_says() -> None:
    def told(source: DemoWorld | Venue) -> list[bytes]:
        said = []
        while (due := source.next_at()) is not None and due < START + 20 * SECOND:
            said += [frame.data for frame in source.step()]
        return said

    params = VenueParams()
    listings = default_listings()
    assert told(Venue(listings, params, Random(7), START)) == told(DemoWorld(listings, params.world, Random(7), START))


def test_money_and_shares_are_conserved_while_the_synthetic_traders_trade() -> None:
    venue = Venue(default_listings(), VenueParams(), Random(5), START)
    while (due := venue.next_at()) is not None and due < START + 60 * SECOND:
        venue.step()
        venue.check()
    assert venue.ledger.holdings("fees")["COLLATERAL"] > 0


def test_synthetic_traders_go_on_after_the_tick_has_changed() -> None:
    venue = Venue(default_listings()[:1], VenueParams(), Random(5), START)
    market = venue.listings[0].market
    venue.change_tick(market.condition_id, 10, START)
    while (due := venue.next_at()) is not None and due < START + 30 * SECOND:
        venue.step()
    book = orjson.loads(venue.rest_book(market.yes) or "")
    assert any(len(level["price"]) == 5 for level in [*book["bids"], *book["asks"]])
    venue.check()


def test_a_tester_at_the_control_endpoint_trades_with_play_money_of_its_own(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.4", 10)
    report = stage.venue.world.submit("foreign-1", stage.yes, SELL, 4_000, 10 * SHARE)
    assert report is not None
    stage.wait(0)
    assert stage.status(order_id) == "MATCHED"
    assert (stage.money(ANN), stage.shares(ANN)) == (996, 1_010)
    (trade,) = stage.venue.trades(ANN)
    assert len(trade.order_id) == 66
    stage.venue.check()


def test_what_a_call_finds_does_not_depend_on_how_often_the_venue_was_stepped() -> None:
    def history(*, eager: bool) -> tuple[list[bytes], list[object], int]:
        venue = Venue(default_listings(), VenueParams(), Random(7), START)
        market = venue.listings[0].market
        venue.fund(ANN, 1_000 * USD, START)
        frames = []
        for number in range(40):
            at = START + number * SECOND // 3
            while eager and (due := venue.next_at()) is not None and due <= at:
                frames += [frame.data for frame in venue.step()]
            terms = Terms(f"0x{number}", ANN, "key", market.yes, BUY, 5_200, 5 * SHARE)
            venue.place(terms, at)
        while (due := venue.next_at()) is not None and due <= START + 20 * SECOND:
            frames += [frame.data for frame in venue.step()]
        return frames, list(venue.user_events()), venue.balance(ANN, "COLLATERAL")

    assert history(eager=True) == history(eager=False)


def test_the_clock_of_a_market_never_goes_back() -> None:
    venue = Venue(default_listings()[:1], VenueParams(), Random(7), START)
    market = venue.listings[0].market
    venue.fund(ANN, 1_000 * USD, START)
    moments = []
    for number in range(60):
        terms = Terms(f"0x{number}", ANN, "key", market.yes, BUY, 4_000, 5 * SHARE)
        venue.place(terms, START + number * SECOND // 7)
        if number % 3 == 0:
            while (due := venue.next_at()) is not None and due <= venue.now:
                moments += [int(orjson.loads(frame.data)["timestamp"]) for frame in venue.step()]
    assert moments == sorted(moments)
    assert len(moments) > 100


def test_a_synthetic_trader_never_owes_anything_however_many_of_its_orders_trade_at_once(stage: Stage) -> None:
    world = stage.venue.world
    for number in range(12):
        world.submit(f"crowd-{number}", stage.yes, BUY, 5_000, 300_000 * SHARE, owner="crowd")
    world.submit("seller", stage.yes, SELL, 5_000, 3_600_000 * SHARE, owner="seller")
    stage.wait(0)
    stage.venue.check()

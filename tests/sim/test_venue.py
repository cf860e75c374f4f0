"""Orders of accounts, from placing to the end, as the venue answers and tells them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.model import SECOND, SHARE, USD, Side, TimeInForce
from pmm.sim.refusals import NO_MATCH, NOT_FILLED
from pmm.sim.venue import Cancels, Placed, Refusal
from tests.sim.stage import ANN, BOB, EVE, START, Stage, still

BUY, SELL = Side.BUY, Side.SELL
FAK, FOK, GTD = TimeInForce.FAK, TimeInForce.FOK, TimeInForce.GTD


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_order_that_meets_nobody_rests_and_its_account_is_told(stage: Stage) -> None:
    answer = stage.ask(ANN, BUY, "0.48", 10, post_only=True)
    assert answer == Placed(answer.order_id, "live")  # type: ignore[union-attr]
    assert stage.story(ANN) == ["PLACEMENT LIVE 0"]
    assert [order.order_id for order in stage.venue.orders(ANN)] == [answer.order_id]  # type: ignore[union-attr]


def test_a_trade_tells_both_sides_and_moves_money_and_shares(stage: Stage) -> None:
    resting = stage.order(ANN, SELL, "0.5", 10)
    answer = stage.ask(BOB, BUY, "0.6", 10)
    assert isinstance(answer, Placed)
    assert (answer.status, answer.making, answer.taking) == ("matched", 5 * USD, 10 * SHARE)
    assert len(answer.trade_ids) == 1
    stage.wait(0)
    assert (stage.money(ANN), stage.shares(ANN)) == (1_005, 990)
    assert (stage.money(BOB), stage.shares(BOB)) == (995, 1_010)
    assert stage.status(resting) == "MATCHED"
    events = stage.events()
    assert [type(event).__name__ for event in events[:5]] == [
        "OrderEvent", "OrderEvent", "OrderEvent", "TradeEvent", "TradeEvent",
    ]  # fmt: skip


def test_the_story_of_a_maker(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 6)
    stage.wait(0)
    way = ["TRADE MATCHED", "TRADE MINED", "TRADE CONFIRMED"]
    assert stage.story(ANN) == ["PLACEMENT LIVE 0", "UPDATE LIVE 6", *way]


def test_the_story_of_a_taker(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 6)
    stage.order(BOB, BUY, "0.5", 10)
    stage.wait(0)
    assert stage.story(BOB) == [
        "PLACEMENT LIVE 0",
        "TRADE MATCHED",
        "UPDATE LIVE 6",
        "TRADE MINED",
        "TRADE CONFIRMED",
    ]


def test_two_buyers_mint_and_two_sellers_burn_sets(stage: Stage) -> None:
    stage.order(ANN, BUY, "0.45", 10, token=stage.no)
    stage.order(BOB, BUY, "0.6", 10)
    stage.wait(0)
    assert (stage.money(ANN), stage.shares(ANN, stage.no)) == (995.5, 1_010)
    assert (stage.money(BOB), stage.shares(BOB)) == (994.5, 1_010)
    stage.order(ANN, SELL, "0.45", 10, token=stage.no)
    stage.order(BOB, SELL, "0.5", 10)
    stage.wait(0)
    assert (stage.money(ANN), stage.money(BOB)) == (1_000, 1_000)
    stage.venue.check()


def test_a_leg_is_in_the_makers_own_terms(stage: Stage) -> None:
    stage.order(ANN, BUY, "0.45", 10, token=stage.no)
    stage.order(BOB, BUY, "0.6", 10)
    (trade,) = stage.venue.trades(BOB)
    (leg,) = trade.legs
    assert (trade.token, trade.side, trade.price) == (stage.yes, BUY, 5_500)
    assert (leg.token, leg.side, leg.price, leg.account) == (stage.no, BUY, 4_500, ANN)


def test_a_market_buy_spends_its_budget_to_the_last_unit(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.37", 20)
    stage.order(ANN, SELL, "0.41", 20)
    answer = stage.ask(BOB, BUY, "0.5", usd=10, tif=FAK)
    assert isinstance(answer, Placed)
    assert answer.making == 10 * USD
    assert answer.taking == 20 * SHARE + (10 * USD - 7_400_000) * 10_000 // 4_100
    assert len(answer.trade_ids) == 2
    shown = stage.venue.order(answer.order_id)
    assert shown is not None
    assert (shown.original, shown.status.value) == (10 * USD, "MATCHED")


def test_a_market_buy_that_finds_too_little_keeps_the_rest_of_its_money(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.4", 10)
    taken = stage.ask(BOB, BUY, "0.5", usd=10, tif=FAK)
    assert isinstance(taken, Placed)
    assert (taken.status, taken.making, taken.taking) == ("matched", 4 * USD, 10 * SHARE)
    assert stage.status(taken.order_id) == "CANCELED"
    stage.wait(0)
    assert stage.money(BOB) == 996
    stage.order(ANN, SELL, "0.4", 10)
    assert "couldn't be fully filled" in stage.refused(BOB, BUY, "0.5", usd=10, tif=FOK)
    assert stage.order(BOB, BUY, "0.5", usd=4, tif=FOK)


def test_what_a_marketable_order_leaves_rests_with_its_reservation(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 10)
    order_id = stage.order(BOB, BUY, "0.5", 1_500)
    shown = stage.venue.order(order_id)
    assert shown is not None
    assert (shown.status.value, shown.matched) == ("LIVE", 10 * SHARE)
    assert "balance" in stage.refused(BOB, BUY, "0.4", 2_000)


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"price": "0.485"}, "breaks minimum tick size rule: 0.01"),
        ({"price": "0.003"}, "Price (0.003) breaks minimum tick size rule: 0.01"),
        ({"price": "1"}, "breaks minimum tick size rule"),
        ({"shares": 4.99}, "Size (4.99) lower than the minimum: 5"),
        ({"shares": 3_000}, "not enough balance / allowance: the balance is not enough -> balance: 1000000000, sum of"),
        ({"shares": 3_000}, "sum of active orders: 0, order amount: 1440000000"),
        ({"side": SELL, "price": "0.9", "shares": 1_001}, "balance: 1000000000, sum of active orders: 0"),
        ({"price": "0.6", "post_only": True}, "invalid post-only order: order crosses book"),
        ({"shares": None, "usd": 5, "tif": FAK, "post_only": True}, "INVALID_POST_ONLY_ORDER_TYPE"),
        ({"shares": None, "usd": 5, "tif": FAK}, NO_MATCH.text),
        ({"shares": None, "usd": 5, "tif": FOK}, NOT_FILLED.text),
        ({"shares": None, "usd": 0.99, "tif": FAK}, "invalid amount for a marketable BUY order ($0.99), min size: $1"),
        ({"expires_at": 1}, "invalid expiration"),
        ({"tif": GTD}, "invalid expiration"),
        ({"tif": GTD, "expires_at": START // SECOND + 179}, "invalid expiration"),
        ({"token": "77"}, "No orderbook exists for the requested token id"),
        ({"usd": 5}, "Invalid order payload"),
        ({"shares": None}, "Invalid order payload"),
        ({"tif": FAK}, "Invalid order payload"),
        ({"account": EVE}, "balance: 0, sum of active orders: 0"),
    ],
)  # fmt: skip
def test_a_refusal_says_the_venues_own_sentence_and_changes_nothing(
    stage: Stage, how: dict[str, object], text: str
) -> None:
    stage.order(BOB, SELL, "0.55", 1_000)
    stage.events()
    terms = {"account": ANN, "side": BUY, "price": "0.48", "shares": 10, **how}
    assert text in stage.refused(**terms)  # type: ignore[arg-type]  # test words
    assert stage.events() == []
    assert stage.touch() == (None, 5_500)
    assert stage.order(ANN, BUY, "0.5", 2_000)  # nothing was left reserved


def test_a_cheap_marketable_buy_is_refused_below_one_dollar(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.1", 100)
    assert "($0.5), min size: $1" in stage.refused(BOB, BUY, "0.1", 5)
    assert stage.order(BOB, BUY, "0.09", 5)


def test_the_same_hash_is_refused_in_any_state(stage: Stage) -> None:
    first = stage.terms(ANN, BUY, "0.48", 10)
    stage.venue.place(first, stage.now)
    again = stage.venue.place(first, stage.now)
    assert again == Refusal(f"order {first.order_id} is invalid. Duplicated.")
    stage.venue.cancel(ANN, [first.order_id], stage.now)
    assert stage.venue.place(first, stage.now) == again


def test_banned_and_closed_only_accounts(stage: Stage) -> None:
    stage.venue.restrict(ANN, closed_only=True)
    assert stage.refused(ANN, BUY, "0.4", 10) == f"'{ANN}' address in closed only mode"
    assert stage.order(ANN, SELL, "0.6", 10)
    assert stage.venue.closed_only(ANN)
    stage.venue.restrict(ANN, banned=True)
    assert stage.refused(ANN, SELL, "0.6", 10) == f"'{ANN}' address banned"


# --- balance and reservation -----------------------------------------------------------------------------------------


def test_one_dollar_backs_one_order_a_market_but_orders_in_several_markets() -> None:
    stage = Stage(still(), _second())
    stage.order(ANN, BUY, "0.5", 2_000)
    assert "sum of active orders: 1000000000, order amount: 2500000" in stage.refused(ANN, BUY, "0.5", 5)
    assert stage.order(ANN, BUY, "0.5", 2_000, token=stage.listings[1].market.yes)


def test_a_fill_takes_away_what_it_backed_elsewhere_newest_first() -> None:
    stage = Stage(still(), _second())
    other = stage.listings[1].market.yes
    old, new = (stage.order(ANN, BUY, "0.5", shares, token=other) for shares in (600, 1_000))
    stage.order(ANN, BUY, "0.5", 1_000)
    stage.order(BOB, SELL, "0.5", 1_000)
    assert stage.status(new) == "CANCELED_NOT_ENOUGH_BALANCE"
    assert stage.status(old) == "LIVE"
    assert "CANCELLATION CANCELED_NOT_ENOUGH_BALANCE 0" in stage.story(ANN)


def test_money_paid_out_takes_the_orders_it_backed(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.5", 1_000)
    stage.venue.fund(ANN, -900 * USD, stage.now)
    assert stage.status(order_id) == "CANCELED_NOT_ENOUGH_BALANCE"
    assert stage.touch() == (None, None)


def test_shares_taken_away_take_the_sells_they_backed(stage: Stage) -> None:
    order_id = stage.order(ANN, SELL, "0.5", 1_000)
    stage.venue.give(ANN, stage.yes, -1 * SHARE, stage.now)
    assert stage.status(order_id) == "CANCELED_NOT_ENOUGH_BALANCE"


def test_an_allowance_limits_what_orders_may_take(stage: Stage) -> None:
    stage.venue.allow(ANN, "COLLATERAL", 4 * USD)
    text = stage.refused(ANN, BUY, "0.5", 10)
    assert "the allowance is not enough -> allowance: 4000000" in text
    stage.venue.allow(ANN, "COLLATERAL", None)
    assert stage.order(ANN, BUY, "0.5", 10)


# --- cancels ---------------------------------------------------------------------------------------------------------


def test_cancels_say_what_became_of_every_id(stage: Stage) -> None:
    live, gone = (stage.order(ANN, BUY, "0.4", 10) for _ in range(2))
    matched = stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 10)
    foreign = stage.order(BOB, BUY, "0.3", 10)
    stage.venue.cancel(ANN, [gone], stage.now)
    answer = stage.venue.cancel(ANN, [live, gone, matched, foreign, "0xno"], stage.now)
    assert answer == Cancels(
        (live,),
        {
            gone: "Order already canceled",
            matched: "Order already matched",
            foreign: "Order not found",
            "0xno": "Order not found",
        },
    )
    assert stage.venue.cancel(ANN, [live, live], stage.now) == Cancels((), {live: "Order already canceled"})


def test_cancel_all_and_cancel_market_choose_by_key_and_by_token() -> None:
    stage = Stage(still(), _second())
    here = stage.order(ANN, BUY, "0.4", 10)
    there = stage.order(ANN, BUY, "0.4", 10, token=stage.listings[1].market.yes)
    keyed = stage.order(ANN, SELL, "0.6", 10, owner="other")
    venue, now = stage.venue, stage.now
    assert venue.cancel_market(ANN, stage.listings[1].market.condition_id, None, now) == Cancels((there,))
    assert venue.cancel_all(ANN, now, owner="other") == Cancels((keyed,))
    assert venue.cancel_market(ANN, None, stage.no, now) == Cancels()
    assert venue.cancel_all(ANN, now) == Cancels((here,))
    assert venue.orders(ANN) == []


# --- time ------------------------------------------------------------------------------------------------------------


def test_a_gtd_order_is_dropped_a_minute_before_its_end(stage: Stage) -> None:
    order_id = stage.order(ANN, BUY, "0.4", 10, tif=GTD, expires_at=START // SECOND + 180)
    stage.wait(119.9)
    assert stage.status(order_id) == "LIVE"
    stage.wait(0.1)
    assert stage.status(order_id) == "CANCELED_EXPIRED_ORDER"
    assert stage.story(ANN)[-1] == "CANCELLATION CANCELED_EXPIRED_ORDER 0"
    assert stage.touch() == (None, None)


def test_an_order_placed_after_an_expiry_was_due_does_not_meet_the_expired_one(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 10, tif=GTD, expires_at=START // SECOND + 180)
    answer = stage.venue.place(stage.terms(BOB, BUY, "0.5", 10), START + 121 * SECOND)
    assert isinstance(answer, Placed)
    assert answer.status == "live"


def test_a_sports_market_holds_a_marketable_order_for_three_seconds() -> None:
    stage = Stage(still(seconds_delay=3))
    stage.order(ANN, SELL, "0.5", 10)
    answer = stage.ask(BOB, BUY, "0.5", 10)
    assert isinstance(answer, Placed)
    assert (answer.status, answer.making, answer.final_at) == ("delayed", 0, None)
    assert stage.status(answer.order_id) == "DELAYED"
    refused = stage.venue.cancel(BOB, [answer.order_id], stage.now)
    assert refused == Cancels((), {answer.order_id: "order match delayed due to market conditions"})
    stage.wait(2.9)
    assert stage.shares(BOB) == 1_000
    stage.wait(0.2)
    assert (stage.status(answer.order_id), stage.shares(BOB)) == ("MATCHED", 1_010)


def test_a_maker_may_leave_during_the_delay_and_the_taker_then_rests() -> None:
    stage = Stage(still(seconds_delay=3))
    resting = stage.order(ANN, SELL, "0.5", 10)
    taker = stage.order(BOB, BUY, "0.5", 10)
    stage.venue.cancel(ANN, [resting], stage.now)
    stage.wait(3)
    assert stage.status(taker) == "LIVE"
    assert stage.touch() == (5_000, None)


def test_a_held_order_that_finds_nobody_any_more_is_unmatched() -> None:
    stage = Stage(still(seconds_delay=3))
    resting = stage.order(ANN, SELL, "0.5", 10)
    taker = stage.order(BOB, BUY, "0.5", usd=5, tif=FAK)
    stage.venue.cancel(ANN, [resting], stage.now)
    stage.wait(3)
    assert stage.status(taker) == "UNMATCHED"
    assert stage.story(BOB) == ["PLACEMENT DELAYED 0", "CANCELLATION UNMATCHED 0"]


def test_a_taker_delay_of_a_quarter_second_ends_with_the_final_answer() -> None:
    stage = Stage(still(taker_delay=True))
    stage.order(ANN, SELL, "0.5", 10)
    answer = stage.ask(BOB, BUY, "0.5", 10)
    assert isinstance(answer, Placed)
    assert answer.final_at == stage.now + SECOND // 4
    assert stage.venue.outcome(answer.order_id).status == "delayed"
    stage.wait(0.25)
    final = stage.venue.outcome(answer.order_id)
    assert isinstance(final, Placed)
    assert (final.status, final.taking) == ("matched", 10 * SHARE)


def test_the_final_answer_of_a_held_order_can_be_a_refusal() -> None:
    stage = Stage(still(taker_delay=True))
    resting = stage.order(ANN, SELL, "0.5", 10)
    taker = stage.order(BOB, BUY, "0.5", usd=5, tif=FAK)
    stage.venue.cancel(ANN, [resting], stage.now)
    stage.wait(0.25)
    final = stage.venue.outcome(taker)
    assert isinstance(final, Refusal)
    assert "no orders found to match with FAK order" in final.text


def test_passive_orders_are_not_held() -> None:
    stage = Stage(still(seconds_delay=3))
    assert stage.ask(ANN, BUY, "0.4", 10) == Placed(f"0x{1:064x}", "live")


def _second() -> object:
    from pmm.sim.catalog import quiet_listings

    (listing,) = quiet_listings(1)
    return replace(listing, fees=still().fees)

from __future__ import annotations

from random import Random

import pytest

from pmm.model import SHARE, Price, Side, TimeInForce, parse_price
from pmm.sim.matching import (
    ASK,
    BID,
    Fill,
    LevelChange,
    MatchingMarket,
    Outcome,
    Reason,
    Report,
    Status,
    maker_cash,
    taker_cash,
)
from tests.sim.reference import SlowMatcher

YES, NO = Outcome.YES, Outcome.NO
BUY, SELL = Side.BUY, Side.SELL
FAK, FOK = TimeInForce.FAK, TimeInForce.FOK


@pytest.fixture
def market() -> MatchingMarket:
    return MatchingMarket(tick=100, size_min=5 * SHARE)


def place(
    market: MatchingMarket, name: str, outcome: Outcome, side: Side, price: str, shares: int, **how: object
) -> Report:
    return market.submit(name, outcome, side, parse_price(price), shares * SHARE, **how)  # type: ignore[arg-type]  # test words


def levels(market: MatchingMarket, side: int) -> list[tuple[Price, int]]:
    return [(price, size // SHARE) for price, size in market.levels(side)]


def test_an_order_that_meets_nobody_rests(market: MatchingMarket) -> None:
    report = place(market, "a", YES, BUY, "0.48", 10)
    assert (report.status, report.left, report.fills) == (Status.LIVE, 10 * SHARE, ())
    assert report.levels == (LevelChange(BID, 4_800, 10 * SHARE),)
    assert (market.best_bid, market.best_ask) == (4_800, None)


def test_buying_no_is_selling_yes_at_the_rest_of_a_dollar(market: MatchingMarket) -> None:
    place(market, "a", NO, BUY, "0.48", 10)
    place(market, "b", NO, SELL, "0.55", 20)
    assert levels(market, ASK) == [(5_200, 10)]
    assert levels(market, BID) == [(4_500, 20)]


def test_the_better_price_trades_first_and_the_older_order_before_the_newer(market: MatchingMarket) -> None:
    for name, price in (("late", "0.52"), ("best", "0.51"), ("later", "0.52")):
        place(market, name, YES, SELL, price, 10)
    report = place(market, "taker", YES, BUY, "0.52", 25)
    assert [fill.order_id for fill in report.fills] == ["best", "late", "later"]
    assert [fill.size // SHARE for fill in report.fills] == [10, 10, 5]
    assert levels(market, ASK) == [(5_200, 5)]


def test_the_trade_is_at_the_makers_price_and_the_taker_keeps_the_improvement(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.51", 10)
    report = place(market, "taker", YES, BUY, "0.6", 10)
    assert [fill.price_yes for fill in report.fills] == [5_100]
    assert report.status is Status.MATCHED


def test_two_buyers_of_opposite_outcomes_meet_when_a_dollar_covers_both(market: MatchingMarket) -> None:
    place(market, "maker", NO, BUY, "0.45", 10)
    report = place(market, "taker", YES, BUY, "0.55", 10)
    fill = report.fills[0]
    assert (fill.outcome, fill.side, fill.price_yes) == (NO, BUY, 5_500)


def test_what_a_limit_order_leaves_unmatched_rests(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.5", 10)
    report = place(market, "taker", YES, BUY, "0.5", 30)
    assert (report.status, report.left) == (Status.LIVE, 20 * SHARE)
    assert report.levels == (LevelChange(ASK, 5_000, 0), LevelChange(BID, 5_000, 20 * SHARE))


def test_a_post_only_order_that_would_trade_is_refused_and_changes_nothing(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.5", 10)
    report = place(market, "taker", YES, BUY, "0.5", 10, post_only=True)
    assert (report.status, report.reason) == (Status.REJECTED, Reason.CROSSES)
    assert levels(market, ASK) == [(5_000, 10)]
    assert market.best_bid is None


def test_fill_and_kill_takes_what_there_is_and_forgets_the_rest(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.5", 10)
    report = place(market, "taker", YES, BUY, "0.5", 30, tif=FAK)
    assert (report.status, report.left) == (Status.KILLED, 20 * SHARE)
    assert len(market) == 0


def test_fill_or_kill_is_all_or_nothing(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.5", 10)
    place(market, "dear", YES, SELL, "0.6", 10)
    assert place(market, "a", YES, BUY, "0.5", 11, tif=FOK).reason is Reason.NOT_FILLED
    assert place(market, "b", YES, BUY, "0.6", 20, tif=FOK).status is Status.MATCHED


@pytest.mark.parametrize(
    ("price", "shares", "how", "reason"),
    [
        ("0.485", 10, {}, Reason.OFF_TICK),
        ("0", 10, {}, Reason.OFF_TICK),
        ("1", 10, {}, Reason.OFF_TICK),
        ("-0.1", 10, {}, Reason.OFF_TICK),
        ("0.48", 4, {}, Reason.TOO_SMALL),
        ("0.48", -5, {}, Reason.TOO_SMALL),
        ("0.48", 10, {"tif": FAK}, Reason.NO_MATCH),
        ("0.48", 10, {"tif": FOK}, Reason.NOT_FILLED),
        ("0.48", 10, {"tif": FAK, "post_only": True}, Reason.POST_ONLY_TYPE),
    ],
)
def test_a_request_that_cannot_stand_is_refused_with_its_reason(
    market: MatchingMarket, price: str, shares: int, how: dict[str, object], reason: Reason
) -> None:
    report = place(market, "x", YES, BUY, price, shares, **how)
    assert (report.status, report.reason, report.levels) == (Status.REJECTED, reason, ())
    assert len(market) == 0


def test_an_order_id_rests_only_once(market: MatchingMarket) -> None:
    place(market, "a", YES, BUY, "0.48", 10)
    assert place(market, "a", YES, BUY, "0.47", 10).reason is Reason.DUPLICATED


def test_a_cancel_takes_the_order_off_its_level_and_a_second_one_finds_nothing(market: MatchingMarket) -> None:
    place(market, "a", YES, BUY, "0.48", 10)
    place(market, "b", YES, BUY, "0.48", 20)
    assert market.cancel("a").levels == (LevelChange(BID, 4_800, 20 * SHARE),)
    assert market.cancel("a").reason is Reason.UNKNOWN


def test_a_tick_that_the_venue_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="tick"):
        MatchingMarket(tick=37)


@pytest.mark.parametrize("tick", [1_000, 100, 25, 10, 1])
def test_random_orders_match_as_they_do_by_hand(tick: int) -> None:
    dice = Random(tick)
    market, slow = MatchingMarket(tick), SlowMatcher()
    for number in range(3_000):
        name = str(number)
        if dice.random() < 0.35:
            wanted = str(dice.randrange(number + 1))
            assert (market.cancel(wanted).status is Status.CANCELED) == slow.cancel(wanted)
            continue
        order = (
            name,
            Outcome(dice.getrandbits(1)),
            dice.choice((BUY, SELL)),
            max(1, min(10_000 // tick - 1, round(dice.gauss(5_000 // tick, 4)))) * tick,
            dice.randrange(1, 50),
        )
        tif = dice.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, FAK, FOK))
        post_only = dice.random() < 0.2
        report = market.submit(*order, tif=tif, post_only=post_only)
        expected = slow.submit(*order, tif, post_only=post_only)
        assert (report.status is Status.REJECTED) == (expected is None)
        assert [(fill.order_id, fill.price_yes, fill.size) for fill in report.fills] == (expected or [])
        assert list(market.levels(BID)) == slow.levels(buys=True)
        assert list(market.levels(ASK)) == slow.levels(buys=False)


def test_level_changes_alone_rebuild_the_book() -> None:
    dice = Random(5)
    market = MatchingMarket()
    mirror: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for number in range(2_000):
        report = (
            market.cancel(str(dice.randrange(number + 1)))
            if dice.random() < 0.4
            else market.submit(str(number), YES, dice.choice((BUY, SELL)), dice.randrange(45, 56) * 100, 7)
        )
        for side, price, size in report.levels:
            mirror[side][price] = size
    for side in (BID, ASK):
        assert {price: size for price, size in mirror[side].items() if size} == dict(market.levels(side))
        assert all(market.size_at(side, price) == size for price, size in mirror[side].items())


def test_no_share_is_made_or_lost() -> None:
    dice = Random(9)
    market = MatchingMarket()
    submitted = traded = canceled = killed = 0
    for number in range(2_000):
        size = dice.randrange(1, 30)
        report = market.submit(
            str(number),
            YES,
            dice.choice((BUY, SELL)),
            dice.randrange(45, 56) * 100,
            size,
            tif=dice.choice((TimeInForce.GTC, FAK)),
        )
        if report.status is not Status.REJECTED:
            submitted += size
            traded += 2 * sum(fill.size for fill in report.fills)
            killed += report.left if report.status is Status.KILLED else 0
        if dice.random() < 0.3:
            canceled += market.cancel(str(dice.randrange(number + 1))).left
    resting = sum(order.left for order in market.orders())
    assert submitted == traded + canceled + killed + resting


# --- budgets, another grid -------------------------------------------------------------------------------------------


def test_a_size_below_the_minimum_is_refused_only_where_it_could_rest(market: MatchingMarket) -> None:
    place(market, "maker", YES, SELL, "0.5", 10)
    assert place(market, "a", YES, BUY, "0.5", 2).reason is Reason.TOO_SMALL
    assert place(market, "b", YES, BUY, "0.5", 2, tif=FAK).status is Status.MATCHED


def test_a_budget_is_spent_to_the_last_unit_through_several_prices(market: MatchingMarket) -> None:
    place(market, "a", YES, SELL, "0.37", 10)
    place(market, "b", NO, BUY, "0.59", 10)
    report = market.submit("x", YES, BUY, 5_000, 1, tif=FAK, budget=5_000_000)
    spent = sum(taker_cash(fill, BUY, maker_cash(fill)) for fill in report.fills)
    assert (spent, report.left, report.status) == (5_000_000, 0, Status.MATCHED)
    assert [fill.order_id for fill in report.fills] == ["a", "b"]
    assert report.levels[-1] == LevelChange(ASK, 4_100, market.size_at(ASK, 4_100))


def test_a_budget_that_finds_too_little_is_left_over_or_kills_the_order(market: MatchingMarket) -> None:
    place(market, "a", YES, SELL, "0.4", 10)
    assert market.submit("x", YES, BUY, 5_000, 1, tif=FOK, budget=4_000_001).reason is Reason.NOT_FILLED
    report = market.submit("y", YES, BUY, 5_000, 1, tif=FAK, budget=5_000_000)
    assert (report.left, report.status) == (1_000_000, Status.KILLED)


def test_any_budget_is_spent_completely_where_there_is_enough() -> None:
    dice = Random(3)
    for number in range(2_000):
        market = MatchingMarket(tick=1)
        outcome = Outcome(dice.getrandbits(1))
        for maker in range(4):
            market.submit(str(maker), outcome, SELL, dice.randrange(1, 10_000), dice.randrange(1, 10**7))
        budget = dice.randrange(1, 10**6)
        report = market.submit(f"x{number}", outcome, BUY, 9_999, 1, tif=FOK, budget=budget)
        spent = sum(taker_cash(fill, BUY, maker_cash(fill)) for fill in report.fills)
        assert spent == (0 if report.status is Status.REJECTED else budget)


def test_both_sides_of_a_trade_add_up_whatever_the_price() -> None:
    dice = Random(8)
    for _ in range(2_000):
        price, size = dice.randrange(1, 10_000), dice.randrange(1, 10**9)
        maker_side, taker_side = dice.choice((BUY, SELL)), dice.choice((BUY, SELL))
        fill = Fill("m", "", dice.choice((YES, NO)), maker_side, price, size, 0)
        maker = maker_cash(fill)
        taker = taker_cash(fill, taker_side, maker)
        assert maker + taker == (size if maker_side is taker_side else 2 * maker)
        assert min(maker, taker) >= 0


def test_a_finer_grid_keeps_every_order_and_its_place() -> None:
    market = MatchingMarket(tick=100)
    for name in ("first", "second"):
        place(market, name, YES, BUY, "0.4", 10)
    place(market, "ask", NO, BUY, "0.45", 10)
    assert market.change_tick(10) == []
    assert (market.best_bid, market.best_ask) == (4_000, 5_500)
    assert [fill.order_id for fill in place(market, "x", YES, SELL, "0.399", 15).fills] == ["first", "second"]


def test_a_coarser_grid_names_the_orders_that_it_does_not_hold() -> None:
    market = MatchingMarket(tick=10)
    for name, price in (("off", "0.405"), ("on", "0.4"), ("edge", "0.995")):
        place(market, name, YES, BUY, price, 10)
    assert market.change_tick(100) == ["off", "edge"]
    assert levels(market, BID) == [(4_000, 10)]
    with pytest.raises(ValueError, match="tick"):
        market.change_tick(37)


def test_crossing_is_told_in_the_terms_of_the_order(market: MatchingMarket) -> None:
    place(market, "ask", YES, SELL, "0.5", 10)
    assert market.crosses(YES, BUY, 5_000)
    assert not market.crosses(YES, BUY, 4_900)
    assert market.crosses(NO, SELL, 5_000)
    assert not market.crosses(NO, SELL, 5_100)

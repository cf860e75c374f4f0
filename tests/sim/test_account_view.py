"""What an account sees: its own orders and trades, its notices, and whether an order scores."""

from __future__ import annotations

import pytest

from pmm.model import SECOND, Side
from pmm.sim.venue import OrderEvent
from tests.sim.stage import ANN, BOB, EVE, START, Stage

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_account_sees_its_own_orders_and_trades_alone(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 5)
    stage.rich(EVE)
    assert [len(stage.venue.trades(account)) for account in (ANN, BOB, EVE)] == [1, 1, 0]
    assert [len(stage.venue.orders(account)) for account in (ANN, BOB, EVE)] == [1, 0, 0]
    assert stage.events(EVE) == []


def test_trades_are_filtered_by_market_token_and_time(stage: Stage) -> None:
    stage.order(ANN, BUY, "0.5", 10, token=stage.no)
    stage.order(BOB, BUY, "0.5", 5)
    stage.wait(10)
    stage.order(BOB, BUY, "0.5", 5)
    venue, later = stage.venue, START + 5 * SECOND
    assert len(venue.trades(ANN)) == 2
    assert [trade.matched_at for trade in venue.trades(ANN, after=later)] == [START + 10 * SECOND]
    assert [trade.matched_at for trade in venue.trades(ANN, before=later)] == [START]
    assert len(venue.trades(ANN, token=stage.no)) == 2
    assert venue.trades(ANN, token=stage.yes) == []
    assert venue.trades(ANN, market="0x0") == []


def test_somebody_who_trades_with_oneself_is_told_once(stage: Stage) -> None:
    stage.order(ANN, SELL, "0.5", 10)
    stage.order(ANN, BUY, "0.5", 10)
    stage.wait(0)
    assert stage.story(ANN).count("TRADE MATCHED") == 1
    assert (stage.money(ANN), stage.shares(ANN)) == (1_000, 1_000)
    stage.venue.check()


def test_events_that_nobody_hears_are_forgotten(stage: Stage) -> None:
    stage.order(ANN, BUY, "0.4", 10)
    assert stage.venue.user_events(heard=False) == []
    second = stage.order(ANN, BUY, "0.4", 10)
    assert [event.order.order_id for event in stage.venue.user_events() if isinstance(event, OrderEvent)] == [second]


def test_notifications_are_kept_until_they_are_dropped(stage: Stage) -> None:
    order_id = stage.order(ANN, SELL, "0.5", 10)
    stage.order(BOB, BUY, "0.5", 5)
    stage.venue.cancel(ANN, [order_id], stage.now)
    notices = stage.venue.notifications(ANN)
    assert [notice.kind for notice in notices] == [2, 1]
    stage.venue.drop_notifications(ANN, [notices[0].notice_id])
    assert stage.venue.notifications(ANN) == notices[1:]
    assert len(stage.venue.notifications(BOB)) == 1


def test_an_order_scores_when_it_is_large_and_near_the_middle(stage: Stage) -> None:
    near, far, small = (
        stage.order(ANN, BUY, price, shares) for price, shares in (("0.48", 100), ("0.44", 100), ("0.48", 19))
    )
    stage.order(BOB, SELL, "0.52", 100)
    scoring = stage.venue.scoring
    assert (scoring(near), scoring(far), scoring(small), scoring("0xno")) == (True, False, False, False)

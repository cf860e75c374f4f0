"""What could be lost at worst, and what is therefore not placed."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.account import OrderStatus, OwnOrder, TradeStatus
from pmm.core.exposure import Exposure
from pmm.core.orders import Orders
from pmm.core.outcomes import Stake, corners, event_loss, worst_loss
from pmm.core.position import Position
from pmm.core.settlement import Settlements
from pmm.events import AccountRead, Canceled, Filled, OrderShown, Settled, Unanswered
from pmm.model import GRID, SHARE, USD, Side
from pmm.strategies.fixed_spread import FixedSpreadParams
from tests.support.rules import limits
from tests.support.story import CONDITION, NO, YES, Story, market, placed, shares

# Whole cents of a share, so that money is exact and every corner can be counted out.
SIZES = st.integers(1, 10_000).map(lambda cents: cents * SHARE // 100)
STAKES = st.builds(Stake, st.sampled_from(Side), st.integers(1, GRID - 1), SIZES, st.booleans())


def position(yes=0.0, no=0.0, cash=0.0):
    held = Position(cash=round(cash * USD))
    held.yes_held.settled, held.no_held.settled = shares(yes), shares(no)
    return held


def test_a_purchase_may_lose_what_it_cost():
    assert worst_loss(position(yes=10, cash=-4.8), (), ()) == 4_800_000


def test_a_pair_loses_only_what_it_cost_beyond_a_dollar():
    assert worst_loss(position(yes=10, no=10, cash=-9.6), (), ()) == 0
    assert worst_loss(position(yes=10, no=10, cash=-10.4), (), ()) == 400_000


def test_two_quotes_cannot_both_lose():
    quotes = (Stake(Side.BUY, 4800, shares(10), True), Stake(Side.BUY, 4700, shares(10), False))
    assert worst_loss(position(), quotes, ()) == 4_800_000


def test_an_order_never_makes_the_worst_better():
    sale = Stake(Side.SELL, 5200, shares(10), True)
    assert worst_loss(position(yes=10, cash=-4.8), (sale,), ()) == 4_800_000


def test_a_pending_trade_that_saves_us_may_fail():
    # Bought ten YES for 4.80 and sold them for 5.20; when the sale fails, and NO wins, 4.80 are gone.
    sale = Stake(Side.SELL, 5200, shares(10), True)
    assert worst_loss(position(cash=0.4), (), ()) == 0
    assert worst_loss(position(cash=0.4), (), (sale,)) == 4_800_000


@given(st.lists(STAKES, max_size=4), st.lists(STAKES, max_size=3), st.integers(-(10**9), 10**9))
def test_the_worst_is_the_worst_of_all_corners(uncertain, pending, cash):
    held = Position(cash=cash)
    for stake in pending:
        held.apply(stake.side, stake.price, stake.size, is_yes=stake.is_yes)
    losses = []
    for happens in product((0, 1), repeat=len(uncertain) + len(pending)):
        for yes_wins in (True, False):
            stakes = zip((*uncertain, *pending), happens, strict=True)
            gain = sum(stake.gain(yes_wins=yes_wins) * happened for stake, happened in stakes)
            losses.append(-cash - gain // GRID)
    assert worst_loss(held, uncertain, pending) == max(0, *losses)


# --- in the engine ----------------------------------------------------------------------------------------------------


def capped(**caps):
    story = Story(rules=limits(**caps))
    story.open_market()
    return story


@pytest.mark.parametrize(
    ("caps", "kind"),
    [
        ({"order": 4_799_999}, "order notional"),
        ({"market": 4_799_999}, "market exposure"),
        ({"account": 4_799_999}, "account exposure"),
        ({"position": shares(9)}, "position limit"),
    ],
)
def test_an_order_that_would_pass_a_limit_is_denied_with_its_reason(caps, kind):
    story = capped(**caps)
    assert placed(story.step.commands) == []
    denials = [change for change in story.step.changes if change.new == "DENIED"]
    assert [change.cause.partition(":")[0] for change in denials] == [kind, kind]
    assert story.step.decisions[0].targets.reason.startswith(kind)
    assert list(story.engine.orders.open()) == []


def test_what_lies_exactly_at_a_limit_is_placed():
    story = capped(order=4_800_000, market=4_800_000, account=4_800_000, position=shares(10))
    assert len(placed(story.step.commands)) == 2


def test_a_denial_is_said_once_and_not_with_every_event():
    story = capped(order=1)
    denied = len([change for change in story.step.changes if change.new == "DENIED"])
    for cents in range(10):
        denied += len(story.touch(f"0.{40 + cents}", f"0.{42 + cents}").changes)
    assert denied == 2


def test_orders_in_doubt_trades_that_are_owed_and_orders_of_others_count_in_full():
    story = capped()
    exposure = story.engine.desk.exposure
    assert exposure.loss(CONDITION) == exposure.total == 4_800_000
    bid, ask = story.engine.orders.open()
    story.tell(Unanswered(story.at, bid.order_id, "time-out"))
    assert exposure.total == 4_800_000
    story.engine.paused = True
    story.tell(OrderShown(story.at, story.at, bid.order_id, OrderStatus.CANCELED, shares(5)))
    story.tell(Canceled(story.at, ask.order_id))
    assert exposure.total == 2_400_000
    story.tell(Filled(story.at, bid.order_id, "t1", 4800, shares(5)))
    assert exposure.total == 2_400_000
    theirs = OwnOrder("x", "0xx", CONDITION, YES, Side.BUY, 5000, shares(10), 0, OrderStatus.LIVE, 0)
    story.tell(AccountRead(story.at, story.at, (theirs,)))
    assert exposure.total == 7_400_000
    story.tell(AccountRead(story.at, story.at, failed="time-out"))
    assert exposure.total == 7_400_000
    story.tell(AccountRead(story.at, story.at))
    assert exposure.total == 2_400_000


def test_a_ghost_fill_is_not_bought_again_beyond_the_cap():
    story = Story(FixedSpreadParams(position_limit=shares(20)), rules=limits(market=9_700_000))
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    story.accept()
    order_id = next(step.fills[0].order_id for step in story.history if step.fills)
    story.tell(Settled(story.at, order_id, "t1", TradeStatus.RETRYING))
    step = story.fill("bid", 10, "t2")
    assert [place for place in placed(step.commands) if place.token == YES] == []
    assert story.engine.desk.exposure.loss(CONDITION) <= 9_700_000


def test_an_order_in_an_unknown_market_of_others_counts_too():
    story = capped()
    foreign = [
        OwnOrder("x", "0xx", "0xother", token, Side.BUY, 5000, shares(10), 0, OrderStatus.LIVE, 0)
        for token in (YES, NO)
    ]
    story.tell(AccountRead(story.at, story.at, tuple(foreign)))
    assert story.engine.desk.exposure.loss("0xother") == 5_000_000


def test_markets_add_up():
    story = capped()
    foreign = OwnOrder("x", "0xx", "0xother", YES, Side.BUY, 5000, shares(10), 0, OrderStatus.LIVE, 0)
    story.tell(AccountRead(story.at, story.at, (foreign,)))
    assert story.engine.desk.exposure.total == 9_800_000


def test_beyond_a_limit_what_makes_nothing_worse_is_still_placed():
    story = Story(FixedSpreadParams(position_limit=shares(10)), rules=limits(market=4_800_000))
    story.open_market()
    story.accept()
    order_id = next(order.order_id for order in story.engine.orders.open() if order.quote == "bid")
    story.fill("bid", 10)
    story.tell(Settled(story.at, order_id, "t1", TradeStatus.CONFIRMED))
    foreign = OwnOrder("x", "0xx", CONDITION, YES, Side.BUY, 5000, shares(10), 0, OrderStatus.LIVE, 0)
    story.tell(AccountRead(story.at, story.at, (foreign,)))
    assert story.engine.desk.exposure.loss(CONDITION) == 9_800_000
    (ask,) = story.engine.orders.open()
    step = story.tell(Canceled(story.at, ask.order_id))
    assert [(place.token, place.side) for place in placed(step.commands)] == [(YES, Side.SELL)]


# --- events -----------------------------------------------------------------------------------------------------------


def event_exposure(*markets, event_size=None):
    """An exposure over markets of one event, and the positions in it by market."""
    orders, settlements, positions = Orders(), Settlements(), {}
    exposure = Exposure(orders, settlements, lambda name: positions.setdefault(name, Position()))
    for name in markets:
        listed = replace(market(condition=name), neg_risk_id="event", event_size=event_size)
        exposure.list_market(listed)
    return exposure, positions


def buy(exposure, positions, name, price, size, *, is_yes):
    held = positions.setdefault(name, Position())
    held.apply(Side.BUY, price, shares(size), is_yes=is_yes)
    exposure.changed(name)


def test_markets_of_one_event_are_counted_by_their_common_pay_off():
    exposure, positions = event_exposure("a", "b")
    buy(exposure, positions, "a", 6000, 10, is_yes=False)
    buy(exposure, positions, "b", 7000, 10, is_yes=False)
    assert (exposure.loss("a"), exposure.loss("b")) == (6 * USD, 7 * USD)
    assert exposure.event_loss("a") == exposure.event_loss("b") == exposure.total == 3 * USD


def test_one_more_order_is_judged_by_what_its_event_could_lose():
    exposure, positions = event_exposure("a", "b", "c", event_size=3)
    buy(exposure, positions, "a", 6000, 10, is_yes=False)
    other_no, yes = Stake(Side.BUY, 6000, shares(10), False), Stake(Side.BUY, 3000, shares(10), True)
    # NO of b pays where a wins and the other NO does not; but it need not trade.
    assert exposure.event_with("b", other_no) == 6 * USD
    assert exposure.event_with("b", yes) == exposure.total_with("b", yes) == 9 * USD
    assert exposure.loss_with("b", yes) == 3 * USD
    assert exposure.total == 6 * USD


def test_the_event_of_a_market_is_learnt_late_and_may_change():
    exposure, positions = event_exposure("a")
    buy(exposure, positions, "a", 6000, 10, is_yes=False)
    buy(exposure, positions, "b", 7000, 10, is_yes=False)
    assert exposure.total == 13 * USD
    exposure.list_market(replace(market(condition="b"), neg_risk_id="event"))
    assert exposure.total == 3 * USD
    exposure.list_market(replace(market(condition="b"), neg_risk_id="another"))
    assert exposure.total == 13 * USD


@given(st.lists(st.tuples(st.sampled_from("abcx"), st.integers(1, GRID - 1), SIZES, st.booleans()), max_size=12))
def test_the_total_that_is_kept_up_is_the_total_that_is_counted_anew(trades):
    exposure, positions = event_exposure("a", "b", "c")
    for name, price, size, is_yes in trades:
        positions.setdefault(name, Position()).apply(Side.BUY, price, size, is_yes=is_yes)
        exposure.changed(name)
        counted = event_loss([corners(positions.get(one, Position()), (), ()) for one in "abc"], other=True)
        assert exposure.total == counted + worst_loss(positions.get("x", Position()), (), ())

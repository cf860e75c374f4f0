"""Wanted against working: the fewest commands, and never two orders in one slot."""

from dataclasses import replace

from pmm.core.orders import Order
from pmm.core.reconcile import reconcile
from pmm.core.view import QuoteSide, Target, Targets
from pmm.model import Side
from tests.support.story import CONDITION, YES, shares

TEN = shares(10)


def order(price=4800, reference2=10_000, state="LIVE", quote=QuoteSide.BID, size=TEN, filled=0):
    return Order("o1", CONDITION, YES, Side.BUY, price, size, quote, price, reference2, 0, state=state, filled=filled)


def bid(price=4800, reference2=10_000, size=TEN):
    return Targets((Target(price, size, reference2),))


def plan(targets, *working, at=0):
    return reconcile(targets, working, requote_threshold=200, tick=100, at=at)


def test_an_empty_slot_is_filled():
    assert plan(bid()).places == ((QuoteSide.BID, Target(4800, TEN, 10_000)),)


def test_a_right_order_is_left_alone():
    assert plan(bid(), order()).empty


def test_a_reference_that_moved_less_than_the_threshold_moves_nothing():
    assert plan(bid(price=4900, reference2=10_000 + 398), order()).empty


def test_a_reference_that_moved_by_the_threshold_requotes_by_cancelling_first():
    requote = plan(bid(price=5000, reference2=10_400), order())
    assert [gone.order_id for gone in requote.cancels] == ["o1"]
    assert requote.places == ()


def test_a_cancel_under_way_is_not_repeated_and_blocks_the_slot():
    assert plan(bid(price=5000, reference2=10_400), order(state="CANCEL_PENDING")).empty


def test_an_unwanted_order_is_cancelled_also_before_it_is_acknowledged():
    assert plan(Targets(), order(state="SENT")).cancels
    assert plan(Targets(), order(state="UNKNOWN")).cancels


def test_an_order_of_unknown_fate_keeps_its_slot():
    assert plan(bid(), order(state="UNKNOWN")).places == ()


def test_an_order_off_the_grid_gives_way():
    assert plan(bid(), order(price=4850)).cancels


def test_an_order_larger_than_wanted_gives_way():
    assert plan(bid(size=shares(6)), order()).cancels


def test_a_small_bite_leaves_the_order_its_queue_place_and_a_large_one_does_not():
    assert plan(bid(), order(filled=shares(5))).empty
    assert plan(bid(), order(filled=shares(5) + 1)).cancels


def test_the_sides_are_judged_apart():
    ask = Targets(bid().bids, (Target(5200, TEN, 10_000),))
    assert [side for side, _ in plan(ask, order()).places] == [QuoteSide.ASK]


def test_an_order_gives_way_before_its_end_whatever_the_price_did():
    ending = order()
    ending.refresh_at = 240
    assert plan(bid(), ending, at=239).empty
    assert plan(bid(), ending, at=240).cancels == (ending,)


def test_an_order_of_an_earlier_run_is_judged_by_its_price_alone():
    adopted = order(reference2=None)
    assert plan(bid(reference2=12_000), adopted).empty
    assert plan(bid(price=4900), adopted).cancels == (adopted,)


def test_of_two_orders_in_one_slot_the_oldest_that_is_wanted_keeps_its_place():
    old, new = order(), order()
    old.created_at, new.created_at, new.order_id = 1, 2, "o2"
    assert [gone.order_id for gone in plan(bid(), new, old).cancels] == ["o2"]
    old.price_yes = 4700
    old.reference2 = None
    assert [gone.order_id for gone in plan(bid(), new, old).cancels] == ["o1"]


def test_an_order_in_doubt_that_is_still_wanted_is_said_to_be():
    doubted = order(state="UNKNOWN")
    assert plan(bid(), doubted).doubted == (doubted,)
    assert plan(Targets(), doubted).doubted == ()


def test_each_level_of_a_ladder_is_a_slot_of_its_own():
    ladder = Targets(tuple(Target(4800 - 100 * level, TEN, 10_000, level) for level in range(3)))
    working = order()
    second = plan(ladder, working)
    assert [target.level for _, target in second.places] == [1, 2]
    assert second.cancels == ()


def test_a_level_that_is_wanted_no_longer_is_cancelled():
    deeper = replace(order(price=4700), level=1)
    assert plan(bid(), order(), deeper).cancels == (deeper,)


def test_an_order_of_an_earlier_run_takes_the_level_where_its_price_is_wanted():
    ladder = Targets(tuple(Target(4800 - 100 * level, TEN, 10_000, level) for level in range(2)))
    adopted = replace(order(price=4700, reference2=None), level=None)
    found = plan(ladder, adopted)
    assert found.cancels == ()
    assert [target.level for _, target in found.places] == [0]
    astray = replace(adopted, price=4200, price_yes=4200)
    assert plan(ladder, astray).cancels == (astray,)


def test_a_firm_price_moves_an_order_however_little_the_reference_did():
    elsewhere = Targets((Target(4900, TEN, 10_000, firm=True),))
    assert [gone.order_id for gone in plan(elsewhere, order()).cancels] == ["o1"]
    assert plan(Targets((Target(4800, TEN, 10_000, firm=True),)), order()).empty
    assert plan(elsewhere, order(state="SENT")).empty  # the book may show it before the venue answers


def test_an_order_with_less_left_than_it_must_have_gives_way():
    wanted = Targets((Target(4800, TEN, 10_000, least=shares(8)),))
    assert plan(wanted, order(filled=shares(2))).empty
    assert plan(wanted, order(filled=shares(2.01))).cancels

"""From wanted prices to orders: levels, sizes, room, what stays, and what never is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.ladder import Rungs, Shape, ladder
from pmm.core.view import QuoteSide, Resting, View
from pmm.model import GRID, TICKS
from tests.support.legal import assert_legal
from tests.support.story import START, market, shares


def look(bid=4900, ask=5100, position=0, tick="0.01", **more):
    facts = market(tick)
    book = Book(facts.tick)
    if bid is not None:
        book.set(BID, bid, shares(100))
    if ask is not None:
        book.set(ASK, ask, shares(100))
    return View(START, facts, book, shares(position), **more)


def both(targets):
    return [[(target.price, target.size // shares(1)) for target in side] for side in (targets.bids, targets.asks)]


def test_one_order_a_side_rounded_outward():
    assert both(ladder(look(), 0.4849, 0.5151, Rungs())) == [[(4800, 10)], [(5200, 10)]]


def test_a_price_on_the_grid_stays_there_whatever_floats_make_of_it():
    assert both(ladder(look(), 0.1 + 0.2 + 0.18, 0.52 - 1e-15, Rungs())) == [[(4800, 10)], [(5200, 10)]]


@pytest.mark.parametrize(
    ("shape", "sizes"), [(Shape.FLAT, [10, 10, 10]), (Shape.LINEAR, [10, 20, 30]), (Shape.EXPONENTIAL, [10, 20, 40])]
)
def test_levels_lie_a_step_apart_and_grow_by_their_shape(shape, sizes):
    rungs = Rungs(shares(10), shares(1000), 3, 150, shape)
    targets = ladder(look(), 0.48, 0.52, rungs)
    assert both(targets) == [
        list(zip([4800, 4600, 4400], sizes, strict=True)),
        list(zip([5200, 5400, 5600], sizes, strict=True)),
    ]
    assert [target.level for target in targets.bids] == [0, 1, 2]


def test_all_levels_together_stay_within_the_position_limit():
    rungs = Rungs(shares(20), shares(50), 3)
    assert both(ladder(look(position=18), 0.48, 0.52, rungs)) == [
        [(4800, 20), (4700, 12)],
        [(5200, 20), (5300, 20), (5400, 20)],
    ]


def test_a_side_without_room_for_the_least_order_is_left_out():
    assert both(ladder(look(position=46), 0.48, 0.52, Rungs()))[0] == []


def test_levels_end_where_prices_do():
    assert both(ladder(look(100, 300), 0.02, 0.04, Rungs(levels=4)))[0] == [(200, 10), (100, 10)]


def test_our_own_orders_are_not_traded_with():
    own = Resting(QuoteSide.ASK, 5000, shares(10))
    assert ladder(look(4000, 6000, working=(own,)), 0.53, 0.56, Rungs()).bid.price == 4900
    assert ladder(look(4000, 6000, own=(own,)), 0.53, 0.56, Rungs()).bid.price == 4900


def test_the_reference_is_the_wanted_price_so_that_rounding_moves_nothing():
    one, other = ladder(look(), 0.4849, 0.52, Rungs()), ladder(look(), 0.4851, 0.52, Rungs())
    assert abs(one.bid.reference2 - other.bid.reference2) <= 4
    held_back = ladder(look(), 0.55, 0.60, Rungs())
    assert (held_back.bid.price, held_back.bid.reference2) == (5000, 10_000)


def test_an_order_within_the_slack_stays_and_any_other_goes():
    near, far = Resting(QuoteSide.BID, 4700, shares(10)), Resting(QuoteSide.ASK, 5400, shares(10))
    targets = ladder(look(4000, 6000, working=(near, far)), 0.48, 0.52, Rungs(), slack=0.01)
    assert (targets.bid.price, targets.ask.price) == (4700, 5200)
    assert targets.bid.firm
    assert targets.ask.firm


def test_levels_a_tick_apart_stay_together_where_the_best_is_near_enough():
    rungs = Rungs(levels=3, step=100)
    working = tuple(Resting(QuoteSide.ASK, 5_600 + 100 * level, shares(10), level) for level in range(3))
    for wanted in (0.5600, 0.5601, 0.5650):
        targets = ladder(look(4000, 6000, working=working), 0.48, wanted, rungs, slack=0.01)
        assert [target.price for target in targets.asks] == [5_600, 5_700, 5_800]
    targets = ladder(look(4000, 6000, working=working), 0.48, 0.5701, rungs, slack=0.01)
    assert [target.price for target in targets.asks] == [5_800, 5_900, 6_000]


def test_a_level_that_traded_away_returns_where_the_others_say():
    rungs = Rungs(levels=3, step=100)
    left = tuple(Resting(QuoteSide.BID, 4_900 - 100 * level, shares(10), level) for level in (1, 2))
    targets = ladder(look(4000, 6000, working=left), 0.4870, 0.52, rungs, slack=0.01)
    assert [target.price for target in targets.bids] == [4_900, 4_800, 4_700]


def test_an_order_that_would_take_does_not_stay():
    stuck = Resting(QuoteSide.BID, 5000, shares(10))
    targets = ladder(look(4000, 5000, working=(stuck,)), 0.49, 0.52, Rungs(), slack=0.01)
    assert targets.bid.price == 4900


@st.composite
def wishes(draw):
    """A book on any grid, orders of ours, and prices wanted anywhere."""
    tick = draw(st.sampled_from(TICKS))
    n = GRID // tick
    low, high = sorted(draw(st.lists(st.integers(1, n - 1), min_size=2, max_size=2, unique=True)))
    bid = draw(st.none() | st.just(low * tick))
    ask = draw(st.none() | st.just(high * tick))
    text = {1000: "0.1", 100: "0.01", 50: "0.005", 25: "0.0025", 10: "0.001", 1: "0.0001"}[tick]
    orders = st.builds(Resting, st.sampled_from(QuoteSide), st.integers(1, n - 1).map(lambda i: i * tick), st.just(7))
    working = tuple(draw(st.lists(orders, max_size=3)))
    # Orders of ours never cross each other.
    floor = max((order.price for order in working if order.quote is QuoteSide.BID), default=0)
    working = tuple(order for order in working if order.quote is QuoteSide.BID or order.price > floor)
    view = look(bid, ask, draw(st.integers(-60, 60)), text, working=working)
    wanted = sorted(draw(st.lists(st.floats(-0.5, 1.5), min_size=2, max_size=2)))
    rungs = Rungs(shares(10), shares(50), draw(st.integers(1, 4)), draw(st.integers(1, 700)))
    return view, wanted, replace(rungs, shape=draw(st.sampled_from(Shape))), draw(st.none() | st.floats(0, 0.2))


@given(wishes())
def test_whatever_is_wanted_orders_are_legal(wish):
    view, (bid, ask), rungs, slack = wish
    targets = ladder(view, bid, ask, rungs, slack=slack)
    assert_legal(view, targets)
    assert sum(target.size for target in targets.bids) <= max(rungs.position_limit - view.position, 0)
    for order in view.working:
        assert order.quote is QuoteSide.BID or targets.bid is None or targets.bid.price < order.price
        assert order.quote is QuoteSide.ASK or targets.ask is None or targets.ask.price > order.price

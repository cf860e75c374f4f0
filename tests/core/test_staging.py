"""What each stage of the ladder leaves of what a strategy wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.rule import Stage
from pmm.core.staging import staged
from pmm.core.view import QuoteSide, Resting, Target, Targets, Term, View
from pmm.model import GRID
from tests.support.story import START, book_of, market, shares

TERMS = (Term("fair", 0.5, "USD"),)


def target(price, size=10, level=0):
    return Target(price, shares(size), 10_000, level)


TWO_SIDED = Targets((target(4800), target(4700, level=1)), (target(5200), target(5300, level=1)), terms=TERMS)


def seen(position=0, bid="0.49", ask="0.51", own=()):
    book = book_of([(bid, 100)] if bid else [], [(ask, 100)] if ask else [])
    return View(START, market(), book, shares(position), own)


def prices(targets):
    return [one.price for one in targets.bids], [one.price for one in targets.asks]


def test_no_stage_leaves_everything():
    assert staged(TWO_SIDED, Stage.NONE, seen()) is TWO_SIDED


def test_widen_doubles_the_distance_of_every_level_to_the_mid():
    wide = staged(TWO_SIDED, Stage.WIDEN, seen(), "drawdown: deep")
    assert prices(wide) == ([4600, 4400], [5400, 5600])
    assert (wide.reason, wide.terms) == ("drawdown: deep: quoting wider", TERMS)


def test_widen_rounds_away_from_the_mid():
    assert prices(staged(TWO_SIDED, Stage.WIDEN, seen(ask="0.52"))) == ([4500, 4300], [5400, 5600])


def test_widen_moves_a_price_at_the_mid_by_a_tick_and_drops_what_leaves_the_range():
    assert prices(staged(Targets((target(5000),)), Stage.WIDEN, seen())) == ([4900], [])
    assert prices(staged(Targets((target(2400),), (target(7600),)), Stage.WIDEN, seen())) == ([], [])


def test_widen_without_a_mid_wants_nothing():
    wide = staged(TWO_SIDED, Stage.WIDEN, seen(bid=None), "x")
    assert (prices(wide), wide.reason) == (([], []), "x: quoting wider, and there is no mid")


@pytest.mark.parametrize(
    ("position", "sizes"),
    [
        (0, ([], [])),
        (8, ([], [8])),
        (15, ([], [10, 5])),
        (13, ([], [10])),  # three shares are fewer than the market takes
        (100, ([], [10, 10])),
        (-15, ([10, 5], [])),
        (-4, ([], [])),
    ],
)
def test_reduce_wants_the_way_home_and_no_more_of_it_than_the_position(position, sizes):
    home = staged(TWO_SIDED, Stage.REDUCE, seen(position), "position limit: full")
    assert tuple([one.size // shares(1) for one in side] for side in (home.bids, home.asks)) == sizes
    assert home.reason == "position limit: full: reducing only"


@pytest.mark.parametrize("stage", [Stage.CANCEL, Stage.HALT])
def test_cancel_wants_nothing_and_says_why(stage):
    assert staged(TWO_SIDED, stage, seen(20), "stale data: old") == Targets(reason="stale data: old")


def test_flatten_sells_everything_a_tick_above_the_bid():
    flat = staged(TWO_SIDED, Stage.FLATTEN, seen(25), "x")
    assert flat == Targets((), (Target(5000, shares(25), 10_000, firm=True),), "x: flattening")


def test_flatten_buys_back_a_tick_below_the_ask():
    flat = staged(Targets(reason="nothing"), Stage.FLATTEN, seen(-25, ask="0.60"), "x")
    assert flat == Targets((Target(5900, shares(25), 11_800, firm=True),), (), "x: flattening")


def test_flatten_looks_past_our_own_order():
    own = (Resting(QuoteSide.BID, 4900, shares(100)),)
    assert staged(TWO_SIDED, Stage.FLATTEN, seen(25, own=own)).asks[0].price == 5200  # no other bid: the model's price


@pytest.mark.parametrize(("bid", "price"), [(None, 5200), ("0.99", 5200)])
def test_flatten_falls_back_to_the_models_prices_where_no_resting_order_could_be_nearer(bid, price):
    flat = staged(TWO_SIDED, Stage.FLATTEN, seen(10, bid=bid, ask=None))
    assert ([one.price for one in flat.asks], flat.reason) == ([price], "reducing only")


def test_flatten_leaves_what_the_market_does_not_take():
    assert prices(staged(TWO_SIDED, Stage.FLATTEN, seen(4))) == ([], [])


LEVELS = st.lists(st.integers(1, 99), max_size=3, unique=True)


@given(LEVELS, LEVELS, st.integers(-200, 200), st.sampled_from(Stage), st.integers(2, 98))
def test_no_stage_ever_wants_more_risk(bids, asks, position, stage, bid):
    wanted = Targets(
        tuple(target(100 * price, level=level) for level, price in enumerate(sorted(bids, reverse=True))),
        tuple(target(100 * price, level=level) for level, price in enumerate(sorted(asks))),
    )
    view = seen(position, f"0.{bid:02}", f"0.{bid + 1:02}")
    left = staged(wanted, stage, view)
    assert all(0 < one.price < GRID and one.price % 100 == 0 for one in (*left.bids, *left.asks))
    if stage in (Stage.REDUCE, Stage.FLATTEN):
        assert sum(one.size for one in left.bids) <= max(0, -view.position)
        assert sum(one.size for one in left.asks) <= max(0, view.position)
    if stage is Stage.FLATTEN:
        assert all(one.price < view.best_ask for one in left.bids if one.firm)
        assert all(one.price > view.best_bid for one in left.asks if one.firm)
    if stage is Stage.WIDEN:
        before = {one.level: one.price for one in wanted.bids}
        assert all(one.price < before[one.level] for one in left.bids)

"""A model whose quotes go where the reward, the fills and what they cost earn most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.core.ladder import Rungs, ladder
from pmm.core.regime import Regime
from pmm.core.reward_view import contest, sample
from pmm.core.reward_worth import Leg, RewardParams, Worth
from pmm.core.signals import Signals
from pmm.core.view import QuoteSide, Resting, Target, Targets, View
from pmm.model import GRID, SHARE, USD, FeeSchedule, RewardTerms
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from pmm.strategies.rewarded import Rewarded
from tests.support.story import START, book_of, market, shares

TERMS = RewardTerms(20 * SHARE, 300, 100 * USD)
DEEP = ([("0.49", 400), ("0.48", 900), ("0.47", 900)], [("0.51", 400), ("0.52", 900), ("0.53", 900)])
# Nothing but the reward counts: no fills, no capital, no messages.
CALM = RewardParams(arrival=0.0, capital=0.0, gap=0.0, message=0.0, size_max=200 * SHARE, position_limit=500 * SHARE)


@dataclass
class Fixed:
    """Wants always the same."""

    wanted: Targets
    name: str = "fixed"

    def decide(self, _view: View) -> Targets:
        return self.wanted


def model(bid: int = 4_600, ask: int = 5_400, size: int = 10, reference2: int = GRID) -> Fixed:
    return Fixed(Targets((Target(bid, shares(size), reference2),), (Target(ask, shares(size), reference2),)))


def view(terms: RewardTerms | None = TERMS, levels=DEEP, tick: str = "0.01", position: float = 0, **more) -> View:
    here = replace(market(tick), rewards=terms)
    return View(START, here, book_of(*levels, tick), shares(position), **more)


def resting(bid: int, ask: int, size: float = 20) -> tuple[Resting, ...]:
    return Resting(QuoteSide.BID, bid, shares(size)), Resting(QuoteSide.ASK, ask, shares(size))


def best(targets: Targets) -> tuple[int | None, int | None]:
    return targets.bid and targets.bid.price, targets.ask and targets.ask.price


@pytest.mark.parametrize("terms", [None, RewardTerms(None, 300, USD), RewardTerms(20 * SHARE, 300, 0)])
def test_where_nothing_is_paid_the_model_is_left_alone(terms: RewardTerms | None) -> None:
    plain = FixedSpread(FixedSpreadParams())
    assert Rewarded(plain).decide(view(terms)) == plain.decide(view(terms))


def test_a_model_that_wants_nothing_gets_nothing() -> None:
    nothing = Fixed(Targets(reason="no mid"))
    assert Rewarded(nothing, CALM).decide(view()) == nothing.wanted


def test_without_fills_to_fear_quotes_go_to_the_reservation_price() -> None:
    """The score grows towards the middle, and nearer than the model's own price of the asset is never gone."""
    assert best(Rewarded(model(), CALM).decide(view())) == (4_900, 5_100)
    wary = Fixed(Targets((Target(4_600, shares(10), 9_640),), (Target(5_400, shares(10), 10_360),)))
    assert best(Rewarded(wary, CALM).decide(view())) == (4_800, 5_200)


def test_a_ladder_says_at_which_price_its_model_would_neither_buy_nor_sell() -> None:
    """Its own prices are 0.46 and 0.52, so that its reservation price is 0.49: the bid goes no nearer than 0.48."""
    skewed = ladder(view(), 0.46, 0.52, Rungs(size=shares(10)))
    assert skewed.reservation2 == 9_800
    told = Rewarded(Fixed(skewed), CALM).decide(view())
    assert told.bid is not None
    assert told.bid.price == 4_800
    terms = {term.name: term.value for term in told.terms}
    assert terms["bid edge of a fill"] == pytest.approx(0.01)


@pytest.mark.parametrize("regime", [one for one in Regime if one is not Regime.QUIET])
def test_only_quiet_times_bring_quotes_nearer_than_the_model_has_them(regime: Regime) -> None:
    cautious = model(4_800, 5_200)
    assert best(Rewarded(cautious, CALM).decide(view())) == (4_900, 5_100)
    assert best(Rewarded(cautious, CALM).decide(view(regime=regime))) == (4_800, 5_200)
    near = view(regime=regime, working=resting(4_900, 5_100))
    assert best(Rewarded(cautious, replace(CALM, message=1.0)).decide(near)) == (4_800, 5_200)


def test_what_fills_cost_keeps_quotes_away() -> None:
    """The same market, where every fill loses four cents and comes fifty times a day: further out, where few come."""
    feared = replace(CALM, arrival=50.0)
    toxic = Signals(bid_markout=0.04, ask_markout=0.04)
    bid, ask = best(Rewarded(model(), feared).decide(view(signals=toxic)))
    assert bid is not None
    assert ask is not None
    assert bid < 4_900
    assert ask > 5_100
    one_sided = Signals(bid_markout=0.04)
    bid, ask = best(Rewarded(model(), feared).decide(view(signals=one_sided)))
    assert (bid is not None and bid < 4_900, ask) == (True, 5_100)


def test_volatility_alone_is_an_expected_adverse_move() -> None:
    """sigma sqrt(2 t / pi) of 0.02 USD per root second over five seconds is 3.6 cents."""
    here = contest(view())
    assert here is not None
    worth = Worth(view(signals=Signals(variance=0.0004)), here, replace(CALM, adverse=5.0), (GRID, GRID))
    assert worth.adverse == pytest.approx((0.035682, 0.035682), abs=1e-6)


def test_sizes_are_raised_to_what_scores_and_to_what_pays() -> None:
    targets = Rewarded(model(size=10), CALM).decide(view())
    assert targets.bid is not None
    assert targets.bid.size == CALM.size_max  # costs nothing
    dear = replace(CALM, capital=0.1)
    targets = Rewarded(model(size=10), dear).decide(view())
    assert targets.bid is not None
    assert targets.ask is not None
    assert shares(20) <= targets.bid.size == targets.ask.size < CALM.size_max
    hopeless = replace(CALM, capital=5.0)
    assert best(Rewarded(model(size=10), hopeless).decide(view())) != (None, None)
    assert Rewarded(model(size=10), hopeless).decide(view()).bid.size == shares(10)  # type: ignore[union-attr]  # there


def test_size_keeps_to_the_room_that_the_position_leaves() -> None:
    tight = replace(CALM, position_limit=60 * SHARE)
    targets = Rewarded(model(), tight).decide(view(position=35))
    assert targets.bid is not None
    assert targets.ask is not None
    assert (targets.bid.size, targets.ask.size) == (shares(25), shares(95))  # a third of 95 is more than 25


def test_the_place_of_water_filling_is_the_best_size_of_all() -> None:
    """Of every whole number of shares, at the prices that were chosen."""
    params = replace(CALM, capital=0.004, size_max=300 * SHARE)
    here = view()
    targets = Rewarded(model(4_900, 5_100, size=20), params).decide(here)
    game = contest(here)
    assert game is not None
    assert targets.bid is not None
    worth = Worth(here, game, params, (GRID, GRID))
    by_size = {size: worth.value((Leg(4_900, shares(size)), Leg(5_100, shares(size)))) for size in range(20, 301)}
    assert best(targets) == (4_900, 5_100)
    assert abs(targets.bid.size // SHARE - max(by_size, key=lambda size: by_size[size])) <= 1


@given(
    st.integers(1, 3), st.integers(1, 3), st.floats(0, 0.05), st.floats(0, 0.05), st.sampled_from((0.0, 20.0, 200.0))
)
@settings(max_examples=200, deadline=None)
def test_the_choice_is_never_worse_than_the_model_and_near_the_best_of_all(
    bid_ticks: int, ask_ticks: int, bid_markout: float, ask_markout: float, arrival: float
) -> None:
    signals = Signals(bid_markout=bid_markout, ask_markout=ask_markout)
    params, here = replace(CALM, arrival=arrival, capital=0.001), view(signals=signals)
    inner = model(5_000 - 100 * bid_ticks, 5_000 + 100 * ask_ticks, size=20)
    targets = Rewarded(inner, params).decide(here)
    game = contest(here)
    assert game is not None
    assert targets.bid is not None
    assert targets.ask is not None
    worth = Worth(here, game, params, (GRID, GRID))
    chosen = worth.value((Leg(targets.bid.price, targets.bid.size), Leg(targets.ask.price, targets.ask.size)))
    own = worth.value((Leg(inner.wanted.bids[0].price, shares(20)), Leg(inner.wanted.asks[0].price, shares(20))))
    everything = max(
        worth.value((Leg(5_000 - 100 * b, shares(n)), Leg(5_000 + 100 * a, shares(m))))
        for b, a, n, m in product((1, 2), (1, 2), (20, 50, 100, 200), (20, 50, 100, 200))  # three cents score nothing
    )
    assert chosen >= own
    assert chosen >= everything - 0.05 * abs(everything) - 1e-9


def test_what_works_stays_while_moving_does_not_pay() -> None:
    """A tick further in would earn more a day than a minute of it is worth to the places and samples that are lost."""
    slow = replace(CALM, gap=5.0, holding=1.0)
    held = Rewarded(model(size=20), slow).decide(view(working=resting(4_800, 5_200, 200)))
    assert best(held) == (4_800, 5_200)
    assert held.bid is not None
    assert (held.bid.firm, held.bid.least, held.bid.size) == (False, 0, shares(200))
    patient = replace(slow, holding=600.0)
    moved = Rewarded(model(size=20), patient).decide(view(working=resting(4_800, 5_200, 200)))
    assert best(moved) == (4_900, 5_100)
    assert moved.bid is not None
    assert (moved.bid.firm, moved.bid.least) == (True, moved.bid.size)


def test_nothing_moves_while_one_of_ours_is_on_its_way_out() -> None:
    working = resting(4_800, 5_200, 200)
    leaving = (Resting(QuoteSide.BID, 4_900, shares(200)), *working)
    assert best(Rewarded(model(), CALM).decide(view(working=working))) == (4_900, 5_100)
    assert best(Rewarded(model(), CALM).decide(view(working=working, own=leaving))) == (4_800, 5_200)


def test_the_age_that_an_order_must_have_counts_against_moving() -> None:
    young = replace(CALM, holding=60.0)
    working = resting(4_800, 5_200, 200)
    assert best(Rewarded(model(), young).decide(view(working=working))) == (4_900, 5_100)
    assert best(Rewarded(model(), replace(young, age=60.0)).decide(view(working=working))) == (4_800, 5_200)


def test_a_place_in_the_queue_is_worth_its_fills() -> None:
    """Behind 400 shares a fill of 20 shares is as good as lost: 20 x 400 / 420 shares of a cent's edge, if it comes."""
    here = view()
    game = contest(here)
    assert game is not None
    before, after = (Leg(4_800, shares(20)), None), (Leg(4_900, shares(20)), None)
    often, seldom = (replace(CALM, arrival=rate, decay=0.0) for rate in (10_000.0, 144.0))
    assert Worth(here, game, often, (GRID, GRID)).cost(before, after) == pytest.approx(20 * 400 / 420 * 0.01)
    assert Worth(here, game, seldom, (GRID, GRID)).cost(before, after) == pytest.approx(20 * 0.1 * 0.01)


def test_an_order_beyond_the_reservation_price_or_the_limit_has_to_go() -> None:
    stuck = replace(CALM, holding=0.0, message=1.0)
    near = Fixed(Targets((Target(4_600, shares(10), 9_700),), (Target(5_400, shares(10), GRID),)))
    assert best(Rewarded(near, stuck).decide(view(working=resting(4_900, 5_200)))) == (4_900, 5_200)  # half a tick
    nearer = Fixed(Targets((Target(4_600, shares(10), 9_500),), (Target(5_400, shares(10), GRID),)))
    assert best(Rewarded(nearer, stuck).decide(view(working=resting(4_900, 5_200)))) == (4_600, 5_200)
    long = Rewarded(model(), replace(stuck, position_limit=100 * SHARE))
    targets = long.decide(view(position=90, working=resting(4_900, 5_100, 50)))
    assert targets.bid is not None
    assert targets.ask is not None
    assert (targets.bid.firm, targets.bid.size <= shares(10), targets.ask.firm) == (True, True, False)


def test_an_order_that_the_market_left_behind_follows_whatever_that_costs() -> None:
    stuck = replace(CALM, holding=0.0, message=1.0)
    near = model(4_800, 5_200, reference2=GRID)
    assert best(Rewarded(near, stuck).decide(view(working=resting(4_700, 5_300)))) == (4_700, 5_300)
    assert best(Rewarded(near, stuck).decide(view(working=resting(4_600, 5_400)))) == (4_900, 5_100)


def test_an_order_that_was_eaten_below_the_least_size_is_renewed() -> None:
    held = Rewarded(model(), replace(CALM, message=0.0001)).decide(view(working=resting(4_900, 5_100, 19)))
    assert held.bid is not None
    assert held.bid.least >= shares(20)


def test_rebates_are_part_of_the_edge() -> None:
    """Where fills just lose money, a rebate of a quarter of 0.07 (0.44 cents at even odds) makes them worth coming."""
    markets = [view(signals=Signals(bid_markout=0.012, ask_markout=0.012)) for _ in range(2)]
    fees = FeeSchedule(70_000, 1, taker_only=True, rebate=250_000)
    paid = replace(markets[1], market=replace(markets[1].market, fees=fees))
    busy = replace(CALM, arrival=1_000.0, decay=300.0)
    game = contest(paid)
    assert game is not None
    assert Worth(paid, game, busy, (GRID, GRID)).rebate == pytest.approx(0.004375)
    without, with_rebate = (Rewarded(model(), busy).decide(each) for each in (markets[0], paid))
    assert without.bid is not None
    assert best(with_rebate) == (4_900, 5_100)
    assert without.bid.price < 4_900


def test_deeper_levels_stay_behind_the_best() -> None:
    ladder = Targets(
        (Target(4_900, shares(10), GRID), Target(4_800, shares(10), GRID, 1)), (Target(5_100, shares(10), GRID),)
    )
    toxic = Signals(bid_markout=0.05)
    targets = Rewarded(Fixed(ladder), replace(CALM, arrival=500.0)).decide(view(signals=toxic))
    best_one, deeper = targets.bids
    assert best_one.price < 4_900
    assert (deeper.price < best_one.price, deeper.level) == (True, 1)


def test_its_terms_say_what_the_quotes_earn() -> None:
    here = view()
    targets = Rewarded(model(), CALM).decide(here)
    terms = {term.name: term.value for term in targets.terms}
    placed = tuple(Resting(side, target.price, target.size) for side in QuoteSide for target in targets.side(side))
    told = sample(replace(here, working=placed))
    assert told is not None
    assert terms["reward of these quotes"] == pytest.approx(told.rate / USD, abs=1e-4)
    assert terms["competing score"] == pytest.approx(told.others / SHARE)
    assert terms["reward of the pool"] == 100
    assert terms["bid reward of a share"] >= 0
    assert terms["worth of the best"] >= terms["worth of the quotes"]


@given(
    st.integers(1, 98), st.integers(1, 60), st.integers(0, 99), st.integers(0, 99), st.sampled_from(("0.01", "0.001"))
)
@settings(max_examples=60, deadline=None)
def test_quotes_are_legal_whatever_the_book_and_the_model_say(
    bid: int, gap: int, model_bid: int, model_ask: int, tick: str
) -> None:
    levels = ([(f"0.{bid:02d}", 100)], [(f"0.{min(bid + gap, 99):02d}", 100)])
    inner = model(max(model_bid * 100, 100), min(max(model_ask, model_bid + 1) * 100, 9_900), reference2=2 * 100 * bid)
    targets = Rewarded(inner, CALM).decide(view(levels=levels, tick=tick))
    step = 100 if tick == "0.01" else 10
    for target, other in ((targets.bid, targets.ask), (targets.ask, targets.bid)):
        if target is not None:
            assert target.price % step == 0
            assert step <= target.price <= GRID - step
            assert other is None or targets.bids[0].price < targets.asks[0].price
    assert targets.bid is None or targets.bid.price < min(bid + gap, 99) * 100
    assert targets.ask is None or targets.ask.price > bid * 100

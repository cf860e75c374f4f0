"""The model in log-odds: what each input does, which way it pushes, and what it never does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.claim import expit, logit
from pmm.core.event_view import EventView
from pmm.core.fees import maker_rebate, rebate_per_share
from pmm.core.regime import Regime
from pmm.core.signals import QUIET, Signals
from pmm.core.view import QuoteSide, Resting, View
from pmm.model import RATE_ONE, SECOND, FeeSchedule, utc_text
from pmm.strategies.log_odds import LogOdds, LogOddsParams
from tests.support.story import START, market, shares

HOUR = 3_600 * SECOND
MODEL = LogOdds()
# Nothing but inventory and the informed: what is left of the model then has closed forms.
BARE = LogOdds(
    LogOddsParams(
        gamma_short=1e-9,
        reach=1e-9,
        base=0.0,
        trust=1.0,
        reaction=0.0,
        half_min=0.0,
        half_max=1.0,
        touch=0.0,
        carry_min=1.0,
        score_share=0.0,
    )
)


def look(bid=4900, ask=5100, position=0.0, tick="0.01", left=None, fees=None, **more):
    facts = market(tick)
    if left is not None:
        facts = replace(facts, end_date=utc_text(START + round(left * SECOND)))
    facts = replace(facts, fees=fees)
    book = Book(facts.tick)
    book.set(BID, bid, shares(100))
    book.set(ASK, ask, shares(100))
    return View(START, facts, book, shares(position), **more)


def middle(prices):
    return (prices.bid + prices.ask) / 2


def width(prices):
    return prices.ask - prices.bid


def test_inventory_moves_the_worth_of_a_share_in_log_odds():
    prices = BARE.prices(look(position=40))
    worth = expit(logit(0.5) - 0.002 * 40)
    assert prices.bid == pytest.approx(worth, abs=1e-6)
    assert prices.ask == pytest.approx(worth, abs=1e-6)


def test_takers_that_know_are_met_with_the_quotes_of_glosten_and_milgrom():
    signals = Signals(bid_markout=0.1 * 0.5, ask_markout=0.05 * 0.5)
    prices = BARE.prices(look(signals=signals))
    assert (prices.bid, prices.ask) == pytest.approx((0.45, 0.525), abs=1e-6)


def test_what_one_side_loses_and_the_other_gains_is_the_drift_of_the_market():
    drifted = BARE.prices(look(signals=Signals(bid_markout=0.05, ask_markout=-0.05)))
    assert width(drifted) == pytest.approx(0.0, abs=1e-6)
    partly = BARE.prices(look(signals=Signals(bid_markout=0.1 * 0.5 + 0.02, ask_markout=-0.02)))
    assert (partly.bid, partly.ask) == pytest.approx((0.45, 0.5), abs=1e-6)


def test_fills_ask_for_what_takers_were_seen_to_reach_less_what_rounding_adds():
    told = {term.name: term.value for term in MODEL.prices(look(signals=Signals(takers=1e9, reach=0.03))).terms}
    assert told["fills ask for"] == pytest.approx(0.03 - 0.005, rel=0.01)
    shallow = {term.name: term.value for term in MODEL.prices(look(signals=Signals(takers=1e9, reach=0.004))).terms}
    assert shallow["fills ask for"] == 0.0


def test_holdings_in_an_event_push_every_outcome():
    event = EventView(0, (0.5, 0.3, 0.2), (0, shares(40), 0))
    pushed = BARE.prices(look(event=event))
    e = 2.718281828459045 ** (-0.002 * 40)
    assert middle(pushed) == pytest.approx(0.5 / (0.5 + 0.3 * e + 0.2), abs=1e-6)
    even = BARE.prices(look(position=40, event=replace(event, holdings=(shares(40),) * 3)))
    assert middle(even) == pytest.approx(0.5, abs=1e-6)


def test_a_rebate_is_part_of_the_edge():
    fees = FeeSchedule(rate=40_000, exponent=1, taker_only=True, rebate=RATE_ONE // 4)
    with_rebate, without = MODEL.prices(look(fees=fees)), MODEL.prices(look())
    assert width(without) - width(with_rebate) == pytest.approx(2 * 0.25 * 0.04 * 0.25)


@pytest.mark.parametrize(
    ("regime", "factor"), [(Regime.TRENDING, 1.15), (Regime.NEAR_RESOLUTION, 1.5), (Regime.EVENT, 1.3)]
)
def test_careful_times_are_quoted_wider(regime, factor):
    quiet, careful = MODEL.prices(look()), MODEL.prices(look(regime=regime))
    assert width(careful) == pytest.approx(factor * width(quiet), rel=0.01)


def test_the_book_and_the_flow_lean_on_the_fair_price_a_little():
    up = MODEL.prices(look(signals=Signals(imbalance=1.0, flow=1.0)))
    still = MODEL.prices(look())
    assert middle(up) - middle(still) == pytest.approx(0.004, abs=1e-4)
    wide = look(bid=1000, ask=9000, signals=Signals(imbalance=1.0, flow=1.0))
    assert middle(MODEL.prices(wide)) - 0.5 == pytest.approx(0.004, abs=1e-3)


def test_a_wide_touch_is_not_trusted():
    prices = MODEL.prices(look(bid=1000, ask=9000))
    assert width(prices) == pytest.approx(2 * 0.3 * 0.4)


def test_a_wide_touch_is_trusted_even_less_in_careful_times():
    prices = MODEL.prices(look(bid=1000, ask=9000, regime=Regime.NEAR_RESOLUTION))
    assert width(prices) == pytest.approx(1.5 * 2 * 0.3 * 0.4)


def test_half_spreads_stay_within_their_bounds():
    model = LogOdds(LogOddsParams(half_min=0.02, half_max=0.03, touch=0.0))
    assert width(model.prices(look())) == pytest.approx(0.04)
    assert width(model.prices(look(signals=Signals(variance=1e-2)))) == pytest.approx(0.06)


def test_what_a_price_was_made_from_is_told():
    terms = {term.name: term.value for term in MODEL.decide(look(position=20)).terms}
    assert terms["mid"] == 0.5
    assert terms["position"] == 20
    assert terms["wanted bid"] < terms["worth of a share"] + terms["shift by inventory"] < terms["wanted ask"]
    assert terms["worth of a share"] == pytest.approx(expit(-0.002 * 0.25 * 20))


def test_a_working_order_that_is_near_enough_keeps_its_place():
    wanted = MODEL.decide(look(tick="0.001"))
    near = Resting(QuoteSide.BID, wanted.bid.price + 10, shares(10))
    far = Resting(QuoteSide.ASK, wanted.ask.price + 80, shares(10))
    again = MODEL.decide(look(tick="0.001", working=(near, far)))
    assert (again.bid.price, again.bid.firm) == (near.price, True)
    assert (again.ask.price, again.ask.firm) == (wanted.ask.price, True)


def test_a_market_without_a_mid_is_not_quoted():
    view = look()
    view.book.set(ASK, 5100, 0)
    assert MODEL.decide(view).reason == "no mid: one side of the book is empty"


# --- which way each input pushes ----------------------------------------------------------------------------------

signals = st.builds(
    Signals,
    variance=st.floats(0, 1e-4),
    imbalance=st.floats(-1, 1),
    flow=st.floats(-1, 1),
    jumps=st.floats(0, 0.1),
    bid_markout=st.floats(-0.1, 0.3),
    ask_markout=st.floats(-0.1, 0.3),
    takers=st.floats(0, 1e4),
    arrival=st.floats(0, 5),
    reach=st.floats(0, 0.2),
)


@st.composite
def views(draw):
    bid = draw(st.integers(1, 98))
    ask = draw(st.integers(bid + 1, 99))
    return look(
        bid * 100,
        ask * 100,
        draw(st.floats(-60, 60)),
        left=draw(st.none() | st.floats(10, 1e7)),
        signals=draw(signals),
        regime=draw(st.sampled_from(Regime)),
        fees=draw(st.sampled_from([None, FeeSchedule(40_000, 1, True, 250_000)])),
    )


EPSILON = 1e-12


@given(views(), st.floats(0, 1e-3))
def test_more_variance_never_quotes_narrower(view, more):
    moved = replace(view, signals=replace(view.signals, variance=view.signals.variance + more))
    assert width(MODEL.prices(moved)) >= width(MODEL.prices(view)) - EPSILON


@given(views(), st.floats(0, 0.1))
def test_more_jumps_never_quote_narrower(view, more):
    moved = replace(view, signals=replace(view.signals, jumps=view.signals.jumps + more))
    assert width(MODEL.prices(moved)) >= width(MODEL.prices(view)) - EPSILON


@given(views(), st.floats(0, 0.2))
def test_deeper_takers_never_quote_narrower(view, more):
    moved = replace(view, signals=replace(view.signals, reach=view.signals.reach + more))
    assert width(MODEL.prices(moved)) >= width(MODEL.prices(view)) - EPSILON


@given(views(), st.floats(0, 5))
def test_more_takers_never_quote_wider(view, more):
    moved = replace(view, signals=replace(view.signals, arrival=view.signals.arrival + more))
    assert width(MODEL.prices(moved)) <= width(MODEL.prices(view)) + EPSILON


@given(views(), st.floats(0.01, 1))
def test_a_nearer_end_never_quotes_narrower(view, part):
    view = replace(view, position=0)
    left = 1e6 if view.market.ends_at is None else (view.market.ends_at - START) / SECOND
    nearer = replace(view, market=replace(view.market, end_date=utc_text(START + int(left * part) * SECOND)))
    assert width(MODEL.prices(nearer)) >= width(MODEL.prices(view)) - EPSILON


@given(views(), st.floats(0, 0.3), st.sampled_from(["bid_markout", "ask_markout"]))
def test_costlier_fills_never_quote_nearer_on_their_side(view, more, side):
    moved = replace(view, signals=replace(view.signals, **{side: getattr(view.signals, side) + more}))
    before, after = MODEL.prices(view), MODEL.prices(moved)
    assert after.bid <= before.bid + EPSILON
    assert after.ask >= before.ask - EPSILON


@given(views(), st.floats(0, 60))
def test_more_inventory_never_quotes_higher(view, more):
    moved = replace(view, position=view.position + shares(more))
    before, after = MODEL.prices(view), MODEL.prices(moved)
    assert after.bid <= before.bid + EPSILON
    assert after.ask <= before.ask + EPSILON


@given(views())
def test_a_calm_market_is_never_quoted_wider_than_a_careful_one(view):
    calm = MODEL.prices(replace(view, regime=Regime.QUIET, signals=replace(view.signals)))
    assert width(calm) <= width(MODEL.prices(view)) + EPSILON


def test_nothing_is_known_and_still_something_is_wanted():
    targets = MODEL.decide(look(signals=QUIET))
    assert targets.bid.price < 5000 < targets.ask.price


@pytest.mark.parametrize("price", [100, 3_000, 5_000])
def test_the_rebate_of_a_share_is_that_of_the_books(price):
    fees = FeeSchedule(rate=72_000, exponent=1, taker_only=True, rebate=200_000)
    assert rebate_per_share(fees, price / 10_000) == pytest.approx(maker_rebate(fees, price, shares(1_000)) / 1e9)
    assert rebate_per_share(replace(fees, rebate=None), price / 10_000) == 0.0

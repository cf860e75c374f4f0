"""What holds of every quoting model: legal orders from any view, terms, and a reason where nothing is wanted."""

from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.event_view import EventView
from pmm.core.ladder import Rungs, Shape
from pmm.core.regime import Regime
from pmm.core.signals import Signals
from pmm.core.view import QuoteSide, Resting, View
from pmm.model import GRID, SECOND, TICKS, FeeSchedule, price_text, utc_text
from pmm.strategies.avellaneda_stoikov import AvellanedaStoikov, AvellanedaStoikovParams
from pmm.strategies.fixed_spread import FixedSpread
from pmm.strategies.glft import Glft, GlftParams
from pmm.strategies.inventory_skew import InventorySkew, InventorySkewParams
from pmm.strategies.log_odds import LogOdds, LogOddsParams
from tests.support.legal import assert_legal
from tests.support.story import START, market, shares

LADDER = Rungs(levels=3, step=130, shape=Shape.LINEAR)
MODELS = {
    "fixed_spread": FixedSpread(),
    "inventory_skew": InventorySkew(),
    "inventory_skew, ladder": InventorySkew(InventorySkewParams(spread=90, skew=0.004, rungs=LADDER)),
    "avellaneda_stoikov": AvellanedaStoikov(),
    "avellaneda_stoikov, ladder": AvellanedaStoikov(AvellanedaStoikovParams(gamma=0.5, rungs=LADDER)),
    "glft": Glft(),
    "glft, exact": Glft(GlftParams(exact=True)),
    "glft, exact, horizon": Glft(GlftParams(exact=True, horizon=600.0, gamma=1.0, rungs=LADDER)),
    "log_odds": LogOdds(),
    "log_odds, ladder": LogOdds(LogOddsParams(tolerance=0.9, base=0.001, rungs=LADDER)),
}

signals = st.builds(
    Signals,
    variance=st.floats(0, 1e-2),
    imbalance=st.floats(-1, 1),
    fair=st.floats(0, 1),
    flow=st.floats(-1, 1),
    trend=st.floats(-0.1, 0.1),
    jumps=st.floats(0, 1),
    bid_markout=st.floats(-1, 1),
    ask_markout=st.floats(-1, 1),
    level=st.none() | st.floats(0, 1),
)


@st.composite
def views(draw):
    """Any book, position, signals, regime and event, with orders of ours that do not cross each other."""
    tick = draw(st.sampled_from(TICKS))
    n = GRID // tick
    low, high = sorted(draw(st.lists(st.integers(1, n - 1), min_size=2, max_size=2, unique=True)))
    facts = market(price_text(tick))
    if draw(st.booleans()):
        facts = replace(facts, end_date=utc_text(START + draw(st.integers(-10, 10**7)) * SECOND))
    facts = replace(facts, fees=draw(st.sampled_from([None, FeeSchedule(72_000, 1, True, 200_000)])))
    book = Book(tick)
    book.set(BID, low * tick, shares(20))
    book.set(ASK, high * tick, shares(20))
    split = draw(st.integers(2, n - 2)) * tick if n > 3 else tick
    bids = st.builds(Resting, st.just(QuoteSide.BID), st.integers(1, split // tick).map(lambda i: i * tick), st.just(7))
    asks = st.builds(
        Resting, st.just(QuoteSide.ASK), st.integers(split // tick + 1, n - 1).map(lambda i: i * tick), st.just(7)
    )
    working = (*draw(st.lists(bids, max_size=2)), *draw(st.lists(asks, max_size=2)))
    weights = draw(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
    event = EventView(
        draw(st.integers(0, 2)),
        tuple(weight / sum(weights) for weight in weights),
        tuple(shares(draw(st.integers(-500, 500))) for _ in weights),
    )
    return View(
        START,
        facts,
        book,
        shares(draw(st.integers(-80, 80))),
        signals=draw(signals),
        regime=draw(st.sampled_from(Regime)),
        event=draw(st.sampled_from([None, event])),
        working=working,
    )


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25)
@given(view=views())
def test_orders_are_legal_whatever_a_model_sees(name, view):
    targets = MODELS[name].decide(view)
    if name != "fixed_spread":
        assert_legal(view, targets)
    assert all(isfinite(term.value) or term.name == "time left" for term in targets.terms)
    for order in view.working if name != "fixed_spread" else ():
        assert order.quote is QuoteSide.BID or targets.bid is None or targets.bid.price < order.price
        assert order.quote is QuoteSide.ASK or targets.ask is None or targets.ask.price > order.price


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_the_same_of_the_same_view(name):
    book = Book(100)
    book.set(BID, 4_900, shares(20))
    book.set(ASK, 5_100, shares(20))
    view = View(START, market(), book, shares(20), signals=Signals(variance=1e-7, bid_markout=0.002))
    first, again = MODELS[name].decide(view), MODELS[name].decide(view)
    assert first == again
    assert first.terms == again.terms != ()


@pytest.mark.parametrize("name", MODELS)
def test_without_a_mid_there_are_no_quotes_and_a_reason(name):
    book = Book(100)
    book.set(BID, 4_900, shares(20))
    targets = MODELS[name].decide(View(START, market(), book, 0))
    assert (targets.bids, targets.asks) == ((), ())
    assert targets.reason == "no mid: one side of the book is empty"


@pytest.mark.parametrize("name", [name for name in MODELS if name != "fixed_spread"])
@settings(max_examples=25)
@given(view=views(), more=st.integers(1, 40))
def test_more_inventory_never_wants_a_higher_price(name, view, more):
    view = replace(view, position=0, working=())
    model = MODELS[name]
    before, after = model.decide(view), model.decide(replace(view, position=shares(more)))
    assert not (before.bid and after.bid) or after.bid.price <= before.bid.price
    assert not (before.ask and after.ask) or after.ask.price <= before.ask.price

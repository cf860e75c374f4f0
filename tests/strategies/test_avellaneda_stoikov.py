"""Avellaneda-Stoikov: the paper's formulas and numbers."""

from dataclasses import replace

import pytest

from pmm._fast import ASK, BID, Book
from pmm.core.ladder import Rungs
from pmm.core.signals import Signals
from pmm.core.view import View
from pmm.model import SECOND, utc_text
from pmm.strategies.avellaneda_stoikov import (
    AvellanedaStoikov,
    AvellanedaStoikovParams,
    average_spread,
    distances,
    reservation,
    spread,
)
from tests.support.story import START, market, shares


@pytest.mark.parametrize(("gamma", "expected"), [(0.1, 1.490770), (0.01, 1.349), (1.0, 3.0217)])
def test_average_spreads_of_the_papers_tables(gamma, expected):
    assert average_spread(gamma, 4.0, 1.0, 1.5) == pytest.approx(expected, abs=5e-4)


def test_every_share_held_moves_both_quotes_down():
    assert reservation(100.0, 3, 0.1, 4.0, 0.5) == pytest.approx(99.4)
    bid, ask = distances(3, 0.1, 4.0, 0.5, 1.5)
    assert bid + ask == pytest.approx(spread(0.1, 4.0, 0.5, 1.5))
    assert (ask - bid) / 2 == pytest.approx(-0.6)


def look(left=None, position=0, **signals):
    facts = market("0.001")
    if left is not None:
        facts = replace(facts, end_date=utc_text(START + left * SECOND))
    book = Book(10)
    book.set(BID, 4_900, shares(100))
    book.set(ASK, 5_100, shares(100))
    return View(START, facts, book, shares(position), signals=Signals(**signals))


def terms(view, params=None):
    return {term.name: term.value for term in AvellanedaStoikov(params).decide(view).terms}


def test_the_horizon_ends_with_the_market_and_is_no_longer_than_a_day():
    assert terms(look(left=3_600))["time left"] == 3_600
    assert terms(look(left=10**7))["time left"] == terms(look())["time left"] == 86_400
    assert terms(look(left=-5))["time left"] == 0


def test_measured_variance_counts_where_it_is_more():
    assert terms(look())["variance"] == pytest.approx(0.03**2 / 86_400)
    assert terms(look(variance=1e-6))["variance"] == 1e-6


def test_fills_thin_out_as_the_takers_that_were_seen_show():
    assert terms(look())["decay of fills"] == pytest.approx(100.0)
    assert terms(look(takers=20.0, reach=0.03))["decay of fills"] == pytest.approx(50.0)
    assert terms(look(takers=1e9, reach=0.0))["decay of fills"] == pytest.approx(2_000.0), "half a tick is the least"


def test_orders_of_ten_shares_are_as_risky_as_ten_of_one():
    params = AvellanedaStoikovParams(gamma=0.5, decay=100.0, volatility=0.03, rungs=Rungs(shares(10), shares(50)))
    told = terms(look(position=20), params)
    worth = reservation(0.5, 20, 0.5, 0.03**2 / 86_400, 86_400)
    assert told["reservation price"] == pytest.approx(worth)
    assert told["half spread"] == pytest.approx(spread(5.0, 0.03**2 / 86_400, 86_400, 100.0) / 2)
    targets = AvellanedaStoikov(params).decide(look(position=20))
    assert targets.bid.price == int((worth - told["half spread"]) * 1_000) * 10

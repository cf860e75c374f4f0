"""The outcomes of an event see each other: what they are worth, what is held, and when they are asked again."""

import json
from dataclasses import replace

import pytest

from pmm.core.claim import event_reservations
from pmm.core.engine import Engine, EngineConfig
from pmm.core.quote import clamp
from pmm.core.view import Target, one_a_side
from pmm.events import Accepted, FeedNews, FeedSignal, Filled, Frame, MarketDropped, MarketListed, Timer
from pmm.model import GRID, MILLISECOND, SECOND, SHARE, price_text
from pmm.strategies.log_odds import LogOdds, LogOddsParams
from tests.support.story import START, book_of, canceled, market, shares

GAMMA = 0.002
HALF_SPREAD = 200


class Softmax:
    """Quotes around the reservation price of the event, and notes what it saw."""

    name = "softmax"

    def __init__(self):
        self.seen = []

    def decide(self, view):
        self.seen.append((view.market.slug, view.event))
        reservation2 = view.mid2
        if view.event is not None:
            holdings = [size / SHARE for size in view.event.holdings]
            prices = event_reservations(view.event.probabilities, holdings, GAMMA)
            reservation2 = round(2 * GRID * prices[view.event.index])
        prices = clamp(reservation2 - 2 * HALF_SPREAD, reservation2 + 2 * HALF_SPREAD, view.market.tick, None, None)
        return one_a_side(*(Target(price, shares(10), reservation2) for price in prices))


class Event:
    """An engine with the outcomes of one event; `told` is who was asked by the last event, and what they saw."""

    def __init__(self, *names, event_size=None, strategy=None):
        self.strategy = strategy or Softmax()
        self.engine = Engine(self.strategy, EngineConfig(requote_threshold=1))
        self.at = START
        self.markets = {}
        for place, name in enumerate(names):
            listed = market(condition=f"0x{name}", yes=f"1{place}1", no=f"1{place}2")
            self.markets[name] = replace(listed, slug=name, neg_risk_id="event", event_size=event_size)
            self.tell(MarketListed(self.at, self.markets[name]))
        self.tell(FeedSignal(self.at, 0, FeedNews.CONNECTING))
        self.tell(FeedSignal(self.at, 0, FeedNews.OPENED))

    def tell(self, event):
        if isinstance(self.strategy, Softmax):
            self.strategy.seen.clear()
        return self.engine.step(event)

    def books(self, **touches):
        """One frame with a new book, bid and ask in cents, for each of these markets."""
        self.at += MILLISECOND
        frames = [self._book(name, bid, ask) for name, (bid, ask) in touches.items()]
        return self.tell(Frame(self.at, 0, json.dumps(frames, separators=(",", ":")).encode()))

    def _book(self, name, bid, ask):
        stamp, listed = str(self.at // MILLISECOND), self.markets[name]
        bids, asks = ([(price_text(cents * 100), 100)] for cents in (bid, ask))
        levels = [[{"price": price, "size": f"{size:g}"} for price, size in side] for side in (bids, asks)]
        return {
            "market": listed.condition_id,
            "asset_id": listed.yes,
            "timestamp": stamp,
            "hash": book_of(bids, asks).hash(listed.condition_id, listed.yes, stamp, "5", False, ""),
            "bids": levels[0],
            "asks": levels[1],
            "tick_size": "0.01",
            "event_type": "book",
            "last_trade_price": "",
        }

    def fill(self, name, size=10):
        """The bid of a market trades."""
        orders = self.engine.orders.open(self.markets[name].condition_id)
        bid = next(order for order in orders if order.quote == "bid")
        return self.tell(Filled(self.at, bid.order_id, "t1", bid.price, shares(size)))

    def worth(self, name):
        """What one more share of an outcome is worth to the model of log-odds, in USD."""
        quoted = self.engine.markets[self.markets[name].condition_id]
        terms = self.engine.quoting.strategy.decide(self.engine.quoting.view(quoted, self.at)).terms
        return next(term.value for term in terms if term.name == "worth of a share")

    @property
    def asked(self):
        return [name for name, _ in self.strategy.seen]

    def view(self, name):
        quoted = self.engine.markets[self.markets[name].condition_id]
        return self.engine.quoting.view(quoted, self.at).event


@pytest.fixture
def event():
    event = Event("quimby", "bob", "simpson", event_size=3)
    event.books(quimby=(44, 46), bob=(39, 41), simpson=(24, 26))
    return event


def test_mids_that_do_not_sum_to_one_are_made_coherent(event):
    view = event.view("bob")
    # The second vector of the published ones (strategy reference, 4.6).
    assert view.probabilities == pytest.approx((0.41293600, 0.36432626, 0.22273774), abs=5e-9)
    assert (view.index, view.holdings) == (1, (0, 0, 0))


def test_what_may_win_beside_the_quoted_outcomes_gets_what_they_leave():
    event = Event("quimby", "bob")
    event.books(quimby=(44, 46), bob=(29, 31))
    assert event.view("quimby").probabilities == pytest.approx((0.45, 0.30, 0.25))
    assert event.view("quimby").holdings == (0, 0, 0)


def test_an_outcome_without_a_book_yet_shares_what_is_left():
    event = Event("quimby", "bob", "simpson")
    event.books(quimby=(44, 46), bob=(29, 31))
    event.tell(Timer(event.at + SECOND))
    assert event.view("quimby").probabilities == pytest.approx((0.45, 0.30, 0.125, 0.125))


def test_an_outcome_whose_book_is_lost_is_taken_at_its_last_mid_as_far_as_there_is_room(event):
    event.books(quimby=(44, 46), bob=(29, 31), simpson=(24, 26))
    event.tell(MarketDropped(event.at, event.markets["simpson"].condition_id))
    assert event.view("bob").probabilities == pytest.approx((0.45, 0.30, 0.25))
    event.books(quimby=(59, 61))
    assert event.view("bob").probabilities == pytest.approx((0.60, 0.30, 0.10))


def test_a_market_that_stands_alone_has_no_event():
    alone = Event("quimby")
    alone.books(quimby=(44, 46))
    assert alone.strategy.seen == [("quimby", None)]


def test_buying_one_outcome_lowers_its_reservation_price_and_raises_those_of_all_others(event):
    before = {name: event.view(name) for name in event.markets}
    working = {order.market: order.price_yes for order in event.engine.orders.open() if order.quote == "bid"}
    event.fill("quimby")
    assert event.asked == ["quimby", "bob", "simpson"]
    assert all(view.holdings == (shares(10), 0, 0) for view in map(event.view, event.markets))
    prices = [event_reservations(before["bob"].probabilities, held, GAMMA) for held in ((0, 0, 0), (10, 0, 0))]
    assert prices[1][0] < prices[0][0]
    assert all(new > old for old, new in zip(prices[0][1:], prices[1][1:], strict=True))
    assert len(working) == 3


def test_log_odds_bids_less_for_what_it_holds_and_more_for_what_excludes_it():
    event = Event("quimby", "bob", strategy=LogOdds(LogOddsParams(gamma=0.2)))
    event.books(quimby=(44, 46), bob=(29, 31))
    worth = {name: event.worth(name) for name in event.markets}
    for order in tuple(event.engine.orders.open()):
        event.tell(Accepted(event.at, order.order_id))
    step = event.fill("quimby")
    assert event.worth("quimby") < worth["quimby"] - 0.05
    assert event.worth("bob") > worth["bob"] + 0.01
    left = {command.order_id for command in canceled(step.commands)}
    assert {event.engine.orders.get(name).market for name in left} == {"0xquimby", "0xbob"}


def test_a_move_by_less_than_a_tick_asks_only_where_it_happened(event):
    event.books(quimby=(44, 47))
    assert event.asked == ["quimby"]


def test_small_moves_add_up_until_the_others_are_asked(event):
    asked = []
    for ask in range(47, 60):
        event.books(quimby=(44, ask))
        asked.append(len(event.asked))
    assert asked[0] == 1
    assert max(asked) > 1


def test_while_something_is_held_any_probability_that_moves_by_a_tick_asks_everybody(event):
    event.fill("simpson")
    event.books(quimby=(47, 48))
    assert sorted(event.asked) == ["bob", "quimby", "simpson"]


def test_within_a_step_nobody_is_asked_twice_but_for_what_came_after(event):
    event.books(quimby=(54, 56), bob=(29, 31), simpson=(14, 16))
    assert event.asked.count("simpson") == 1
    assert max(event.asked.count(name) for name in event.markets) == 2
    event.tell(Timer(event.at + SECOND))
    assert sorted(event.asked) == ["bob", "quimby", "simpson"]


def test_what_is_decided_is_decided_on_what_the_event_is_worth_at_the_end_of_the_step(event):
    event.books(quimby=(54, 56), bob=(29, 31), simpson=(14, 16))
    last = dict(event.strategy.seen)
    assert all(last[name] == event.view(name) for name in event.markets)

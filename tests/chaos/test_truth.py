"""The venue's books of former moments."""

import json

from pmm._fast import ASK, BID
from pmm.model import MILLISECOND, SECOND
from pmm.sim.frames import MarketWire
from pmm.sim.matching import Outcome
from pmm.venues.polymarket import codec
from tests.chaos.truth import KEPT, Truth
from tests.support.story import START, market, shares


def wire():
    made = MarketWire(market(), START // MILLISECOND)
    made.apply((BID, 4900, shares(100)), made.at_ms)
    made.apply((ASK, 5100, shares(100)), made.at_ms)
    return made


def test_a_page_of_now_is_what_the_venue_answers():
    now = wire()
    page, answer = Truth(now, START).page(Outcome.NO, START), codec.book(json.loads(now.rest_book(Outcome.NO)))
    for name in ("token", "condition_id", "timestamp_ms", "bids", "asks", "tick", "min_size", "neg_risk", "hash"):
        assert getattr(page, name) == getattr(answer, name)


def test_what_happens_later_changes_no_former_book():
    now = wire()
    truth = Truth(now, START)
    now.apply((BID, 4900, 0), START // MILLISECOND + 1000)
    truth.note(START + SECOND)
    assert truth.at(START).books[0].best_bid == 4900
    assert truth.at(START + SECOND - 1).books[0].best_bid == 4900
    assert truth.at(START + SECOND).books[0].best_bid is None


def test_the_oldest_books_are_forgotten():
    now = wire()
    truth = Truth(now, START)
    for second in range(1, 100):
        truth.note(START + second * SECOND)
    assert START < truth.at(START).sent_at <= START + 99 * SECOND - KEPT

"""Whatever is made plain comes back equal."""

from __future__ import annotations

import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.core.event_view import EventView
from pmm.core.plain import plain, whole
from pmm.core.regime import Regime
from pmm.core.rule import RiskEvent, Stage
from pmm.core.signals import Signals
from pmm.core.view import QuoteSide, Resting, Target, Targets, Term, View
from pmm.model import MarketStats, RewardTerms
from pmm.sim.catalog import default_listings
from tests.support.story import START, book_of, shares

DEMO = default_listings()[0].market


def there_and_back(kind: type, value: object) -> object:
    return whole(kind, orjson.loads(orjson.dumps(plain(value))))


def test_a_whole_view_comes_back():
    book = book_of([("0.49", 5), ("0.47", 20.5)], [("0.51", 5), ("0.52", 20)])
    own = (Resting(QuoteSide.BID, 4_900, shares(5)),)
    event = EventView(1, (0.25, 0.5, 0.25), (0, -5, 7))
    view = View(START, DEMO, book, -7, own, Signals(0.1 + 0.2, -0.0, None, 1e-17), Regime.EVENT, event)
    assert there_and_back(View, view) == view


@given(st.floats(), st.floats(allow_nan=False), st.text(), st.integers(-(2**63), 2**63 - 1))
def test_every_number_comes_back_to_the_bit(one, other, text, whole_number):
    targets = Targets(reason=text, terms=(Term("a", one, "USD"), Term(text, other)), bids=(Target(whole_number, 1, 2),))
    again = there_and_back(Targets, targets)
    assert again == targets
    first = again.terms[0].value
    assert first == one or (math.isnan(first) and math.isnan(one))
    assert math.copysign(1, again.terms[1].value) == math.copysign(1, other)


def test_words_and_ranks_come_back_as_what_they_were():
    event = RiskEvent(START, "order_size", "clip", "o1", "too much", True, Stage.REDUCE)
    again = there_and_back(RiskEvent, event)
    assert again == event
    assert isinstance(again.stage, Stage)


def test_a_field_of_later_has_its_default_and_one_that_is_gone_is_left_out():
    told = plain(Target(4_800, 5, 9_600, 2))
    del told["level"]
    assert whole(Target, told | {"colour": "red"}) == Target(4_800, 5, 9_600)


def test_nothing_within_something_stays_nothing():
    assert there_and_back(RewardTerms, RewardTerms(None, 3, None)) == RewardTerms(None, 3, None)
    assert there_and_back(MarketStats, MarketStats()) == MarketStats()


@pytest.mark.parametrize("wrong", [[], {"tick": 3, "bids": [], "asks": []}, {"tick": 100}, None, "book"])
def test_what_is_no_view_is_refused(wrong):
    told = plain(View(START, DEMO, book_of([], []), 0))
    with pytest.raises((TypeError, ValueError, KeyError)):
        whole(View, told | {"book": wrong})


def test_what_is_no_record_is_refused():
    with pytest.raises(TypeError, match="not a record"):
        plain(object())

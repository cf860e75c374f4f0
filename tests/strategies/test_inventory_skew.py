"""Inventory skew: the spread of always around a mid that inventory shifts."""

import pytest

from pmm._fast import ASK, BID, Book
from pmm.core.ladder import Rungs
from pmm.core.view import View
from pmm.strategies.inventory_skew import InventorySkew, InventorySkewParams
from tests.support.story import START, market, shares


def decide(position=0, params=None):
    book = Book(10)
    book.set(BID, 4_900, shares(100))
    book.set(ASK, 5_100, shares(100))
    return InventorySkew(params).decide(View(START, market("0.001"), book, shares(position)))


@pytest.mark.parametrize(("position", "bid", "ask"), [(0, 4800, 5200), (20, 4760, 5160), (-40, 4880, 5280)])
def test_every_share_held_moves_both_quotes_by_the_skew(position, bid, ask):
    targets = decide(position)
    assert (targets.bid.price, targets.ask.price) == (bid, ask)


def test_a_ladder_has_its_levels_and_tells_what_it_was_made_from():
    targets = decide(20, InventorySkewParams(spread=200, skew=0.001, rungs=Rungs(levels=2, step=50)))
    assert [target.price for target in targets.bids] == [4700, 4650]
    assert [target.price for target in targets.asks] == [4910, 4960]
    assert [(term.name, term.value) for term in targets.terms] == [
        ("mid", 0.5),
        ("position", 20),
        ("shift", -0.02),
        ("half spread", 0.01),
    ]

"""One market's two books as a connection tells them: which snapshots corrected what was believed."""

import pytest

from pmm._fast import ASK, BID, Books
from pmm.core.book_copy import open_copy
from pmm.core.feed import Connection, FeedLimits
from pmm.model import MILLISECOND
from pmm.sim.frames import MarketWire, array
from pmm.sim.matching import Outcome
from tests.support.story import START, market, shares

MS = START // MILLISECOND


class Ear:
    """A copy whose wire changes without a word, so that only snapshots tell."""

    def __init__(self):
        self.wire = MarketWire(market(), MS)
        self.wire.apply((BID, 4900, shares(10)), MS)
        self.wire.apply((ASK, 5100, shares(10)), MS)
        self.copy = open_copy(market(), 0, Connection(FeedLimits()), Books(), START, quoted=True)
        self.hear(Outcome.YES, Outcome.NO)

    def hear(self, *outcomes):
        self.copy.books.feed(array(self.wire.dump(outcome) for outcome in outcomes))
        return list(self.copy.corrections())

    def miss(self, *prices):
        for price in prices:
            self.wire.apply((BID, price, shares(7)), MS)


@pytest.fixture
def ear():
    return Ear()


def test_first_snapshots_correct_nothing(ear):
    assert list(ear.copy.corrections()) == []


def test_a_snapshot_of_each_token_says_how_many_levels_were_wrong(ear):
    ear.miss(4500, 4400)
    assert ear.hear(Outcome.YES) == [2]
    ear.miss(4900)
    assert ear.hear(Outcome.NO, Outcome.YES) == [1, 3]
    assert ear.hear(Outcome.YES) == [0]


def test_what_is_lost_is_restored_and_not_corrected(ear):
    ear.copy.forget()
    ear.miss(4500)
    assert ear.hear(Outcome.YES) == []
    ear.miss(4400)
    assert ear.hear(Outcome.YES, Outcome.NO) == [1]


def test_of_two_snapshots_in_a_frame_that_restores_only_the_second_can_correct(ear):
    ear.copy.forget()
    ear.miss(4500)
    assert ear.hear(Outcome.YES, Outcome.YES) == [0]


def test_the_books_of_other_markets_are_no_matter(ear):
    other = market(condition="0x" + "cd" * 32, yes="3" + "7" * 76, no="4" + "7" * 76)
    open_copy(other, 0, Connection(FeedLimits()), ear.copy.books, START, quoted=True)
    for _ in range(2):
        assert ear.copy.books.feed(MarketWire(other, MS).dump(Outcome.YES)) == 1
    assert ear.copy.books.differences == [(2, 0)]
    assert list(ear.copy.corrections()) == []

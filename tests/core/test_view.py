"""What a strategy sees of a book that holds orders of its own."""

from pmm._fast import Book
from pmm.core.view import QuoteSide, Resting, View
from pmm.sim.catalog import default_listings
from tests.support.story import shares

START = 1_764_000_000 * 10**9
DEMO = default_listings()[0].market


def view(*own: Resting) -> View:
    book = Book(100)
    book.load([(4_900, shares(5)), (4_700, shares(20))], [(5_100, shares(5)), (5_200, shares(20))])
    return View(START, DEMO, book, 0, own)


def test_the_mid_is_that_of_others():
    mine = view(Resting(QuoteSide.BID, 4_900, shares(5)))
    assert (mine.best_bid, mine.best_ask, mine.mid2) == (4_700, 5_100, 9_800)
    assert view().mid2 == 10_000


def test_size_of_others_at_our_price_stays():
    mine = view(Resting(QuoteSide.ASK, 5_100, shares(2)), Resting(QuoteSide.ASK, 5_100, shares(1)))
    assert list(mine.levels(QuoteSide.ASK)) == [(5_100, shares(2)), (5_200, shares(20))]


def test_a_side_that_is_all_ours_has_no_price():
    mine = view(Resting(QuoteSide.BID, 4_900, shares(5)), Resting(QuoteSide.BID, 4_700, shares(20)))
    assert (mine.best_bid, mine.mid2) == (None, None)

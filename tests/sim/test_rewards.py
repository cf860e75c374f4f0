"""What resting orders score for liquidity rewards."""

from __future__ import annotations

import pytest

from pmm.model import SHARE, USD, Side, parse_price
from pmm.sim.catalog import Rewards
from pmm.sim.matching import MatchingMarket, Outcome
from pmm.sim.rewards import PART_ONE, SAMPLES_A_DAY, Epoch, middle2, parts

BUY, SELL = Side.BUY, Side.SELL
YES, NO = Outcome.YES, Outcome.NO
TERMS = Rewards(100 * SHARE, 300, 50)


class Quotes:
    """A book with a fine grid, and who quotes in it."""

    def __init__(self) -> None:
        self.book = MatchingMarket(10)

    def quote(self, owner: str, side: Side, price: str, shares: int = 100, outcome: Outcome = YES) -> None:
        name = str(len(self.book))
        self.book.submit(name, outcome, side, parse_price(price), shares * SHARE, owner=owner)

    def parts(self) -> dict[str, float]:
        return {owner: round(part / PART_ONE, 6) for owner, part in parts(self.book, TERMS).items()}


@pytest.fixture
def quotes() -> Quotes:
    return Quotes()


def test_the_documented_example_scores_what_is_documented(quotes: Quotes) -> None:
    """One side scores 111.11 and the other 175.00; somebody else's single bid of 69.44 counts a third."""
    quotes.quote("other", BUY, "0.495")
    quotes.quote("ann", BUY, "0.49")
    quotes.quote("ann", BUY, "0.48", 200)
    quotes.quote("ann", SELL, "0.51", outcome=NO)
    quotes.quote("ann", SELL, "0.515")
    quotes.quote("ann", BUY, "0.48", outcome=NO)
    quotes.quote("ann", SELL, "0.505", 200)
    assert middle2(quotes.book, TERMS.min_size) == 10_000
    own, other = 1_000 / 9, 100 * (2.5 / 3) ** 2 / 3
    assert quotes.parts() == {"ann": round(own / (own + other), 6), "other": round(other / (own + other), 6)}


def test_one_side_alone_counts_a_third(quotes: Quotes) -> None:
    quotes.quote("both", BUY, "0.49")
    quotes.quote("both", SELL, "0.51")
    quotes.quote("one", BUY, "0.49")
    assert quotes.parts() == {"both": 0.75, "one": 0.25}


def test_near_the_ends_one_side_alone_counts_nothing(quotes: Quotes) -> None:
    for owner, side, price in (("both", BUY, "0.08"), ("both", SELL, "0.10"), ("one", BUY, "0.08")):
        quotes.quote(owner, side, price)
    assert quotes.parts() == {"both": 1.0}


def test_exactly_at_a_tenth_one_side_still_counts(quotes: Quotes) -> None:
    for owner, side, price in (("both", BUY, "0.09"), ("both", SELL, "0.11"), ("one", BUY, "0.09")):
        quotes.quote(owner, side, price)
    assert quotes.parts() == {"both": 0.75, "one": 0.25}


def test_small_and_distant_orders_score_nothing_and_small_ones_do_not_move_the_middle(quotes: Quotes) -> None:
    quotes.quote("ann", BUY, "0.48")
    quotes.quote("ann", SELL, "0.52")
    quotes.quote("dust", BUY, "0.49", 99)
    quotes.quote("far", SELL, "0.53", 10_000)
    assert middle2(quotes.book, TERMS.min_size) == 10_000  # of 0.48 and 0.52
    assert quotes.parts() == {"ann": 1.0}


def test_a_thin_book_has_no_middle_and_nobody_scores(quotes: Quotes) -> None:
    quotes.quote("ann", BUY, "0.49", 1_000)
    quotes.quote("ann", SELL, "0.51", 99)
    assert (middle2(quotes.book, TERMS.min_size), quotes.parts()) == (None, {})


def test_a_share_is_the_part_of_all_samples() -> None:
    epoch = Epoch()
    for sample in ({"ann": PART_ONE}, {"ann": PART_ONE // 2, "bob": PART_ONE // 2}, {}):
        epoch.take(sample)
    assert (epoch.share("ann"), epoch.share("bob"), epoch.share("eve")) == (PART_ONE * 3 // 4, PART_ONE // 4, 0)


def test_a_whole_day_pays_the_whole_pool_and_a_part_of_it_its_part() -> None:
    epoch = Epoch()
    for _ in range(SAMPLES_A_DAY // 2):
        epoch.take({"ann": PART_ONE // 4, "house": PART_ONE * 3 // 4})
    assert epoch.earned("ann", 100) == 12 * USD + USD // 2
    for _ in range(SAMPLES_A_DAY):
        epoch.take({"ann": PART_ONE // 4, "house": PART_ONE * 3 // 4})
    assert epoch.earned("ann", 100) == 25 * USD


def test_nobody_has_earned_anything_where_nothing_was_sampled() -> None:
    assert Epoch().earned("ann", 100) == 0

"""What size within the reward terms scores, by the numbers of the venue's own page and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm._fast import ASK, BID, Book
from pmm.core.reward_score import ONE_SIDED, Contest, Paid, Yardstick, book_score, middle2, page_score
from pmm.model import GRID, SHARE, USD, BookPage, Level, RewardTerms

V = 300  # 3 cents
LEAST = 20 * SHARE
MIDDLE = 2 * 5_000


def sized(*levels: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple((price, shares * SHARE) for price, shares in levels)


def test_the_documented_side_scores_111() -> None:
    """Bids on YES 100 at one cent and 200 at two, an ask on NO 100 at one: (4/9 + 2/9 + 4/9) x 100."""
    stick = Yardstick(MIDDLE, LEAST, V)
    side = sum(stick.points(price, size) for price, size in sized((4_900, 100), (4_800, 200), (4_900, 100)))
    assert stick.at_middle(stick.together(side, side)) == 111_111_111


@pytest.mark.parametrize(
    ("price", "shares", "ninths"),
    [
        (5_000, 100, 900),
        (4_900, 100, 400),
        (5_200, 100, 100),
        (5_300, 100, 0),
        (4_000, 100, 0),
        (4_900, 20, 80),
        (4_900, 19, 0),
    ],
)
def test_a_size_scores_by_the_square_of_what_is_left_of_the_spread(price: int, shares: int, ninths: int) -> None:
    stick = Yardstick(MIDDLE, LEAST, V)
    assert 9 * stick.points(price, shares * SHARE) == ninths * SHARE * (2 * V) ** 2


@pytest.mark.parametrize(
    ("middle", "one", "other", "thirds"),
    [(5_000, 6, 2, 6), (5_000, 2, 9, 9), (5_000, 9, 0, 9), (1_000, 9, 0, 9), (999, 9, 0, 0), (9_001, 9, 2, 6)],
)
def test_two_sides_score_the_lesser_or_a_third_of_the_greater(middle: int, one: int, other: int, thirds: int) -> None:
    assert Yardstick(2 * middle, LEAST, V).together(one, other) == thirds


BIDS = sized((5_000, 10), (4_900, 9_000), (4_800, 9_000), (4_600, 10**6))
ASKS = sized((5_100, 22_500), (5_300, 10_000))


def test_a_book_scores_what_rests_within_the_terms_and_dust_does_not_move_its_middle() -> None:
    """Bids 4,000 + 1,000 of two levels, asks 10,000: the lesser side, which is more than a third of the greater."""
    assert middle2(BIDS, ASKS, LEAST) == MIDDLE
    assert book_score(BIDS, ASKS, LEAST, V) == 5_000 * SHARE


def test_a_third_of_the_greater_side_counts_where_the_other_is_nearly_empty() -> None:
    assert book_score(sized((4_900, 900)), sized((5_100, 22_500)), LEAST, V) == 10_000 * SHARE // 3


def test_a_book_that_is_thin_on_a_side_has_no_middle_and_no_score() -> None:
    assert (middle2(BIDS, sized((5_100, 19)), LEAST), book_score(BIDS, sized((5_100, 19)), LEAST, V)) == (None, 0)
    assert book_score([], [], 0, V) == 0


def test_a_spread_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="spread of 0"):
        book_score(BIDS, ASKS, LEAST, 0)


def test_a_book_over_rest_scores_as_its_levels_do() -> None:
    bids, asks = (tuple(Level(*each) for each in side) for side in (BIDS, ASKS))
    page = BookPage("1", "0x1", 0, bids, asks, 100, None, neg_risk=False, last_trade=None, hash="")
    assert page_score(page, LEAST, V) == 5_000 * SHARE


SIDE = st.dictionaries(st.integers(1, 50), st.integers(1, 400), max_size=6)


def book_of(below: dict[int, int], above: dict[int, int]) -> Book:
    """Sizes in shares at so many cents below and above 50 cents."""
    book = Book(100)
    bids = [(5_000 - 100 * cents, size * SHARE) for cents, size in below.items() if cents < 50]
    book.load(bids, [(5_000 + 100 * cents, size * SHARE) for cents, size in above.items() if cents < 50])
    return book


@given(SIDE, SIDE, st.integers(1, 200))
def test_the_middle_is_the_kernel_s(below: dict[int, int], above: dict[int, int], least: int) -> None:
    book = book_of(below, above)
    assert middle2(book.levels(BID), book.levels(ASK), least * SHARE) == book.cut_mid2(least * SHARE)


@given(SIDE, SIDE)
def test_the_book_of_no_scores_as_the_book_of_yes(below: dict[int, int], above: dict[int, int]) -> None:
    yes = book_of(below, above)
    no = yes.mirrored()
    assert no.size_at(BID, GRID - 5_100) == yes.size_at(ASK, 5_100)
    scores = [book_score(book.levels(BID), book.levels(ASK), LEAST, V) for book in (yes, no)]
    assert scores[0] == scores[1]


@given(st.lists(st.tuples(st.integers(0, 1_000), st.integers(0, 1_000)), min_size=1, max_size=8))
def test_shared_among_makers_a_book_scores_from_half_to_two_thirds_more(makers: list[tuple[int, int]]) -> None:
    """What docs/markets-score.md says of a book whose accounts are not seen."""
    stick = Yardstick(MIDDLE, 0, V)
    shared = sum(stick.together(*maker) for maker in makers)
    whole = stick.together(sum(one for one, _ in makers), sum(other for _, other in makers))
    assert whole <= 2 * shared
    assert ONE_SIDED * shared <= 5 * whole


# --- what orders of ours would get ------------------------------------------------------------------------------------

POOL = Paid(LEAST, V, 100 * USD)


@given(SIDE, SIDE, SIDE, SIDE, st.integers(1, 200))
def test_the_middle_with_our_orders_is_that_of_the_book_with_them_in_it(
    below: dict[int, int], above: dict[int, int], our_bids: dict[int, int], our_asks: dict[int, int], least: int
) -> None:
    bids, asks = ([(p, z) for p, z in book_of(below, above).levels(side)] for side in (BID, ASK))
    own = (
        [(5_000 - 100 * c, z * SHARE) for c, z in our_bids.items()],
        [(5_000 + 100 * c, z * SHARE) for c, z in our_asks.items()],
    )
    whole = book_of(
        {c: below.get(c, 0) + our_bids.get(c, 0) for c in below | our_bids},
        {c: above.get(c, 0) + our_asks.get(c, 0) for c in above | our_asks},
    )
    inside = [tuple((price, size) for price, size in side if 0 < price < GRID) for side in own]
    contest = Contest(Paid(least * SHARE, V, USD), bids, asks)
    assert contest.middle2((inside[0], inside[1])) == whole.cut_mid2(least * SHARE)


def test_a_thin_side_pays_nothing_and_nothing_is_earned_by_too_little() -> None:
    thin = Contest(POOL, sized((4_900, 100)), sized((5_100, 19)))
    assert thin.income((sized((4_900, 100)), ())) == 0
    full = Contest(POOL, sized((4_900, 100)), sized((5_100, 100)))
    assert full.income((sized((4_900, 19)), sized((5_100, 19)))) == 0
    assert full.income(((), ())) == 0


def test_our_own_size_gives_a_thin_side_its_middle() -> None:
    contest = Contest(POOL, sized((4_900, 100)), [])
    assert contest.income((sized((4_900, 100)), sized((5_100, 100)))) == 75 * USD  # against a third of one side


@pytest.mark.parametrize(
    "terms",
    [
        None,
        RewardTerms(None, V, USD),
        RewardTerms(LEAST, None, USD),
        RewardTerms(LEAST, V, None),
        RewardTerms(LEAST, 0, USD),
        RewardTerms(LEAST, V, 0),
        RewardTerms(LEAST, -1, USD),
    ],
)
def test_terms_that_pay_nothing_or_are_not_all_known_are_no_contest(terms: RewardTerms | None) -> None:
    assert Paid.of(terms) is None


def test_terms_that_are_known_are_what_is_paid_for() -> None:
    assert Paid.of(RewardTerms(LEAST, V, 100 * USD)) == POOL

"""Every part of a score is the number its formula gives by hand, and what is unknown speaks for nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmm.metrics.market_score import (
    DAY,
    HOUR,
    Competition,
    Parts,
    Scales,
    Source,
    Weights,
    competing_score,
    obstacles,
    rank,
    score,
    wants_book,
)
from pmm.model import (
    RATE_ONE,
    SHARE,
    USD,
    BookPage,
    FeeSchedule,
    Level,
    Market,
    MarketStats,
    RewardTerms,
    Token,
    unix_time,
)

NOW = unix_time("2026-01-01T00:00:00Z")
TOKENS = (Token("1", "Yes"), Token("2", "No"))
STATS = MarketStats(best_bid=4_800, best_ask=5_200, volume_24h=10_000 * USD)
MARKET = Market(
    "0x1",
    "rain",
    "Rain?",
    TOKENS,
    100,
    5_000_000,
    end_date="2026-01-08T00:00:00Z",
    liquidity=10_000 * USD,
    fees=FeeSchedule(40_000, 1, taker_only=True, rebate=250_000),
    rewards=RewardTerms(None, None, 10 * USD),
    stats=STATS,
)
HALF = RATE_ONE // 2


def parts(market):
    return score(market, NOW, Weights(), Scales()).parts


def test_a_market_at_every_scale_has_half_of_each_part_and_all_of_the_spread():
    scored = score(MARKET, NOW, Weights(), Scales())
    assert scored.parts == Parts(volume=HALF, spread=RATE_ONE, reward=HALF, time=HALF, terms=(750_000 + HALF) // 2)
    assert scored.score == 150_000 + 350_000 + 75_000 + 50_000 + 62_500


@pytest.mark.parametrize(
    ("bid", "ask", "part"),
    [(4_900, 5_100, 800_000), (4_600, 5_400, 800_000), (5_000, 5_400, RATE_ONE), (10, 9_990, 80_031)],
)
def test_a_spread_is_worth_most_at_its_best_and_as_much_at_half_as_at_twice_of_it(bid, ask, part):
    assert parts(replace(MARKET, stats=MarketStats(bid, ask))).spread == part


@pytest.mark.parametrize(("bid", "ask"), [(None, 5_000), (5_000, None), (0, 5_000), (5_000, 10_000), (5_000, 5_000)])
def test_a_book_without_two_sides_has_no_spread_and_no_terms(bid, ask):
    found = parts(replace(MARKET, stats=MarketStats(bid, ask)))
    assert (found.spread, found.terms) == (None, None)


def test_what_the_venue_did_not_say_is_unknown_and_counts_as_nothing():
    bare = Market("0x2", "bare", "?", TOKENS, 100, 0)
    scored = score(bare, NOW, Weights(), Scales())
    assert (scored.parts, scored.score) == (Parts(None, None, None, None, None), 0)


def test_a_reward_without_liquidity_has_no_competition_and_no_reward_is_nothing():
    assert parts(replace(MARKET, liquidity=0)).reward == RATE_ONE
    assert parts(replace(MARKET, liquidity=0, rewards=RewardTerms(None, None, 0))).reward == 0


TERMS = RewardTerms(20 * SHARE, 300, 10 * USD)


def competing(shares):
    return score(MARKET, NOW, Weights(), Scales(), shares * SHARE)


def test_with_a_book_the_reward_is_measured_by_the_score_of_those_who_compete():
    assert competing(1_000).parts.reward == HALF
    assert competing(3_000).parts.reward == RATE_ONE // 4
    assert competing(0).parts.reward == RATE_ONE
    assert competing(1_000).competition == Competition(Source.BOOK, 1_000 * SHARE)


def test_without_a_book_liquidity_is_named_as_what_stood_in_and_without_a_reward_nothing_is():
    assert score(MARKET, NOW, Weights(), Scales()).competition == Competition(Source.LIQUIDITY, 10_000 * USD)
    assert score(replace(MARKET, rewards=None), NOW, Weights(), Scales(), 5).competition is None


def test_only_the_markets_whose_books_were_read_are_ranked_by_them():
    twin = replace(MARKET, slug="snow", condition_id="0x2")
    first, second = rank([MARKET, twin], NOW, Weights(0, 0, 1, 0, 0), competing={"0x2": 500 * SHARE})
    assert (first.market.slug, first.score) == ("snow", 666_666)
    assert (second.market.slug, second.score) == ("rain", HALF)


def test_the_book_of_a_market_scores_by_the_terms_of_the_market():
    levels = (Level(4_900, 9_000 * SHARE),), (Level(5_100, 9_000 * SHARE),)
    page = BookPage("1", "0x1", 0, *levels, 100, None, neg_risk=False, last_trade=None, hash="")
    assert competing_score(replace(MARKET, rewards=TERMS), page) == 4_000 * SHARE
    assert competing_score(replace(MARKET, rewards=replace(TERMS, max_spread=150)), page) == 1_000 * SHARE
    with pytest.raises(ValueError, match="rain"):
        competing_score(MARKET, page)


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        (TERMS, True),
        (replace(TERMS, min_size=0), True),
        (replace(TERMS, min_size=None), False),
        (replace(TERMS, max_spread=None), False),
        (replace(TERMS, max_spread=0), False),
        (replace(TERMS, per_day=0), False),
        (replace(TERMS, per_day=None), False),
        (None, False),
    ],
)
def test_a_book_is_wanted_where_it_is_known_what_is_paid_and_for_what(terms, wanted):
    assert wants_book(replace(MARKET, rewards=terms)) is wanted
    assert not wants_book(replace(MARKET, rewards=terms, tokens=()))


def test_the_time_that_counts_ends_with_the_game_when_that_is_sooner():
    game = replace(MARKET, end_date="2026-02-01", game_start="2026-01-08 00:00:00+00")
    assert parts(game).time == HALF
    assert parts(replace(MARKET, end_date="2025-12-31")).time == 0


def test_a_coarse_tick_leaves_no_room_and_the_rebate_follows_the_fee_curve():
    assert parts(replace(MARKET, tick=400)).terms == HALF // 2
    assert parts(replace(MARKET, fees=None)).terms == 375_000
    squared = replace(MARKET, fees=FeeSchedule(160_000, 2, taker_only=True, rebate=250_000))
    assert parts(squared).terms == parts(MARKET).terms


def test_weights_are_relative_and_decide_the_order():
    busy = replace(MARKET, slug="busy", condition_id="0x2", stats=MarketStats(4_990, 5_010, volume_24h=10**6 * USD))
    assert [one.market.slug for one in rank([busy, MARKET], NOW, Weights(0, 1, 0, 0, 0))] == ["rain", "busy"]
    assert [one.market.slug for one in rank([MARKET, busy], NOW, Weights(1, 0, 0, 0, 0))] == ["busy", "rain"]
    assert score(MARKET, NOW, Weights(3, 3, 3, 3, 3), Scales()) == score(MARKET, NOW, Weights(9, 9, 9, 9, 9), Scales())


def test_equal_markets_are_in_the_order_of_their_names():
    twin = replace(MARKET, slug="a", condition_id="0x9")
    assert [one.market.slug for one in rank([MARKET, twin], NOW)] == ["a", "rain"]


@pytest.mark.parametrize("weights", [(-1, 1, 1, 1, 1), (0, 0, 0, 0, 0)])
def test_weights_that_cannot_be_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Weights(*weights)


def test_scales_are_above_zero():
    with pytest.raises(ValueError, match="scales"):
        Scales(spread_best=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, []),
        ({"tokens": ()}, ["no-tokens"]),
        ({"closed": True, "accepting_orders": False}, ["closed", "not-accepting-orders"]),
        ({"end_date": "2026-01-01T23:59:59Z"}, ["ends-soon"]),
        ({"end_date": "2026-01-02T00:00:00Z"}, []),
        ({"game_start": "2025-12-31 20:00:00+00"}, ["game-soon"]),
        ({"end_date": "whenever"}, ["bad-end-date"]),
        ({"end_date": None}, []),
    ],
)
def test_what_keeps_a_market_from_being_made_is_named(change, words):
    assert obstacles(replace(MARKET, **change), NOW, time_left=DAY) == words
    assert DAY == 24 * HOUR


AMOUNT = st.none() | st.integers(-(10**6), 10**15)
PRICE = st.none() | st.integers(-100, 10_100)


@given(AMOUNT, PRICE, PRICE, st.integers(0, 10**12), AMOUNT, st.integers(0, 8), st.none() | st.integers(0, 10**15))
def test_no_facts_take_a_part_out_of_its_range(traded, bid, ask, liquidity, paid, exponent, others):
    market = replace(
        MARKET,
        liquidity=liquidity,
        rewards=RewardTerms(None, None, paid),
        fees=FeeSchedule(50_000, exponent, taker_only=True, rebate=200_000),
        stats=MarketStats(bid, ask, volume_24h=traded),
    )
    scored = score(market, NOW, Weights(), Scales(), others)
    assert all(part is None or 0 <= part <= RATE_ONE for part in scored.parts.all)
    assert 0 <= scored.score <= RATE_ONE

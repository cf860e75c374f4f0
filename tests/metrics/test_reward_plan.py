"""A purse shared among reward markets: what each gets, what it earns, and which are left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.reward_score import Contest, Paid
from pmm.metrics.reward_plan import plan, pool_of
from pmm.model import SHARE, USD, BookPage, Level, Market, RewardTerms, Token
from tests.support.story import market, shares

CENT = 100


def paying(name: str, per_day: int = 100, least: float = 20, spread: int = 300) -> Market:
    tokens = (Token(f"{name}-yes", "Yes"), Token(f"{name}-no", "No"))
    terms = RewardTerms(shares(least), spread, per_day * USD)
    return replace(market(condition=name), slug=name, tokens=tokens, rewards=terms)


def page(size: float = 900) -> BookPage:
    bids, asks = (Level(4_900, shares(size)),), (Level(5_100, shares(size)),)
    return BookPage("t", "c", 0, bids, asks, CENT, None, neg_risk=False, last_trade=None, hash="")


def test_a_pool_is_what_a_share_scores_and_what_the_book_does() -> None:
    pool = pool_of(paying("a"), page(), CENT, shares(500))
    assert pool is not None
    assert (pool.reward, pool.competing, pool.capital, pool.least, pool.most) == (100, 400, 0.98, 20, 500)
    assert pool.weight == pytest.approx(4 / 9)


def test_the_income_of_a_plan_is_that_of_the_contest() -> None:
    """Two orders of the planned size at that distance would earn so much on the book that was read."""
    told = plan([paying("a")], {"a-yes": page()}, 98 * USD, CENT, shares(500))
    (one,) = told.markets
    assert (one.size, one.capital) == (shares(100), 98 * USD)
    contest = Contest(Paid(shares(20), 300, 100 * USD), ((4_900, shares(900)),), ((5_100, shares(900)),))
    earned = contest.income((((4_900, one.size),), ((5_100, one.size),)))
    assert one.income == pytest.approx(earned, abs=2)
    assert one.share == pytest.approx(earned / (100 * USD))


def test_rich_and_empty_markets_come_first_and_the_rest_share_what_is_left() -> None:
    markets = [paying("poor", 1), paying("rich", 500), paying("empty", 100)]
    books = {"poor-yes": page(), "rich-yes": page(), "empty-yes": page(30)}
    told = plan(markets, books, 300 * USD, CENT, shares(1_000))
    assert [one.market.slug for one in told.markets] == ["rich", "empty"]
    assert told.capital == pytest.approx(300 * USD, abs=10)
    assert told.income == sum(one.income for one in told.markets)
    assert told.price > 0
    assert told.missed == 0


@pytest.mark.parametrize(
    ("quoted", "distance", "most"),
    [
        (replace(paying("a"), rewards=None), CENT, 500),
        (paying("a"), 3 * CENT, 500),
        (paying("a", least=501), CENT, 500),
        (paying("a", spread=9_000), 5_000, 500),
    ],
)
def test_what_cannot_score_is_left_out(quoted: Market, distance: int, most: int) -> None:
    assert pool_of(quoted, page(), distance, shares(most)) is None
    assert plan([quoted], {"a-yes": page()}, 100 * USD, distance, shares(most)).markets == ()


def test_a_market_whose_book_was_not_read_is_left_out() -> None:
    assert plan([paying("a")], {}, 100 * USD, CENT, shares(500)).markets == ()


def test_nobody_in_the_book_leaves_the_whole_reward_to_the_least_size() -> None:
    told = plan([paying("a")], {"a-yes": replace(page(), bids=(), asks=())}, 100 * USD, CENT, shares(500))
    assert (told.markets[0].size, told.markets[0].income) == (20 * SHARE, 100 * USD)

"""What a view says of the contest for rewards, and what the engine notes of it while it quotes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.reward_view import contest, sample, working
from pmm.core.view import QuoteSide, Resting, View
from pmm.events import MarketListed
from pmm.model import SHARE, USD, RewardTerms
from tests.support.story import START, Story, book_of, market, shares

TERMS = RewardTerms(20 * SHARE, 300, 100 * USD)
BOOK = book_of(
    [("0.49", 10), ("0.48", 200), ("0.46", 50), ("0.45", 900), ("0.30", 900)],
    [("0.51", 200), ("0.53", 50), ("0.54", 900)],
)
OURS = (Resting(QuoteSide.BID, 4800, shares(50)), Resting(QuoteSide.ASK, 5100, shares(50)))


def view(own: tuple[Resting, ...] = (), held: tuple[Resting, ...] = OURS, terms: RewardTerms | None = TERMS) -> View:
    return View(START, replace(market(), rewards=terms), BOOK, 0, own, working=held)


def test_others_are_what_is_not_ours_and_no_further_than_what_may_score() -> None:
    here = contest(view(own=OURS))
    assert here is not None
    assert [price for price, _ in here.others[0]] == [4900, 4800, 4600]  # 0.48 is reached by the least size
    assert here.others[0][1] == (4800, shares(150))
    assert here.others[1][0] == (5100, shares(150))


def test_in_a_dry_run_our_orders_come_on_top_of_the_book() -> None:
    dry, live = sample(view()), sample(view(own=OURS))
    assert dry is not None
    assert live is not None
    assert (dry.own, live.own) == (live.own, dry.own)
    assert 0 < live.others < dry.others


def test_a_sample_is_the_share_of_a_day_s_reward() -> None:
    """Middle 0.495: bids at 1.5 cents 50, asks at 1.5 cents 50; others 200 and the rest of 0.46 out of reach."""
    told = sample(view())
    assert told is not None
    assert (told.own, told.others) == (shares(50) // 4, shares(200) // 4)
    assert told.rate == 20 * USD


@pytest.mark.parametrize("terms", [None, RewardTerms(None, 300, USD)])
def test_where_nothing_is_paid_there_is_nothing_to_sample(terms: RewardTerms | None) -> None:
    assert contest(view(terms=terms)) is None
    assert sample(view(terms=terms)) is None


def test_our_orders_are_told_by_side() -> None:
    assert working(OURS) == (((4800, shares(50)),), ((5100, shares(50)),))


def test_the_engine_samples_every_five_seconds_what_it_has_working() -> None:
    story = Story()
    story.open_market()
    story.accept()
    story.tell(MarketListed(story.at, replace(market(), rewards=RewardTerms(5 * SHARE, 300, 100 * USD))))
    told = [len(story.wait(1).rewards) for _ in range(7)]
    assert told == [1, 0, 0, 0, 0, 1, 0]
    (noted,) = (one for step in story.history[-2:] for one in step.rewards)
    assert noted.own > 0
    assert noted.rate == 100 * USD * noted.own // (noted.own + noted.others)


def test_a_market_without_a_trusted_book_is_not_sampled() -> None:
    story = Story()
    story.tell(MarketListed(story.at, replace(market(), rewards=TERMS)))
    assert story.wait(1).rewards == ()

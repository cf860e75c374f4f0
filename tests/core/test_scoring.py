"""Orders that the venue counts for rewards, those that it does not, and why; and where it says otherwise than we."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pmm.core.orders import Order
from pmm.core.scoring import DIFFERENT_MIN, YOUNG, Scoring, rivalry, verdict
from pmm.core.step import Change, StepBuilder
from pmm.core.view import QuoteSide, Resting, View
from pmm.events import MarketListed, Scored, Timer
from pmm.model import SECOND, SHARE, USD, RewardTerms, Side
from tests.support.story import CONDITION, START, YES, Story, book_of, market, shares

TERMS = RewardTerms(20 * SHARE, 300, 100 * USD)
BOOK = book_of([("0.49", 400)], [("0.51", 400)])
EDGE = book_of([("0.03", 400)], [("0.05", 400)])
OLD = START - YOUNG


def order(price: int = 4_800, size: float = 50, quote: QuoteSide = QuoteSide.BID, at: int = OLD) -> Order:
    side = Side.BUY if quote is QuoteSide.BID else Side.SELL
    return Order(f"o{price}", CONDITION, YES, side, price, shares(size), quote, price, None, at, state="LIVE")


def view(*orders: Order, book=BOOK, terms: RewardTerms | None = TERMS) -> View:
    resting = tuple(Resting(one.quote, one.price_yes, one.size_left) for one in orders)
    return View(START, replace(market(), rewards=terms), book, 0, working=resting)


@pytest.mark.parametrize(
    ("mine", "book", "terms", "scores", "reason"),
    [
        (order(), BOOK, TERMS, True, ""),
        (order(size=19), BOOK, TERMS, False, "too small: 19 shares are left, 20 are the least"),
        (order(price=4_700), BOOK, TERMS, False, "too far: 3 cents from the middle at 0.5, less than 3 count"),
        (order(price=4_701), BOOK, TERMS, True, ""),
        (order(price=300), EDGE, TERMS, None, "one-sided: with the middle at 0.04 one side alone earns nothing"),
        (order(), book_of([("0.49", 400)], [("0.51", 19)]), TERMS, False, "no middle: a side of the book holds less"),
        (order(), BOOK, None, False, "no reward is paid here"),
    ],
)
def test_our_formula_says_whether_an_order_scores_and_why_not(
    mine: Order, book: object, terms: RewardTerms | None, scores: bool | None, reason: str
) -> None:
    ours = verdict(mine, view(mine, book=book, terms=terms))
    assert ours.scores is scores
    assert ours.reason.startswith(reason)


def test_both_sides_together_score_near_the_edge_too() -> None:
    both = order(price=300), order(price=500, quote=QuoteSide.ASK)
    assert verdict(both[0], view(*both, book=EDGE)).scores is True


def asked(scoring: Scoring, answers: Sequence[tuple[Order, bool]], *, at: int = START) -> list[Change]:
    out = StepBuilder(Timer(at))
    scoring.on_answer(at, answers, view(*(one for one, _ in answers)), out)
    return out.changes


def test_an_order_that_scores_as_it_should_is_announced_once() -> None:
    scoring = Scoring()
    assert [change.new for change in asked(scoring, [(order(), True)])] == ["SCORING"]
    assert asked(scoring, [(order(), True)]) == []
    assert scoring.tally == {"scoring": 2, "different": 0}


def test_one_that_does_not_is_announced_with_the_reason() -> None:
    (change,) = asked(Scoring(), [(order(size=19), False)])
    assert (change.machine, change.subject, change.new) == ("scoring", "rain bid", "IDLE")
    assert change.cause.startswith("too small")


def test_the_age_that_nobody_knows_explains_a_no_for_a_minute() -> None:
    young = order(at=START - 12 * SECOND)
    (change,) = asked(Scoring(), [(young, False)])
    assert change.cause == "too young: it rests for 12 s, the venue does not say how long it must"
    scoring = Scoring()
    for _ in range(DIFFERENT_MIN - 1):
        assert asked(scoring, [(order(), False)]) == []
    assert [one.new for one in asked(scoring, [(order(), False)])] == ["DISPUTED"]


def test_an_age_that_is_known_is_held_against_a_yes() -> None:
    scoring = Scoring(age_min=30 * SECOND)
    young = order(at=START - 12 * SECOND)
    told = [asked(scoring, [(young, True)]) for _ in range(DIFFERENT_MIN)]
    assert [one.new for one in told[-1]] == ["DISPUTED"]
    assert "must for 30 s" in told[-1][0].cause


def test_a_disagreement_is_announced_once_until_both_agree_again() -> None:
    scoring = Scoring()
    answers = [(order(size=19), True)]
    told = [asked(scoring, answers) for _ in range(5)]
    assert [len(changes) for changes in told] == [0, 1, 0, 0, 0]
    assert "counts an order that should not score" in told[1][0].cause
    assert "too small: 19 shares" in told[1][0].cause
    assert [one.new for one in asked(scoring, [(order(), True)])] == ["SCORING"]
    assert scoring.tally["different"] == 5


def test_a_price_that_moved_in_between_is_no_disagreement() -> None:
    scoring = Scoring()
    assert asked(scoring, [(order(price=4_700), True)]) == []
    assert [one.new for one in asked(scoring, [(order(price=4_700), False)])] == ["IDLE"]
    assert asked(scoring, [(order(price=4_700), True)]) == []


def test_sides_are_told_apart() -> None:
    told = asked(Scoring(), [(order(), True), (order(5_200, 19, QuoteSide.ASK), False)])
    assert [(one.subject, one.new) for one in told] == [("rain bid", "SCORING"), ("rain ask", "IDLE")]


@pytest.mark.parametrize(
    ("share", "told"), [(0.5, 1.0), (0.2, 4.0), (0.8, 0.25), (1.0, 0.05), (0.0, None), (1.1, None)]
)
def test_our_share_by_the_venue_s_word_says_what_the_others_score(share: float, told: float | None) -> None:
    """Ours is 400 of 800 at the same distance, so that the book says a half; a new word counts for three tenths."""
    mine = order(4_900, 400), order(5_100, 400, QuoteSide.ASK)
    expected = 1.0 if told is None else told**0.3
    assert rivalry(view(*mine), share) == pytest.approx(expected)


def test_what_was_learnt_comes_near_and_stays_within_bounds() -> None:
    mine = order(4_900, 400), order(5_100, 400, QuoteSide.ASK)
    here = view(*mine)
    for _ in range(30):
        here = replace(here, rivalry=rivalry(here, 0.2))
    assert here.rivalry == pytest.approx(4.0, rel=1e-3)
    assert rivalry(replace(here, rivalry=20.0), 1e-9) == 20.0
    assert rivalry(view(), 0.5) == 1.0


def test_the_engine_learns_what_others_score() -> None:
    story = Story()
    story.open_market()
    story.accept()
    story.tell(MarketListed(story.at, replace(market(), rewards=RewardTerms(5 * SHARE, 300, 100 * USD))))
    before = story.wait(1).rewards[0]
    story.tell(Scored(story.at, story.at, shares=((CONDITION, 0.9), ("elsewhere", 0.5))))
    learnt = story.engine.markets[CONDITION].rivalry
    assert learnt != 1.0
    after = next(one for _ in range(6) for one in story.wait(1).rewards)
    assert (after.own, after.others) == (before.own, pytest.approx(before.others * learnt, rel=1e-6))


def test_the_engine_holds_an_answer_against_the_orders_that_rest() -> None:
    story = Story()
    story.open_market()
    story.accept()
    story.tell(MarketListed(story.at, replace(market(), rewards=RewardTerms(5 * SHARE, 300, 100 * USD))))
    story.wait(1)
    ours = [one.order_id for one in story.engine.orders.open()]
    step = story.tell(Scored(story.at, story.at, ((ours[0], True), (ours[1], True), ("strange", False))))
    assert {(one.subject, one.new) for one in step.changes} == {("rain bid", "SCORING"), ("rain ask", "SCORING")}
    story.tell(Scored(story.at, story.at, failed="no answer"))
    assert story.engine.scoring.tally["failed"] == 1


def test_an_answer_about_a_market_whose_book_says_nothing_is_not_judged() -> None:
    story = Story()
    story.open_market()
    story.accept()
    ours = [one.order_id for one in story.engine.orders.open()]
    story.engine.markets[CONDITION].dropped = True
    assert story.tell(Scored(story.at, story.at, ((ours[0], False),))).changes == ()

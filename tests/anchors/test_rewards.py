"""The score of strategy reference, section 4.5, by the formula that quoting and the pretend venue use."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pmm.core.reward_score import Both, Contest, Paid, Score, Yardstick
from pmm.model import SHARE, USD

V = 300  # 3 cents
MIDDLE = 5_000


def points(stick: Yardstick, *orders: tuple[int, int]) -> int:
    """Orders by their distance from the middle, in steps of 0.0001 USD, and shares."""
    return sum(stick.points(MIDDLE - distance, shares * SHARE) for distance, shares in orders)


def shares_of(stick: Yardstick, sides: int) -> Fraction:
    return Fraction(sides, SHARE * (2 * V) ** 2)


def pair(bid: tuple[int, int], ask: tuple[int, int]) -> Both:
    """One order a side: price and shares."""
    return ((bid[0], bid[1] * SHARE),), ((ask[0], ask[1] * SHARE),)


@pytest.fixture
def stick() -> Yardstick:
    return Yardstick(2 * MIDDLE, 20 * SHARE, V)


def test_q_one_is_111_111(stick: Yardstick) -> None:
    """Bids on m of 100 at 0.49 and 200 at 0.48, an ask on m' of 100 at 0.51."""
    q_one = shares_of(stick, points(stick, (100, 100), (200, 200), (100, 100)))
    assert round(float(q_one), 3) == 111.111


def test_q_two_is_175(stick: Yardstick) -> None:
    """An ask on m of 100 at 1.5 cents, a bid on m' of 100 at 2 cents, an ask on m of 200 at half a cent.

    By the arithmetic of the documentation, whose labels of these orders contradict each other.
    """
    assert shares_of(stick, points(stick, (150, 100), (200, 100), (50, 200))) == 175


def test_q_min_is_the_lesser_111_111(stick: Yardstick) -> None:
    sides = points(stick, (100, 100), (200, 200), (100, 100)), points(stick, (150, 100), (200, 100), (50, 200))
    assert stick.at_middle(stick.together(*sides)) == 111_111_111


def test_a_maker_alone_gets_the_whole_pool_and_one_of_two_equals_half() -> None:
    ours = pair((4_900, 100), (5_100, 100))
    paid = Paid(20 * SHARE, V, 50 * USD)
    far = pair((4_000, 1_000), (6_000, 1_000))
    assert Contest(paid, *far).income(ours) == 50 * USD
    assert Contest(paid, *ours).income(ours) == 25 * USD


def test_marginal_rewards_are_those_of_the_formula() -> None:
    """One market of 1.9: dR/dn = R w C / (A + C)^2, dR/ds = -2 R n C (v - s) / (v^2 (A + C)^2); C = 1,000 w."""
    others = pair((4_900, 1_000), (5_100, 1_000))
    ours = pair((4_900, 200), (5_100, 200))
    contest = Contest(Paid(20 * SHARE, V, 100 * USD), *others)
    w = (2 / 3) ** 2
    a, c = 200 * w, 1_000 * w
    both = contest.income(pair((4_900, 201), (5_100, 201))) - contest.income(ours)
    assert both / USD == pytest.approx(100 * w * c / (a + c) ** 2, rel=1e-3)
    near = contest.income(pair((4_901, 200), (5_099, 200))) - contest.income(ours)
    per_cent = 2 * 100 * 200 * c * (3 - 1) / (9 * (a + c) ** 2)
    # The least size rests at 0.4901 and 0.5099 then: the middle stays.
    assert near / USD * 100 == pytest.approx(per_cent, rel=1e-2)


def test_one_side_alone_gains_only_beyond_the_other() -> None:
    """Q_min is the lesser side: more of the greater one is worth nothing until it is three times the lesser."""
    ours = pair((4_900, 200), (5_100, 200))
    contest = Contest(Paid(20 * SHARE, V, 100 * USD), *ours)
    assert contest.gain(ours, 0, 0, size=100 * SHARE) == 0
    assert contest.gain(ours, 0, 0, size=-100 * SHARE) < 0
    assert contest.gain(ours, 0, 0, size=600 * SHARE) > 0


def test_a_nearer_order_of_the_least_size_moves_the_middle_with_it() -> None:
    """A bid one cent up takes the middle half a cent up: it scores at 1 cent, not at 0.5 as if nothing had moved."""
    others = pair((4_900, 500), (5_200, 500))
    contest = Contest(Paid(20 * SHARE, V, 100 * USD), *others)
    ours = pair((4_900, 100), (5_200, 100))
    score = contest.score((((5_000, 100 * SHARE),), ours[1]))
    assert isinstance(score, Score)
    assert (score.stick.mid2, contest.middle2(ours), contest.middle2()) == (10_200, 10_100, 10_100)
    assert contest.gain(ours, 0, 0, nearer=100) == contest.income((((5_000, 100 * SHARE),), ours[1])) - contest.income(
        ours
    )

"""The kind of time in a market: careful at once, calm again only after a while, and the calendar before everything."""

from dataclasses import replace
from itertools import pairwise

import pytest

from pmm.core.calendar import HOUR, Calendar
from pmm.core.regime import REGIME, Regime, RegimeWatch
from pmm.model import SECOND, unix_time

END = unix_time("2026-12-01T12:00:00Z")
NOW = END - 72 * HOUR


class Market:
    """A regime that is judged and moved."""

    def __init__(self, ends_at: int | None = END, game_starts_at: int | None = None) -> None:
        self.watch = RegimeWatch(calendar=Calendar(ends_at=ends_at, game_starts_at=game_starts_at))

    def at(self, at: int, *, score: float = 0.0, jumped_at: int | None = None, tradable: bool = True) -> Regime:
        trigger = self.watch.judge(at, tradable=tradable, trend_score=score, jumped_at=jumped_at)
        if trigger is not None:
            REGIME.fire(self.watch, trigger)
        return self.watch.regime


@pytest.mark.parametrize(
    ("before_end", "expected"),
    [
        (25 * HOUR, Regime.QUIET),
        (24 * HOUR, Regime.NEAR_RESOLUTION),
        (HOUR, Regime.REDUCE_ONLY),
        (0, Regime.HALTED),
    ],
)
def test_the_end_of_a_market_comes_in_steps(before_end, expected):
    assert Market().at(END - before_end) is expected


def test_what_the_calendar_says_is_stronger_than_the_price():
    assert Market().at(END - HOUR, score=9.0, jumped_at=END - HOUR) is Regime.REDUCE_ONLY
    assert Market(game_starts_at=END).at(END - HOUR // 5) is Regime.REDUCE_ONLY
    assert Market(ends_at=None, game_starts_at=END).at(END - HOUR // 5) is Regime.EVENT


@pytest.mark.parametrize("score", [3.0, -3.0])
def test_a_drift_beyond_three_deviations_is_a_trend_either_way(score):
    assert Market().at(NOW, score=score) is Regime.TRENDING
    assert Market().at(NOW, score=score * 0.99) is Regime.QUIET


def test_a_trend_ends_when_it_is_half_gone_and_not_within_a_minute():
    market = Market()
    market.at(NOW, score=3.5)
    assert market.at(NOW + 59 * SECOND, score=0.0) is Regime.TRENDING
    assert market.at(NOW + 60 * SECOND, score=2.0) is Regime.TRENDING
    assert market.at(NOW + 61 * SECOND, score=1.4) is Regime.QUIET


def test_a_score_that_swings_around_the_limit_moves_at_most_twice_a_minute():
    market = Market()
    states = [market.at(NOW + second * SECOND, score=3.1 if second % 2 else 1.4) for second in range(600)]
    changes = sum(one is not other for one, other in pairwise(states))
    assert changes <= 20


def test_a_jump_is_an_event_at_once_and_for_a_minute():
    market = Market()
    assert market.at(NOW, jumped_at=NOW) is Regime.EVENT
    assert market.at(NOW + 30 * SECOND, jumped_at=NOW + 30 * SECOND) is Regime.EVENT
    assert market.at(NOW + 89 * SECOND, jumped_at=NOW + 30 * SECOND) is Regime.EVENT
    assert market.at(NOW + 90 * SECOND, jumped_at=NOW + 30 * SECOND, score=4.0) is Regime.TRENDING


def test_a_closed_market_is_halted_and_opens_again_at_once():
    market = Market()
    assert market.at(NOW, tradable=False) is Regime.HALTED
    assert market.at(NOW + 1) is Regime.QUIET


def test_an_end_that_is_put_off_gives_the_market_back():
    market = Market()
    assert market.at(END - HOUR // 2) is Regime.REDUCE_ONLY
    market.watch.calendar = replace(market.watch.calendar, ends_at=END + 72 * HOUR)
    assert market.at(END - HOUR // 2 + 1) is Regime.QUIET


def test_every_regime_can_follow_every_other():
    pairs = {(row.source, row.dest) for row in REGIME.rows}
    assert pairs == {(str(one), str(other)) for one in Regime for other in Regime if one is not other}
    assert len({(row.trigger, row.dest) for row in REGIME.rows}) == len(Regime)

"""Dates act at their minute, and say beforehand when that is."""

from dataclasses import replace

import pytest

from pmm.core.calendar import HOUR, Calendar, CalendarLimits, end_of
from pmm.model import unix_time
from tests.support.story import market

END = unix_time("2026-12-01T12:00:00Z")
ENDS = Calendar(ends_at=END)
PLAYS = Calendar(game_starts_at=END)


@pytest.mark.parametrize(
    ("before_end", "near", "cut_off", "over"),
    [
        (24 * HOUR + 1, False, False, False),
        (24 * HOUR, True, False, False),
        (HOUR + 1, True, False, False),
        (HOUR, True, True, False),
        (1, True, True, False),
        (0, True, True, True),
        (-HOUR, True, True, True),
    ],
)
def test_the_nearer_the_end_the_more_holds(before_end, near, cut_off, over):
    at = END - before_end
    assert (ENDS.near(at), ENDS.cut_off(at), ENDS.over(at)) == (near, cut_off, over)


@pytest.mark.parametrize(
    ("before_start", "expected"),
    [(HOUR // 4 + 1, False), (HOUR // 4, True), (0, True), (1 - 6 * HOUR, True), (-6 * HOUR, False)],
)
def test_a_game_is_news_from_before_its_start_until_it_must_be_over(before_start, expected):
    assert PLAYS.game(END - before_start) is expected


def test_a_market_without_dates_is_never_in_a_hurry():
    calendar = Calendar()
    assert not any((calendar.near(END), calendar.cut_off(END), calendar.over(END), calendar.game(END)))
    assert calendar.next_at(END) is None


def test_every_moment_is_told_before_it_comes():
    calendar, at, told = Calendar(ends_at=END, game_starts_at=END - 8 * HOUR), END - 48 * HOUR, []
    while (following := calendar.next_at(at)) is not None:
        told.append((END - following) / HOUR)
        at = following
    assert told == [24, 8.25, 2, 1, 0]


@pytest.mark.parametrize("ends", ["2026-12-01T12:00:00Z", "2026-11-30T16:00:00Z", "2026-12-01T17:59:59Z"])
def test_the_start_of_a_game_is_not_the_end_of_its_market(ends):
    facts = replace(market(), end_date=ends, game_start="2026-12-01 12:00:00+00")
    calendar = Calendar.of(facts, CalendarLimits())
    assert not calendar.near(END)
    assert not calendar.over(END + 6 * HOUR - 1)
    assert calendar.over(END + 6 * HOUR)
    assert [calendar.cut_off(END + 5 * HOUR - 1), calendar.cut_off(END + 5 * HOUR)] == [False, True]


def test_a_market_without_an_end_or_without_a_game_has_what_it_has():
    assert end_of(market()) is None
    assert end_of(replace(market(), game_start="2026-12-01 12:00:00+00")) is None
    assert end_of(replace(market(), end_date="2026-12-01T12:00:00Z")) == END


def test_a_market_that_ends_long_after_its_game_ends_then():
    facts = replace(market(), end_date="2026-12-01T18:00:00Z", game_start="2026-12-01 12:00:00+00")
    calendar = Calendar.of(facts, CalendarLimits())
    assert calendar.near(END - 18 * HOUR)
    assert calendar.over(END + 6 * HOUR)


def test_dates_come_from_the_facts_of_the_market():
    facts = replace(market(), end_date="2026-12-01T12:00:00Z", game_start="2026-11-30 19:00:00+00")
    calendar = Calendar.of(facts, CalendarLimits(widen_before=0))
    assert calendar.ends_at == END
    assert calendar.game(unix_time("2026-11-30T19:00:00Z"))
    assert not calendar.near(END - 1)

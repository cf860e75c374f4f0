"""Too many refusals within a minute cost a rest that ends by itself."""

import pytest

from pmm.core.rule import ALLOW, Stage, Trip
from pmm.model import SECOND
from pmm.rules.error_rate import ErrorRate, ErrorRateLimits
from tests.support.risk import account, later


class Venue:
    """A venue that refuses at moments of the story."""

    def __init__(self, count=5, cooldown=60):
        self.rule = ErrorRate(ErrorRateLimits(count, cooldown * SECOND))
        self.errors = []

    def refuse(self, *seconds):
        """The verdict after the last of these refusals."""
        for when in seconds:
            self.errors.append(later(when))
            said = self.at(when)
        return said

    def at(self, seconds):
        return self.rule.judge(account(seconds, errors=tuple(self.errors)))


def test_one_less_is_tolerated_and_the_last_one_costs_a_rest():
    venue = Venue()
    assert venue.refuse(0, 1, 2, 3) == ALLOW
    assert venue.refuse(4) == Trip(Stage.CANCEL, "5 refusals within a minute, 5 are too many", later(64))


@pytest.mark.parametrize(("last", "rests"), [(60, True), (60.001, False)])
def test_only_those_of_the_last_minute_count(last, rests):
    venue = Venue()
    assert isinstance(venue.refuse(0, 30, 40, 50, last), Trip) is rests


def test_the_rest_ends_by_itself_and_its_refusals_do_not_count_again():
    venue = Venue(cooldown=10)
    rest = venue.refuse(0, 1, 2, 3, 4)
    assert venue.at(13.999) == rest
    assert venue.at(14) == ALLOW
    assert venue.refuse(15, 16, 17, 18) == ALLOW
    assert isinstance(venue.refuse(19), Trip)


def test_refusals_during_a_rest_count_after_it():
    venue = Venue(cooldown=10)
    venue.refuse(0, 1, 2, 3, 4)
    venue.refuse(5, 6, 7, 8)
    assert venue.at(14) == ALLOW
    assert venue.refuse(15) == Trip(Stage.CANCEL, "5 refusals within a minute, 5 are too many", later(25))


def test_several_at_one_moment_are_several():
    assert isinstance(Venue(count=3).refuse(1, 1, 1), Trip)

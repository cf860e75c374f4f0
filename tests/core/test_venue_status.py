"""What the venue allows, when it is tried again, and what is in doubt after it."""

import pytest

from pmm.commands import Cancel, Place, ReadAccount
from pmm.core.step import StepBuilder
from pmm.core.venue_status import CLOSED, FIRST_WAIT, VENUE, WAIT_MAX, Venue
from pmm.events import Timer, VenueNews, VenueStatus
from pmm.model import SECOND
from tests.support.account import LiveStage, moment

MODES = [status for status in VenueStatus if status is not VenueStatus.NORMAL]


def told(venue, at, status, retry_at=None, cause=""):
    news = VenueNews(at * SECOND, status, None if retry_at is None else retry_at * SECOND, cause)
    return venue.on_news(news, StepBuilder(news))


def due(venue, at):
    return venue.on_due(at * SECOND, StepBuilder(Timer(at * SECOND)))


@pytest.mark.parametrize("state", VENUE.states)
@pytest.mark.parametrize("status", VenueStatus)
def test_every_word_of_the_venue_is_believed_in_every_state(state, status):
    venue = Venue(state)
    told(venue, 1, status)
    assert venue.state == status


@pytest.mark.parametrize("status", MODES)
def test_every_mode_ends_by_time_alone_on_trial(status):
    venue = Venue()
    told(venue, 1, status)
    assert due(venue, 1 + 120)
    assert venue.state == "NORMAL"


@pytest.mark.parametrize(("status", "forbidden"), [(status, status in CLOSED) for status in MODES])
def test_only_closed_modes_forbid_placing_because_our_orders_are_post_only(status, forbidden):
    venue = Venue()
    told(venue, 1, status, cause="425")
    assert (venue.problem() is not None) is forbidden


def test_the_time_that_the_venue_gives_is_waited_for():
    venue = Venue()
    told(venue, 1, VenueStatus.RESTARTING, retry_at=80)
    assert not due(venue, 79)
    assert due(venue, 80)


@pytest.mark.parametrize(("given", "at"), [(0, 2), (10_000, 601)])
def test_a_time_that_makes_no_sense_is_cut(given, at):
    venue = Venue()
    told(venue, 1, VenueStatus.RESTARTING, retry_at=given)
    assert venue.retry_at == at * SECOND


def test_without_a_time_the_waits_double_up_to_half_a_minute():
    venue, at, waits = Venue(), 0, []
    for _ in range(8):
        told(venue, at, VenueStatus.RESTARTING)
        waits.append(venue.retry_at // SECOND - at)
        at = venue.retry_at // SECOND
        due(venue, at)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("status", [VenueStatus.CANCEL_ONLY, VenueStatus.DISABLED])
def test_a_503_waits_five_seconds_first(status):
    venue = Venue()
    told(venue, 1, status)
    assert venue.retry_at == SECOND + FIRST_WAIT[status] == 6 * SECOND


def test_a_trial_that_lasted_makes_the_next_wait_short_again():
    venue = Venue()
    for at in (0, 1):
        told(venue, at, VenueStatus.RESTARTING)
        due(venue, venue.retry_at // SECOND)
    told(venue, 3 + WAIT_MAX // SECOND, VenueStatus.RESTARTING)
    assert venue.retry_at == 34 * SECOND


def test_the_refusals_of_one_burst_are_one_wait():
    venue = Venue()
    for at in (1, 1, 2, 3, 4):
        told(venue, at, VenueStatus.DISABLED)
    assert venue.retry_at == 6 * SECOND


def test_orders_are_in_doubt_from_the_change_until_a_read_sent_after_the_return():
    venue = Venue()
    told(venue, 10, VenueStatus.RESTARTING, retry_at=20)
    assert venue.doubtful_since == 10 * SECOND
    venue.on_read(15 * SECOND)
    assert venue.doubtful_since == 10 * SECOND
    assert due(venue, 20)
    assert venue.problem() == "the venue is back: open orders are read first"
    venue.on_read(19 * SECOND)
    assert venue.problem() is not None
    venue.on_read(20 * SECOND)
    assert (venue.doubtful_since, venue.problem()) == (None, None)


def test_post_only_mode_out_of_the_blue_means_a_restart_that_nobody_saw():
    venue = Venue()
    assert told(venue, 10, VenueStatus.POST_ONLY)
    assert venue.doubtful_since == 10 * SECOND
    assert venue.problem() is None


def test_the_same_word_again_asks_for_no_read():
    venue = Venue()
    assert not told(venue, 1, VenueStatus.NORMAL)
    told(venue, 2, VenueStatus.POST_ONLY)
    assert not told(venue, 3, VenueStatus.POST_ONLY)


# --- stories of a run: F05 ----------------------------------------


@pytest.mark.parametrize("wiped", [False, True])
def test_a_restart_is_waited_for_and_quoting_resumes_within_five_seconds_of_its_end(wiped):
    stage = LiveStage()
    stage.switch(20, mode=VenueStatus.RESTARTING, retry_at=moment(50))
    stage.tell(20.5, stage.account.news)
    if wiped:
        stage.switch(30, resting={})
    stage.switch(50, mode=VenueStatus.POST_ONLY)
    stage.look(55, lambda: len(stage.account.resting))
    stage.live(60)
    assert stage.states("venue") == ["RESTARTING", "NORMAL"]
    assert not [at for at in stage.times(Place) if 20.5 <= at < 50]
    assert stage.reasons(30) == {"the venue is restarting: told by an answer"}
    assert stage.quoting(55)
    assert stage.seen == [2]


def test_after_a_restart_open_orders_are_read_before_anything_is_placed():
    stage = LiveStage()
    stage.switch(20, mode=VenueStatus.RESTARTING, retry_at=moment(30))
    stage.tell(20.5, stage.account.news)
    stage.switch(25, resting={})
    stage.switch(30, mode=VenueStatus.NORMAL)
    stage.live(40)
    read = next(at for at, command in stage.commands(ReadAccount) if command.cause == "the venue is back")
    assert 30 <= read <= 31.1
    assert read < min(at for at in stage.times(Place) if at >= 25)


def test_orders_that_the_venue_kept_or_lost_in_a_restart_are_in_doubt_until_they_were_read():
    stage = LiveStage()
    stage.switch(20, mode=VenueStatus.RESTARTING, retry_at=moment(30))
    stage.tell(20.5, stage.account.news)
    stage.switch(29, mode=VenueStatus.NORMAL)
    stage.look(25, lambda: stage.engine.account.doubtful_since)
    stage.look(35, lambda: stage.engine.account.doubtful_since)
    stage.live(40)
    assert stage.seen == [moment(20.5), None]


@pytest.mark.parametrize("mode", [VenueStatus.CANCEL_ONLY, VenueStatus.DISABLED])
def test_nothing_is_placed_while_the_venue_is_closed(mode):
    stage = LiveStage()
    stage.switch(20, mode=mode, retry_at=moment(40))
    stage.tell(20.5, stage.account.news)
    stage.switch(25, resting={})
    stage.switch(40, mode=VenueStatus.NORMAL)
    stage.live(60)
    assert not [at for at in stage.times(Place) if 20.5 <= at < 40]
    assert stage.quoting(45)


def test_cancels_are_tried_in_every_mode():
    stage = LiveStage()
    stage.switch(20, mode=VenueStatus.DISABLED)
    stage.tell(20.5, stage.account.news)
    stage.live(30)
    assert [at for at in stage.times(Cancel) if at < 22][:2] == [20.5, 20.5]
    assert len([at for at in stage.times(Cancel) if at < 29]) <= 20

"""Nothing is placed on an account that is not known and guarded; cancels always are: stories in event time."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.account import Balances
from pmm.commands import Cancel, Place, ReadAccount
from pmm.core.account_watch import AccountLimits, AccountWatch
from pmm.core.balance_check import Booked, Span
from pmm.core.heartbeat import LAPSE
from pmm.core.read_schedule import GAP
from pmm.core.step import StepBuilder
from pmm.core.venue_status import CLOSED
from pmm.events import (
    AccountRead,
    Beat,
    BeatNews,
    FeedNews,
    Timer,
    UserSignal,
    VenueNews,
    VenueStatus,
)
from pmm.model import SECOND
from tests.support.account import LiveStage, moment
from tests.support.story import START

NO_BEATS = AccountLimits(heartbeat_interval=None)


def closed(at):
    return UserSignal(at, FeedNews.CLOSED, "gone")


def opened(at):
    return UserSignal(at, FeedNews.OPENED)


# --- start and schedule ----------------------------------------


def test_nothing_is_placed_before_balances_were_read_and_the_user_socket_opened():
    stage = LiveStage().live(10)
    assert stage.times(ReadAccount)[0] == 0
    assert stage.commands(ReadAccount)[0][1].balances
    assert 0.05 <= stage.times(Place)[0] <= 0.5
    assert stage.states("account")[0] == "KNOWN"


@pytest.mark.parametrize(
    ("limits", "switches", "reason"),
    [
        (AccountLimits(), {"beats_up": False}, "the venue has not taken a heartbeat yet: time-out"),
        (NO_BEATS, {"rest_up": False}, "the account has not been read yet: time-out"),
    ],
)
def test_what_never_comes_keeps_the_bot_from_placing(limits, switches, reason):
    stage = LiveStage(limits)
    stage.switch(-1, **switches)
    stage.live(20)
    assert stage.times(Place) == []
    assert stage.reasons(18) == {reason}


def test_a_user_socket_that_never_opens_keeps_the_bot_from_placing():
    stage = LiveStage()
    stage.tell(0.05, closed)
    stage.live(20)
    assert stage.times(Place) == []
    assert stage.reasons(18) == {"the user socket is closed: gone"}


def test_orders_are_read_every_interval_and_balances_every_longer_one():
    stage = LiveStage().live(65)
    times = [at for at in stage.times(ReadAccount) if at > 1]
    assert all(4.9 <= later - earlier <= 5.1 for earlier, later in itertools.pairwise(times))
    assert [round(at) for at, read in stage.commands(ReadAccount) if read.balances and at > 1] in ([30, 60], [31, 61])


def test_a_dry_run_reads_nothing_and_is_never_forbidden():
    watch = AccountWatch(None)
    assert watch.problem(START) is None
    assert watch.wake_at is None
    assert watch.may_end


# --- F10: the user socket ----------------------------------------


def test_quotes_are_gone_within_a_second_of_a_closed_user_socket_and_back_after_the_next_read():
    stage = LiveStage()
    stage.tell(10, closed)
    stage.tell(30, opened)
    stage.live(40)
    assert [at for at in stage.times(Cancel) if at < 39] == [10.8, 10.8]
    assert not stage.account.resting
    back = [at for at in stage.times(Place) if at > 1]
    assert 30.02 <= back[0] <= 30.2
    assert stage.states("account") == ["KNOWN", "BEHIND", "KNOWN"]


def test_a_user_socket_that_is_back_at_once_and_read_after_costs_no_quote():
    stage = LiveStage()
    stage.tell(10, closed)
    stage.tell(10.3, opened)
    stage.live(20)
    assert [at for at in stage.times(Cancel) if at < 19] == []
    assert any(10.3 <= at <= 10.6 for at in stage.times(ReadAccount))


def test_a_user_socket_that_is_back_is_not_believed_before_a_read_was_sent_after_it():
    stage = LiveStage()
    stage.tell(10, closed)
    stage.switch(12, rest_up=False)
    stage.tell(12.5, opened)
    stage.live(15)
    assert stage.reasons(14) == {"the user socket opened: what happened meanwhile is read first"}


def test_a_read_that_was_sent_before_the_user_socket_opened_is_no_answer_however_late_it_comes():
    watch, out = AccountWatch(NO_BEATS), StepBuilder(Timer(START))
    watch.finish(out, ours_open=False)
    watch.on_user(opened(moment(1)))
    for sent, known in ((0.9, False), (1, True)):
        read = AccountRead(moment(2), moment(sent), (), Balances(0, {}, {}))
        watch.on_read(read, lambda: Booked(Span(0, 0), {}, {}), out, ours_open=False)
        assert (watch.problem(moment(2)) is None) is known


def test_a_socket_that_connects_is_neither_open_nor_closed():
    stage = LiveStage()
    stage.tell(10, lambda at: UserSignal(at, FeedNews.CONNECTING))
    assert stage.live(15).states("account") == ["KNOWN"]


# --- F11: REST is dead ----------------------------------------


def test_without_rest_quoting_stops_within_two_heartbeats_and_the_venue_cancels():
    stage = LiveStage()
    stage.switch(21, rest_up=False)
    stage.live(45)
    assert stage.times(Cancel)[0] <= 31
    assert stage.states("heartbeat") == ["WAITING", "BEATING", "LATE", "LAPSED"]
    assert not stage.account.resting
    assert not [at for at in stage.times(Place) if at > 31]


def test_reads_that_fail_back_off_and_the_age_of_the_last_one_stops_quoting():
    stage = LiveStage(NO_BEATS)
    stage.switch(21, rest_up=False)
    stage.live(60)
    assert not stage.quoting(37)
    (reason,) = stage.reasons(50)
    assert reason.startswith("the account was last read 29")
    assert reason.endswith("s ago: time-out")
    failed = [at for at in stage.times(ReadAccount) if at > 22]
    assert len(failed) <= 9


def test_a_read_that_is_never_answered_is_sent_again_and_stops_quoting_meanwhile():
    watch = AccountWatch(NO_BEATS)
    stage = LiveStage(NO_BEATS)
    stage.account.submit = lambda commands, at, emit: None
    stage.live(40)
    assert stage.times(ReadAccount)[:3] == [0, 15, 30]
    assert watch.problem(START) is not None


def test_balances_alone_that_cannot_be_read_stop_quoting_in_the_end():
    stage = LiveStage()
    stage.switch(5, balances_up=False)
    stage.live(150)
    assert stage.quoting(110)
    assert stage.reasons(125) == {"balances were last read 125 s ago"}
    assert stage.states("account") == ["KNOWN", "BEHIND"]


# --- F32: an order disappears ----------------------------------------


def test_an_order_that_disappeared_without_a_word_is_noticed_within_ten_seconds():
    stage = LiveStage()
    stage.switch(20.5, resting={})
    stage.live(40)
    doubted = [c.at for c in stage.changes("order") if c.new == "UNKNOWN"]
    assert doubted
    assert min(doubted) <= moment(26)


# --- whatever happens ----------------------------------------

NEWS = st.one_of(
    st.builds(
        lambda status, wait: ("news", status, wait), st.sampled_from(VenueStatus), st.sampled_from([None, 0, 3, 90])
    ),
    st.builds(lambda news, took: ("beat", news, took), st.sampled_from(BeatNews), st.sampled_from([0, 1, 11])),
    st.builds(lambda news: ("user", news), st.sampled_from(FeedNews)),
    st.builds(lambda failed: ("read", failed), st.sampled_from(["", "refused"])),
    st.builds(lambda cause, ahead: ("want", cause, ahead), st.sampled_from(["owed", "lost"]), st.sampled_from([0, 2])),
    st.just(("kill",)),
    st.just(("time",)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7_000), NEWS), max_size=60))
def test_whatever_happens_the_door_is_open_only_when_everything_is_known_and_guarded(story):
    watch, at, reads, sent_at = AccountWatch(AccountLimits()), START, 0, START
    for pause, (kind, *words) in story:
        at += pause * SECOND // 1000
        out = StepBuilder(Timer(at))
        if watch.wake_at is not None and watch.wake_at <= at:
            watch.on_due(at, out)
        match kind, words:
            case "news", (status, wait):
                watch.on_news(VenueNews(at, status, None if wait is None else at + wait * SECOND), out)
            case "beat", (news, took):
                watch.on_beat(Beat(at, at - took * SECOND, news), out)
            case "user", (news,):
                watch.on_user(UserSignal(at, news))
            case "read", (failed,):
                read = AccountRead(at, sent_at, (), Balances(0, {}, {}), failed)
                watch.on_read(read, lambda: Booked(Span(0, 0), {}, {}), out, ours_open=False)
            case "want", (cause, ahead):
                watch.want(cause, at + ahead * SECOND)
            case "kill", _:
                watch.kill("drill", out)
        watch.finish(out, ours_open=False)
        if asked := [command for command in out.commands if isinstance(command, ReadAccount)]:
            sent_at, reads = at, reads + len(asked)
        assert watch.wake_at > at
        if watch.problem(at) is None:
            assert watch.heartbeat.state in ("BEATING", "LATE", "OFF")
            assert watch.heartbeat.state == "OFF" or at - watch.heartbeat.sent_at < LAPSE
            assert watch.venue.state not in CLOSED
            assert at - watch.reads.read_at < watch.limits.stale
    assert reads <= 1 + (at - START) // GAP

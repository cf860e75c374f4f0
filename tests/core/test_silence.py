"""Silence is judged per connection, and never by how long one market did not move."""

from types import SimpleNamespace

import pytest

from pmm._fast import BID
from pmm.commands import ReadBooks, Reconnect
from pmm.core.engine import EngineConfig
from pmm.core.feed import FeedLimits
from pmm.core.silence import to_compare
from pmm.core.trust import TrustLimits, Verify
from pmm.model import MILLISECOND, SECOND
from tests.support.stage import CANARY, Stage
from tests.support.story import START, YES


def test_a_quiet_market_beside_a_busy_one_is_compared_every_five_seconds():
    stage = Stage(canary=True)
    stage.busy(60, CANARY)
    reads = stage.run(59).commands(ReadBooks)
    assert {command.tokens for _, command in reads} == {(YES,)}
    assert 8 <= len(reads) <= 11


def test_equal_reads_keep_a_silent_connection_open_beyond_the_limit():
    config = EngineConfig(feed=FeedLimits(stale=20 * SECOND))
    stage = Stage(config=config).run(300)
    assert stage.commands(Reconnect) == []
    assert stage.seconds_of("feed", "RUNNING") == [0]


def test_a_driver_that_answers_no_reads_leaves_the_old_limit_in_force():
    stage = Stage(config=EngineConfig(feed=FeedLimits(stale=20 * SECOND)))
    stage.wire.read = lambda command, at, emit: None
    stage.run(30)
    assert [at for at, _ in stage.commands(Reconnect)] == [20]
    assert {evidence for _, evidence in stage.trust()} == {"snapshot", "socket"}


def test_a_read_that_is_ahead_is_forgotten_when_the_socket_brings_the_same_in_time():
    stage = Stage(canary=True, config=EngineConfig(trust=TrustLimits(Verify.OFF)))
    stage.busy(20, CANARY)
    late = []
    perfect = stage.wire.carry

    def slow(frame, emit):
        if b'"0.46"' in frame.data and not late:
            late.append(frame)
            stage.at(6.4, lambda: [frame.data])
        else:
            perfect(frame, emit)

    stage.wire.carry = slow
    stage.change(6.0, BID, "0.46", 77)
    stage.run(20)
    assert late
    assert stage.trust() == [("TRUSTED", "snapshot")]


def test_a_read_from_before_our_newest_change_says_nothing():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.OFF)))
    stage.busy(60, every=0.04)
    stage.run(58)
    assert stage.commands(ReadBooks)
    assert stage.trust() == [("TRUSTED", "snapshot")]


def test_a_book_that_hashes_prove_is_not_given_up_for_a_read_that_lags():
    stage = Stage()
    old = {token: stage.page(token) for token in stage.tokens}
    stage.busy(3)
    stage.wire.read_page = lambda token, at: old[token]
    stage.run(9.9)
    assert len(stage.commands(ReadBooks)) >= 6
    assert stage.trust() == [("TRUSTED", "snapshot")]


def test_news_of_rest_are_judged_in_time_although_the_book_is_looked_at_before():
    # The opening of a connection makes its books be looked at after two seconds: here in the middle of the grace.
    stage = Stage(config=EngineConfig(trust=TrustLimits(catch_up=3 * SECOND // 2)))
    stage.at(0.1, lambda: stage.wire.frozen.add(0))
    stage.change(0.5, BID, "0.48", 70)
    stage.run(8)
    assert stage.trust()[1] == ("LOST", "frozen")
    assert stage.seconds_of("trust", "LOST")[0] < 3


@pytest.mark.parametrize("tenths", range(12))
@pytest.mark.parametrize("verify", [Verify.FULL, Verify.OFF])
def test_a_freeze_is_noticed_within_two_seconds_wherever_it_falls_between_two_looks(verify, tenths):
    stage = Stage(config=EngineConfig(trust=TrustLimits(verify)))
    stage.busy(30)
    frozen_at = 9.05 + tenths / 5
    stage.at(frozen_at, lambda: stage.wire.frozen.add(0))
    stage.run(14)
    assert frozen_at < stage.seconds_of("trust", "LOST")[0] <= frozen_at + 2


def test_a_compare_just_before_the_silence_does_not_put_off_the_first_question():
    feed = SimpleNamespace(state="RUNNING", data_at=START)
    copy = SimpleNamespace(state="TRUSTED", compared_at=START + 27 * MILLISECOND, feed=feed)
    line = SimpleNamespace(feed=feed, limits=TrustLimits(), carried=lambda: [copy])
    assert list(to_compare(line, START + SECOND)) == [copy]
    assert list(to_compare(line, START + SECOND + 1)) == []
    assert list(to_compare(line, START + 2 * SECOND)) == [copy]

"""Silence is judged per connection, and never by how long one market did not move."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pmm._fast import BID
from pmm.commands import ReadBooks, Reconnect, Resubscribe
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


def swapped(stage):
    """Two changes of one level in one millisecond arrive the wrong way round: the book has the hash of the first."""
    told = [*stage.told(5.0, BID, "0.48", 70), *stage.told(5.0, BID, "0.48", 80)]
    return reversed(told)


def test_a_read_of_the_millisecond_that_a_hash_proves_makes_the_book_be_asked_for_once_and_halts_nothing():
    stage = Stage()
    stage.at(5.0, lambda: swapped(stage))
    stage.run(20)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    ((asked, _),) = stage.commands(Resubscribe)
    assert 5.5 < asked < 7.5
    assert dict(stage.engine.books.book(0).levels(BID))[4800] == 80_000_000


def test_reads_that_never_agree_with_a_proven_book_cost_one_resubscription():
    stage = Stage()
    perfect = stage.wire.read_page

    def other(token, at):
        page = perfect(token, at)
        return replace(page, bids=page.bids[1:]) if at > START + 8 * SECOND else page

    stage.wire.read_page = other
    stage.change(7, BID, "0.48", 70)
    stage.run(60)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert len(stage.commands(Resubscribe)) == 1


def doubted(reads_fail):
    """A book that is right, but doubted at 5 s for an older time, by a venue that answers no subscription any more."""
    stage, asked = Stage(canary=True), []
    stage.busy(20, CANARY)
    perfect = stage.wire.read_page

    def read_page(token, at):
        asked.append((at - START) / SECOND)
        return None if len(asked) <= reads_fail else perfect(token, at)

    def older():
        stage.wire.silent_to_asking = True
        stage.wire.read_page = read_page
        body = json.loads(stage.dump([YES]))
        body[0]["timestamp"] = str(int(body[0]["timestamp"]) - 1000)
        return [json.dumps(body).encode()]

    stage.change(4.4, BID, "0.48", 70)
    stage.at(5.0, older)
    stage.run(9)
    return stage, asked


def test_a_read_that_failed_for_a_doubted_book_is_tried_once_more_after_a_second():
    stage, asked = doubted(reads_fail=1)
    assert stage.trust()[1:] == [("SUSPECT", "older"), ("TRUSTED", "compare")]
    assert asked[0] == 5.0
    assert 6.0 < asked[1] < 6.1


def test_it_is_tried_only_once_more():
    stage, asked = doubted(reads_fail=99)
    assert ("LOST", "expired") in stage.trust()
    assert len([at for at in asked if at < 7]) == 2

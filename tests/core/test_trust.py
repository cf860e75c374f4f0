"""A book that goes wrong is noticed, its quotes are pulled, and it is fetched anew: stories in event time."""

import itertools
import json
from dataclasses import replace

import pytest

from pmm._fast import ASK, BID
from pmm.commands import Cancel, Place, ReadBooks, Reconnect, Resubscribe
from pmm.core.engine import EngineConfig
from pmm.core.trust import FallbackLimits, TrustLimits, Verify
from pmm.events import Frame
from pmm.model import SECOND
from pmm.sim.matching import Outcome
from tests.support.stage import CANARY, Stage
from tests.support.story import CONDITION, NO, YES

HOUR = 3600


def once(stage, seconds, spoil):
    """The first frame after a moment goes wrong, and no other."""

    def arm():
        def spoiled(frame):
            stage.wire.spoil = lambda frame: [frame]
            return spoil(frame)

        stage.wire.spoil = spoiled

    stage.at(seconds, arm)


def edited(edit):
    """A frame whose JSON is changed by `edit`."""

    def spoil(frame):
        body = json.loads(frame.data)
        edit(body)
        return [replace(frame, data=json.dumps(body).encode())]

    return spoil


# --- nothing is wrong ----------------------------------------


@pytest.mark.parametrize("verify", list(Verify))
def test_a_healthy_feed_is_trusted_from_its_first_book_to_the_end(verify):
    stage = Stage(config=EngineConfig(trust=TrustLimits(verify)))
    stage.busy(60)
    stage.run(60)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert stage.commands(Cancel)[0][0] == 60


def test_hashes_prove_a_book_so_that_nobody_asks_rest():
    stage = Stage()
    stage.busy(30)
    assert stage.run(29).commands(ReadBooks) == []


def test_without_hashes_a_quoted_book_is_compared_at_the_interval():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.OFF)))
    stage.busy(30)
    times = [at for at, _ in stage.run(29).commands(ReadBooks)]
    assert len(times) == 5
    assert all(5 <= later - earlier <= 6.2 for earlier, later in itertools.pairwise(times))


def test_a_market_with_one_change_an_hour_never_halts():
    """Six hours here; the campaign has two whole days."""
    stage = Stage()
    for hour in range(1, 6):
        stage.change(hour * HOUR, BID, "0.45", 100 + hour)
    stage.run(6 * HOUR)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert [at for at, _ in stage.commands(Cancel)] == [6 * HOUR, 6 * HOUR]
    assert stage.commands(Reconnect) == []


# --- F13: a book goes wrong ----------------------------------------


def test_a_lost_change_is_noticed_by_the_next_hash_and_repaired():
    stage = Stage()
    once(stage, 2.9, lambda frame: [])
    stage.change(3, BID, "0.46", 77)
    stage.change(3.5, ASK, "0.54", 50)
    stage.run(10)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("SUSPECT", "hash"), ("TRUSTED", "snapshot")]
    assert stage.seconds_of("trust", "SUSPECT") == [3.6]
    assert [command.tokens for _, command in stage.commands(Resubscribe)] == [(YES, NO)]
    assert stage.engine.markets


def test_quotes_are_out_while_the_book_is_suspect():
    stage = Stage()
    once(stage, 2.9, lambda frame: [])
    stage.change(3, BID, "0.46", 77)
    stage.change(3.5, ASK, "0.54", 50)
    stage.at(3.55, lambda: setattr(stage.wire, "silent_to_asking", True))
    stage.run(5)
    assert [at for at, _ in stage.commands(Cancel)] == [3.6, 3.6]
    assert {at for at, _ in stage.commands(Place)} == {0}


def test_a_change_lost_in_a_market_that_then_rests_is_found_by_comparing():
    stage = Stage(canary=True)
    stage.busy(20, CANARY)
    once(stage, 3.05, lambda frame: [])
    stage.change(3.07, BID, "0.46", 77)
    stage.run(20)
    assert ("SUSPECT", "compare") in stage.trust()
    assert stage.trust()[-1] == ("TRUSTED", "snapshot")
    assert stage.seconds_of("trust", "SUSPECT")[0] <= 3 + 5 + 1 + 0.6
    assert stage.seconds_of("feed", "STARTING") == [0]


def test_a_change_on_the_wrong_side_is_noticed_within_a_second():
    def swap(body):
        for entry in body["price_changes"]:
            entry["side"] = "SELL" if entry["side"] == "BUY" else "BUY"

    stage = Stage()
    once(stage, 2.9, edited(swap))
    stage.change(3, BID, "0.46", 77)
    stage.run(10)
    assert [state for state, _ in stage.trust()] == ["TRUSTED", "SUSPECT", "TRUSTED"]
    assert stage.seconds_of("trust", "SUSPECT") == [3.1]


def test_an_impossible_size_refuses_the_frame_and_every_book_of_the_connection_is_lost():
    def negative(body):
        body["price_changes"][0]["size"] = "-5"

    stage = Stage()
    once(stage, 2.9, edited(negative))
    stage.change(3, BID, "0.46", 77)
    stage.run(10)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("LOST", "refused"), ("TRUSTED", "snapshot")]
    assert [at for at, _ in stage.commands(Reconnect)] == [3]


def test_a_doubled_change_and_two_in_the_wrong_order_are_no_harm():
    stage = Stage()
    held = []
    once(stage, 1.9, lambda frame: [frame, frame])
    stage.change(2, BID, "0.46", 77)
    once(stage, 2.9, lambda frame: held.append(frame) or [])
    stage.change(3, BID, "0.46", 78)
    once(stage, 3.005, lambda frame: [frame, replace(held[0], at=frame.at)])
    stage.change(3.01, ASK, "0.54", 50)
    stage.change(3.5, ASK, "0.54", 51)
    assert stage.run(10).trust() == [("TRUSTED", "snapshot")]


def test_a_snapshot_older_than_what_was_known_is_not_believed():
    stage = Stage()
    old = stage.dump([YES, NO])
    stage.busy(3)
    stage.at(3, lambda: [old])
    stage.run(10)
    assert stage.trust()[:2] == [("TRUSTED", "snapshot"), ("SUSPECT", "older")]
    assert stage.trust()[-1][0] == "TRUSTED"
    assert [at for at, _ in stage.commands(Resubscribe)] == [3]


def test_a_spoiled_time_costs_one_doubt_and_later_snapshots_are_believed():
    stage = Stage()
    stage.busy(10)
    once(stage, 4.9, edited(lambda body: body.update(timestamp="4102444800000")))
    stage.at(7.05, lambda: [stage.books[CONDITION].snapshot(outcome).data for outcome in Outcome])
    stage.run(9)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("SUSPECT", "hash"), ("TRUSTED", "snapshot")]


def test_a_spoiled_answer_to_a_subscription_is_asked_for_again():
    def lighter(body):
        del body[0]["bids"][0]

    stage = Stage()
    stage.busy(10)
    answers = []
    perfect = stage.wire.answer

    def answer(frame, emit):
        answers.append(frame)
        perfect(edited(lighter)(frame)[0] if len(answers) == 2 else frame, emit)

    stage.wire.answer = answer
    once(stage, 2.9, lambda frame: [replace(frame, data=b"{")])
    stage.run(10)
    assert stage.trust() == [
        ("TRUSTED", "snapshot"),
        ("LOST", "refused"),
        ("SUSPECT", "hash"),
        ("TRUSTED", "snapshot"),
    ]


# --- F14: the two tokens disagree ----------------------------------------


def test_books_of_the_two_tokens_that_disagree_are_corruption_and_no_arbitrage():
    def cheaper(body):
        entry = next(entry for entry in body["price_changes"] if entry["asset_id"] == NO)
        entry.update(price="0.48", best_ask="0.48", hash="")

    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.OFF)))
    once(stage, 2.9, edited(cheaper))
    stage.change(3, BID, "0.5", 40)
    stage.run(6)
    assert stage.trust()[1] == ("SUSPECT", "mirror")
    assert stage.seconds_of("trust", "SUSPECT") == [3.1]


# --- F12: the freeze ----------------------------------------


def test_a_frozen_socket_is_noticed_within_two_seconds_and_quotes_go_at_once():
    stage = Stage(canary=True)
    stage.busy(30, CANARY)
    stage.at(10.05, lambda: stage.wire.frozen.add(0))
    stage.run(20)
    (frozen,) = [change for change in stage.changes("feed") if change.trigger == "stale"]
    assert frozen.at / SECOND - stage.history[0].event.at / SECOND <= 10 + 2
    assert stage.trust()[1] == ("LOST", "frozen")
    gone = next(at for at, _ in stage.commands(Cancel))
    assert gone == stage.seconds_of("trust", "LOST")[0] <= 12
    assert len(stage.commands(Reconnect)) == 1
    assert stage.trust()[2] == ("TRUSTED", "snapshot")


def test_a_silent_connection_of_quiet_markets_is_proven_right_each_second():
    stage = Stage(canary=True)
    stage.run(10)
    reads = stage.commands(ReadBooks)
    assert [round(at) for at, _ in reads] == list(range(1, 11))[: len(reads)]
    assert set(reads[0][1].tokens) == {YES, CANARY.yes}
    assert stage.trust() == [("TRUSTED", "snapshot")]


def test_silence_that_rest_cannot_explain_ends_trust_after_ten_seconds():
    stage = Stage()
    stage.at(0, lambda: setattr(stage.wire, "rest_fails", True))
    stage.run(15)
    assert stage.trust()[1] == ("SUSPECT", "unverified")
    assert 10 <= stage.seconds_of("trust", "SUSPECT")[0] <= 11.1


def test_failing_reads_are_no_matter_while_data_flows():
    stage = Stage(canary=True, config=EngineConfig(trust=TrustLimits(Verify.OFF)))
    stage.busy(60, CANARY)
    stage.at(0, lambda: setattr(stage.wire, "rest_fails", True))
    assert stage.run(58).trust() == [("TRUSTED", "snapshot")]


# --- the way back ----------------------------------------


def test_a_snapshot_that_does_not_come_leads_to_a_new_connection_and_ever_rarer_ones():
    stage = Stage()
    stage.busy(3)
    stage.at(3, lambda: setattr(stage.wire, "silent_to_asking", True))
    once(stage, 3.05, lambda frame: [replace(frame, data=b"{")])
    for number in range(1200):
        stage.change(3.1 + number / 10, BID, "0.44", 100 + number % 5)
    stage.run(120)
    times = [at for at, _ in stage.commands(Reconnect)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 5 <= gaps[0] <= 10
    assert gaps == sorted(gaps)
    assert max(gaps) <= 62


def test_a_new_connection_that_helped_does_not_make_the_next_one_wait_longer():
    stage = Stage()
    stage.busy(30)
    for seconds in (3.1, 9.1, 15.1, 21.1):
        once(stage, seconds, lambda frame: [replace(frame, data=b"{")])
    stage.run(30)
    assert [round(at, 1) for at, _ in stage.commands(Reconnect)] == [3.2, 9.2, 15.2, 21.2]
    assert stage.seconds_of("trust", "LOST") == stage.seconds_of("trust", "TRUSTED")[1:]


def test_the_third_doubt_within_a_minute_blames_the_connection():
    stage = Stage()
    for number in range(3):
        once(stage, 5 * number + 2.9, lambda frame: [])
        stage.change(5 * number + 3, BID, "0.46", 70 + number)
        stage.change(5 * number + 3.5, ASK, "0.54", 50 + number)
    stage.run(20)
    assert [round(at, 1) for at, _ in stage.commands(Resubscribe)] == [3.6, 8.6]
    assert [round(at, 1) for at, _ in stage.commands(Reconnect)] == [13.6]


# --- two connections ----------------------------------------


def test_a_spare_takes_over_and_the_orders_stay():
    stage = Stage(connections=(0, 1))
    stage.busy(10)
    once(stage, 4.9, lambda frame: [replace(frame, data=b"{")])
    stage.run(9)
    assert ("LOST", "refused") in stage.trust()
    assert [at for at, _ in stage.commands(Cancel)] == [9, 9]
    assert stage.changes("source")[-1].new == "WEBSOCKET"


def test_losing_one_connection_forgets_nothing_of_the_other():
    stage = Stage(connections=(0, 1))
    stage.busy(10)
    once(stage, 4.9, lambda frame: [replace(frame, data=b"{")])
    stage.run(5.5)
    subjects = {change.subject for change in stage.changes("trust") if change.new == "LOST"}
    assert subjects == {"book rain on 0"}


# --- the fallback ----------------------------------------


def blocked(stage, start, end):
    """The socket brings nothing from one moment to another, and asking does not help."""

    def shut():
        stage.wire.silent_to_asking = True
        stage.wire.spoil = lambda frame: []

    def reopen():
        stage.wire.silent_to_asking = False
        stage.wire.spoil = lambda frame: [frame]

    stage.at(start - 0.001, lambda: setattr(stage.wire, "silent_to_asking", True))
    stage.at(start, lambda: [b"{"])
    stage.at(start + 0.001, shut)
    stage.at(end, reopen)


def test_rest_stands_in_for_a_sick_socket_and_leaves_after_the_recovery_delay():
    stage = Stage(config=EngineConfig(fallback=FallbackLimits(quote_on_rest=True)))
    stage.busy(120)
    blocked(stage, 10, 30)
    stage.run(100)
    (engaged,) = stage.seconds_of("source", "REST")
    assert 15 <= engaged <= 16.1
    back = stage.seconds_of("source", "WEBSOCKET")
    trusted_again = stage.seconds_of("trust", "TRUSTED")[-1]
    assert len(back) == 2
    assert trusted_again + 30 <= back[1] <= trusted_again + 31
    assert stage.sources(20) == {"rest"}
    assert [at for at, _ in stage.commands(Place) if 15 <= at <= 17]


def test_rest_is_shown_but_not_quoted_on_unless_that_was_asked_for():
    stage = Stage()
    stage.busy(40)
    blocked(stage, 10, 200)
    stage.run(30)
    assert stage.sources(20) == {"rest"}
    assert [at for at, _ in stage.commands(Place) if at > 10] == []
    reasons = {d.targets.reason for s in stage.history for d in s.decisions if d.source == "rest"}
    assert "the book is read over REST only, and feed.quote_on_rest is off" in reasons


def test_rest_that_fails_as_well_leaves_no_source():
    stage = Stage()
    stage.busy(60)
    blocked(stage, 10, 200)
    stage.at(25, lambda: setattr(stage.wire, "rest_fails", True))
    stage.run(45)
    assert [change.new for change in stage.changes("source")][-1] == "NONE"
    assert stage.sources(40) == {"none"}


def test_a_short_reconnect_never_engages_rest():
    stage = Stage()
    stage.busy(40)
    once(stage, 10, lambda frame: [replace(frame, data=b"{")])
    stage.run(40)
    assert stage.seconds_of("source", "REST") == []
    assert len(stage.commands(Reconnect)) == 1


def test_a_frame_of_an_unknown_connection_is_taken_as_data_of_nobody():
    stage = Stage()
    stage.run(1)
    step = stage.engine.step(Frame(stage.history[-1].event.at, 7, b"{}"))
    assert step.commands == ()

"""What one connection says of its books: the hashes of a burst that cannot all be computed."""

import json
from dataclasses import replace

from pmm._fast import BID
from pmm.core.engine import EngineConfig
from pmm.core.trust import TrustLimits, Verify
from pmm.sim.matching import Outcome, Side
from tests.support.stage import Stage
from tests.support.story import CONDITION, YES


def ahead_of_its_time(first: bytes, second: bytes) -> bytes:
    """A change whose hashes already contain the next one, as one in twenty does."""
    body, later = json.loads(first), json.loads(second)
    body["timestamp"] = later["timestamp"]
    for change, next_change in zip(body["price_changes"], later["price_changes"], strict=True):
        change["hash"] = next_change["hash"]
    return json.dumps(body).encode()


def test_an_open_mismatch_is_followed_up_when_the_budget_of_hashes_is_spent():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.SAMPLED, checks_per_second=2)))
    told: list[bytes] = []

    def first():
        told.extend(stage.told(5.04, BID, "0.48", 70) + stage.told(5.05, BID, "0.47", 80))
        return [ahead_of_its_time(*told)]

    stage.at(5.0, first)
    stage.at(5.05, lambda: [told[1]])
    stage.run(9)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert stage.engine.data.tally()["mismatches"] >= 1


def corrections(stage: Stage) -> tuple[int, int]:
    tally = stage.engine.data.tally()
    return tally["corrections"], tally["corrected_levels"]


def snapshots(stage: Stage) -> list[bytes]:
    return [stage.books[CONDITION].snapshot(outcome).data for outcome in Outcome]


def test_levels_that_snapshots_in_the_middle_of_a_stream_change_are_counted():
    stage, lost = Stage(), []
    stage.at(2, lambda: snapshots(stage))
    stage.at(3, lambda: lost.extend(stage.told(3, BID, "0.45", 50) + stage.told(3, BID, "0.44", 60)))
    stage.at(3.01, lambda: snapshots(stage))
    stage.run(5)
    assert len(lost) == 2
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert corrections(stage) == (2, 4)


def test_snapshots_that_were_asked_for_correct_nothing():
    stage = Stage()
    stage.at(2, lambda: stage.told(2, BID, "0.45", 50)[:0])
    stage.change(2.1, BID, "0.46", 60)
    stage.run(5)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("SUSPECT", "hash"), ("TRUSTED", "snapshot")]
    assert corrections(stage) == (0, 0)


def test_after_a_snapshot_that_names_a_trade_the_hashes_match_at_once():
    stage = Stage()
    venue = stage.books[CONDITION]
    stage.at(2, lambda: venue.note_trade(Outcome.NO, Side.BUY, 5300))
    stage.at(2, lambda: [stage.dump(venue.tokens)])
    stage.change(2.1, BID, "0.46", 60)
    stage.run(5)
    assert next(stage.engine.data.lines[0].carried()).hashes.trades[0] == "0.530"
    assert stage.engine.data.tally()["mismatches"] == 0


def test_a_budget_that_is_spent_leaves_later_messages_to_the_end_of_the_burst():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.SAMPLED, checks_per_second=2)))
    for number in range(10):
        stage.change(5 + number / 100, BID, "0.45", 50 + number)
    stage.run(7)
    assert 2 < stage.engine.data.tally()["hashes"] <= 6


def test_a_lost_change_in_a_burst_is_found_when_the_burst_is_over():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.SAMPLED, checks_per_second=2)))
    for number in range(10):
        stage.change(5 + number / 100, BID, f"0.4{number}", 50 + number)
    lost = b'"price":"0.45"'
    stage.wire.spoil = lambda frame: [] if lost in frame.data.replace(b": ", b":") else [frame]
    stage.run(7)
    assert stage.trust()[1] == ("SUSPECT", "hash")
    assert 5.1 < stage.seconds_of("trust", "SUSPECT")[0] < 5.4


def test_two_changes_of_one_level_in_the_wrong_order_leave_an_older_book_that_is_noticed():
    stage = Stage()
    told: list[bytes] = []

    def swapped():
        told.extend(stage.told(4.99, BID, "0.48", 70) + stage.told(5.0, BID, "0.48", 80))
        return reversed(told)

    stage.at(5.0, swapped)
    stage.run(9)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("SUSPECT", "hash"), ("TRUSTED", "snapshot")]
    assert stage.seconds_of("trust", "SUSPECT") == [5.1]


def test_a_change_that_comes_late_and_leaves_the_newest_book_is_no_doubt():
    stage = Stage()
    told: list[bytes] = []

    def swapped():
        told.extend(stage.told(4.99, BID, "0.48", 70) + stage.told(5.0, BID, "0.47", 80))
        return reversed(told)

    stage.at(5.0, swapped)
    stage.run(9)
    assert stage.trust() == [("TRUSTED", "snapshot")]


def only_the_other_token(frame):
    """A change of which the half about the first token is lost."""
    body = json.loads(frame.data)
    if "price_changes" in body:
        body["price_changes"] = [change for change in body["price_changes"] if change["asset_id"] != YES]
    return [replace(frame, data=json.dumps(body).encode())]


def test_an_old_hash_of_one_token_is_no_new_proof_when_the_other_is_checked_after_a_burst():
    stage = Stage(config=EngineConfig(trust=TrustLimits(Verify.SAMPLED, checks_per_second=1)))
    for number in range(1, 100):
        stage.change(number / 5, BID, "0.45", 100 + number)
    stage.at(5.05, lambda: setattr(stage.wire, "spoil", only_the_other_token))
    stage.run(20)
    assert stage.trust()[1] == ("SUSPECT", "compare")
    assert stage.seconds_of("trust", "SUSPECT")[0] < 5.05 + 6.7

"""Doubts are counted by their evidence, and recoveries timed."""

from pmm.core.step import Change, Step
from pmm.events import Timer
from pmm.metrics.trust import Trust
from pmm.model import MILLISECOND


def moved(at_ms, old, new, evidence, subject="book rain on 0", machine="trust"):
    at = at_ms * MILLISECOND
    return Step(Timer(at), changes=(Change(at, machine, subject, old, new, "x", "why", evidence),))


def record(*steps):
    trust = Trust()
    for step in steps:
        trust.on_step(step)
    return trust.record()


def test_a_doubt_is_counted_by_its_evidence_and_lasts_until_the_book_is_trusted_again():
    told = record(
        moved(0, "LOST", "TRUSTED", "snapshot"),
        moved(1000, "TRUSTED", "SUSPECT", "hash"),
        moved(3000, "SUSPECT", "LOST", "expired"),
        moved(3500, "LOST", "TRUSTED", "snapshot"),
    )
    assert told["doubts"] == {"hash": 1}
    assert (told["recoveries"], told["untrusted_now"]) == (1, 0)
    assert told["recovery_ms"] == {"p50": "2500", "max": "2500"}


def test_the_first_snapshot_of_a_book_is_no_recovery():
    assert record(moved(0, "LOST", "TRUSTED", "snapshot"))["recoveries"] == 0


def test_the_copies_of_one_market_recover_each_in_its_own_time():
    told = record(
        moved(0, "TRUSTED", "LOST", "socket", "book rain on 0"),
        moved(0, "TRUSTED", "LOST", "socket", "book rain on 1"),
        moved(40, "LOST", "TRUSTED", "snapshot", "book rain on 0"),
    )
    assert told["recovery_ms"]["max"] == "40"
    assert told["untrusted_now"] == 1


def test_other_machines_are_no_matter():
    assert record(moved(0, "TRUSTED", "SUSPECT", "hash", machine="source"))["doubts"] == {}

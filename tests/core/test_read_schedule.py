"""The account is read on a schedule, at once for whoever asks, and never twice at the same time."""

from pmm.account import Balances
from pmm.core.read_schedule import CAUSES_MAX, GAP, LOST, ReadSchedule
from pmm.core.step import StepBuilder
from pmm.events import AccountRead, Timer
from pmm.model import SECOND

INTERVAL = 5 * SECOND


def schedule():
    return ReadSchedule(INTERVAL, 6 * INTERVAL)


def sent(reads, at):
    """The reads that are asked for at a moment."""
    out = StepBuilder(Timer(at))
    reads.send(at, out)
    return [(command.cause, command.balances) for command in out.commands]


def answer(reads, asked_at, *, balances=False, failed="", took=0):
    return reads.on_read(
        AccountRead(asked_at + took, asked_at, balances=Balances(0, {}, {}) if balances else None, failed=failed)
    )


def test_the_first_read_is_at_once_and_with_balances():
    reads = schedule()
    assert sent(reads, 7) == [("schedule", True)]
    assert sent(reads, 8) == []


def test_the_next_follows_an_interval_after_the_last_was_sent():
    reads = schedule()
    sent(reads, 0)
    answer(reads, 0, balances=True, took=SECOND)
    assert sent(reads, INTERVAL - 1) == []
    assert sent(reads, INTERVAL) == [("schedule", False)]


def test_who_asks_while_one_is_under_way_gets_one_that_is_sent_later():
    reads = schedule()
    sent(reads, 0)
    reads.want("socket", SECOND)
    answer(reads, 0, balances=True, took=2 * SECOND)
    assert sent(reads, 2 * SECOND) == [("socket", False)]
    answer(reads, 2 * SECOND)
    assert reads.next_at == 2 * SECOND + INTERVAL


def test_one_read_serves_everybody_who_asked_before_it():
    reads = schedule()
    for cause in ("a", "b", "c"):
        reads.want(cause, 1)
    assert sent(reads, 1) == [("a", True)]
    answer(reads, 1, balances=True)
    assert reads.next_at == 1 + INTERVAL


def test_a_wish_may_lie_ahead_and_an_earlier_read_does_not_fulfil_it():
    reads = schedule()
    sent(reads, 0)
    answer(reads, 0, balances=True)
    reads.want("later", 3 * SECOND)
    reads.want("now", SECOND)
    assert sent(reads, SECOND) == [("now", False)]
    answer(reads, SECOND)
    assert reads.next_at == 3 * SECOND


def test_two_reads_are_never_closer_than_the_gap():
    reads = schedule()
    sent(reads, 0)
    answer(reads, 0, balances=True)
    reads.want("at once", 1)
    assert sent(reads, 1) == []
    assert sent(reads, GAP) == [("at once", False)]


def test_failures_back_off_up_to_the_interval_and_a_new_wish_ends_the_wait():
    reads, at, waits = schedule(), 0, []
    for _ in range(6):
        sent(reads, at)
        answer(reads, at, failed="refused")
        waits.append((reads.next_at - at) / SECOND)
        at = reads.next_at
    assert waits == [0.5, 1, 2, 4, 5, 5]
    sent(reads, at)
    answer(reads, at, failed="refused")
    reads.want("socket", at + SECOND)
    assert reads.next_at == at + SECOND
    assert reads.failed == "refused"


def test_balances_that_cannot_be_read_do_not_keep_orders_from_being_read():
    reads, at, asked = schedule(), 0, []
    for _ in range(6):
        asked += [balances for _, balances in sent(reads, at)]
        answer(reads, at, failed="no such asset" if asked[-1] else "")
        at = reads.next_at
    assert asked == [True, False] * 3
    assert reads.balances_at is None


def test_a_wish_for_balances_stays_until_they_came():
    reads = schedule()
    sent(reads, 0)
    answer(reads, 0, balances=True)
    reads.want("drop", SECOND, balances=True)
    assert sent(reads, SECOND) == [("drop", True)]
    answer(reads, SECOND, failed="refused")
    assert sent(reads, 2 * SECOND) == [("drop", False)]
    answer(reads, 2 * SECOND)
    assert sent(reads, 7 * SECOND) == [("schedule", True)]
    answer(reads, 7 * SECOND, balances=True)
    assert sent(reads, 12 * SECOND) == [("schedule", False)]


def test_balances_are_read_when_they_are_old():
    reads = schedule()
    sent(reads, 0)
    answer(reads, 0, balances=True)
    told = []
    for number in range(1, 8):
        told += sent(reads, number * INTERVAL)
        answer(reads, number * INTERVAL, balances=told[-1][1])
    assert [balances for _, balances in told] == [False] * 5 + [True, False]


def test_a_read_without_an_answer_is_given_up():
    reads = schedule()
    sent(reads, 0)
    assert sent(reads, LOST - 1) == []
    assert len(sent(reads, LOST)) == 1


def test_a_failed_read_says_nothing():
    reads = schedule()
    assert not answer(reads, 1, failed="refused")
    assert reads.read_at is None
    assert answer(reads, 2)
    assert (reads.read_at, reads.failed) == (2, "")


def test_ever_new_causes_are_kept_within_bounds():
    reads = schedule()
    for number in range(10 * CAUSES_MAX):
        reads.want(f"order {number}", number)
    assert len(reads._wants) <= CAUSES_MAX + 1
    sent(reads, 10 * CAUSES_MAX)
    answer(reads, 10 * CAUSES_MAX - 2, balances=True)
    assert reads.next_at < LOST

"""Whether somebody takes over from a bot that is gone, by looks at the lease of its wallet."""

import subprocess
import sys

from pmm.drivers.succession import GuardBook, Succession


class Lease:
    """A lease that is held as a test says."""

    def __init__(self, **limits):
        self.held = False
        self.now = 100.0
        self.succession = Succession(lambda: self.held, **limits)
        self.succession.look(self.now)

    def later(self, seconds, *, held):
        """See it so at the end of so many seconds, with looks on the way."""
        self.held = held
        for _ in range(10):
            self.now += seconds / 10
            self.succession.look(self.now)
        return self.succession


def test_nobody_is_waited_for_where_nobody_can_come():
    assert Succession(None).orphaned


def test_orders_are_orphans_when_nobody_came_within_the_grace():
    lease = Lease(grace=3.0)
    assert not lease.later(2.9, held=False).orphaned
    assert lease.later(0.2, held=False).orphaned


def test_whoever_holds_the_lease_keeps_them_and_is_let_alone_after_a_while():
    lease = Lease(grace=3.0, handover=25.0)
    heir = lease.later(10.0, held=True)
    assert (heir.inherited, heir.orphaned, heir.complete) == (True, False, False)
    assert lease.later(20.0, held=True).complete


def test_moments_without_anybody_are_added_up_so_that_a_bot_that_dies_again_and_again_is_swept_after():
    lease = Lease(grace=3.0)
    for _ in range(4):
        assert not lease.succession.orphaned
        lease.later(1.0, held=False)
        lease.later(1.0, held=True)
    assert lease.later(0.1, held=False).orphaned
    assert not lease.later(0.1, held=True).orphaned


def test_a_watchdog_that_another_has_relieved_leaves_at_once():
    relieved = []
    succession = Succession(lambda: True, lambda: bool(relieved))
    succession.look(0.0)
    assert not succession.complete
    relieved.append(True)
    assert succession.complete


def test_whoever_came_on_guard_last_has_signed_the_book(tmp_path):
    lease = tmp_path / "wallet.lock"
    book = GuardBook(lease)
    assert not book.signed_by_another()
    book.sign()
    assert not book.signed_by_another()
    other = "import sys; from pathlib import Path; from pmm.drivers.succession import GuardBook as Book"
    subprocess.run([sys.executable, "-c", f"{other}; Book(Path(sys.argv[1])).sign()", lease], check=True)
    assert book.signed_by_another()
    assert [one.name for one in tmp_path.iterdir()] == ["wallet.guard"]


def test_a_book_that_cannot_be_written_does_no_harm(tmp_path):
    book = GuardBook(tmp_path / "missing" / "wallet.lock")
    book.sign()
    assert not book.signed_by_another()

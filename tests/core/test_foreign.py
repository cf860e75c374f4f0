"""Orders of others on the account are counted, announced when they change, and nothing else."""

from pmm.commands import CancelAll
from pmm.core.foreign import Foreign
from pmm.core.step import StepBuilder
from pmm.events import Timer
from tests.support.account import LiveStage, stranger
from tests.support.story import CONDITION


def read(foreign, *orders):
    out = StepBuilder(Timer(1))
    foreign.on_read(orders, out)
    return out.changes


def test_they_are_known_by_market():
    foreign = Foreign()
    read(foreign, stranger(1), stranger(2, "0xother"), stranger(3))
    assert foreign.of(CONDITION) == (stranger(1), stranger(3))
    assert foreign.of("0xnowhere") == ()
    assert foreign.of("0xother") == (stranger(2, "0xother"),)


def test_what_is_as_it_was_is_not_announced():
    foreign = Foreign()
    read(foreign, stranger(1))
    assert read(foreign, stranger(1)) == []


def test_who_came_and_went_is_announced_even_when_the_number_is_the_same():
    foreign = Foreign()
    read(foreign, stranger(1), stranger(2))
    (change,) = read(foreign, stranger(2), stranger(3))
    assert (change.machine, change.old, change.new) == ("foreign", "2", "2")
    assert change.cause == "1 came and 1 went: counted as exposure and left alone"


def test_the_last_list_counts():
    foreign = Foreign()
    read(foreign, stranger(1))
    read(foreign)
    assert foreign.of(CONDITION) == ()


# --- stories of a run: F33 ----------------------------------------


def test_orders_of_others_are_counted_announced_and_left_alone():
    stage = LiveStage()
    stage.switch(11, foreign=(stranger(1), stranger(2), stranger(3, "0xother")))
    stage.switch(21, foreign=(stranger(2),))
    stage.live(30)
    assert [(c.old, c.new) for c in stage.changes("foreign")] == [("0", "3"), ("3", "1")]
    assert stage.engine.account.foreign(CONDITION) == (stranger(2),)
    assert stage.engine.account.foreign("0xother") == ()
    assert stage.account.foreign == (stranger(2),)
    assert stage.times(CancelAll) == []
    assert stage.history[-1].done

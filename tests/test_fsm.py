"""Tables run exactly their rows: every cell of every machine is tried."""

from itertools import product
from types import SimpleNamespace

import pytest
from transitions import MachineError

from pmm.core.machines import TABLES
from pmm.errors import ImpossibleMove
from pmm.fsm import Row, Table

CELLS = [
    (table, state, trigger) for table in TABLES.values() for state, trigger in product(table.states, table.triggers)
]


@pytest.mark.parametrize(
    ("table", "state", "trigger"), CELLS, ids=[f"{table.name}-{state}-{trigger}" for table, state, trigger in CELLS]
)
def test_every_cell_moves_by_its_row_or_is_refused(table, state, trigger):
    subject = SimpleNamespace(state=state)
    expected = {(row.source, row.trigger): row.dest for row in table.rows}.get((state, trigger))
    if expected is None:
        with pytest.raises(ImpossibleMove):
            table.fire(subject, trigger)
        assert subject.state == state
    else:
        assert table.fire(subject, trigger).dest == expected
        assert subject.state == expected


@pytest.mark.parametrize(
    ("table", "state", "trigger"), CELLS, ids=[f"{table.name}-{state}-{trigger}" for table, state, trigger in CELLS]
)
def test_the_library_moves_every_cell_alike(table, state, trigger):
    ours, theirs = SimpleNamespace(state=state), SimpleNamespace(state=state)
    try:
        table.machine.events[trigger].trigger(theirs)
    except MachineError:
        with pytest.raises(ImpossibleMove):
            table.fire(ours, trigger)
    else:
        table.fire(ours, trigger)
    assert ours.state == theirs.state


def test_the_feed_has_exactly_the_four_promised_states():
    assert set(TABLES["feed"].states) == {"STOPPED", "STARTING", "RUNNING", "ERROR"}


def test_error_is_left_only_by_reset_or_stop():
    assert {row.trigger for row in TABLES["feed"].rows if row.source == "ERROR"} == {"reset", "stop"}


def test_a_halt_is_left_only_by_the_operator():
    assert {row.trigger for row in TABLES["risk"].rows if row.source == "HALTED" and row.dest != "HALTED"} == {"reset"}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_state_can_be_reached_and_every_row_says_why(table):
    reached, frontier = {table.initial}, [table.initial]
    while frontier:
        here = frontier.pop()
        onward = {row.dest for row in table.rows if row.source == here} - reached
        reached |= onward
        frontier += onward
    assert reached == set(table.states)
    assert all(row.why for row in table.rows)


def test_a_table_refuses_the_same_cell_twice():
    with pytest.raises(ValueError, match="twice"):
        Table("t", "A", [Row("A", "go", "B", "x"), Row("A", "go", "A", "y")])


def test_a_refused_move_names_machine_state_and_trigger():
    with pytest.raises(ImpossibleMove, match=r"feed: no row for 'synced' in state STOPPED"):
        TABLES["feed"].fire(SimpleNamespace(state="STOPPED"), "synced")

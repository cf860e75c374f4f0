"""State machines as tables of rows: what a reader holds against the diagram is what runs.

The rows are given to `transitions`, one shared machine per table and no model attached to it: attaching costs 0.2 ms
and silently skips a second model that compares equal.  The library checks them and draws them; a move takes the row
itself, because the library needs ten times as long for it (ADR 0015), and a test has both make every possible move.
Any object with a `state` attribute can be stepped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from transitions import Machine

from pmm.errors import ImpossibleMove


class Stateful(Protocol):
    state: str


@dataclass(frozen=True, slots=True)
class Row:
    """From `source`, when `trigger` happens, go to `dest`; `why` says when the world does this."""

    source: str
    trigger: str
    dest: str
    why: str


class Table:
    """A named state machine.  The only way to change the state of anything.

    `machine` is the library's own, for pictures of it and for proof that both move alike.
    """

    def __init__(self, name: str, initial: str, rows: Iterable[Row]) -> None:
        self.name = name
        self.initial = initial
        self.rows = tuple(rows)
        self.states = tuple(dict.fromkeys([initial, *(s for row in self.rows for s in (row.source, row.dest))]))
        self.triggers = tuple(dict.fromkeys(row.trigger for row in self.rows))
        self.machine = Machine(
            model=None, states=list(self.states), initial=initial, auto_transitions=False, send_event=False
        )
        for row in self.rows:
            self.machine.add_transition(row.trigger, row.source, row.dest)
        self._cells = {(row.source, row.trigger): row for row in self.rows}
        if len(self._cells) != len(self.rows):
            raise ValueError(f"table {name} holds a (state, trigger) pair twice")

    def row(self, state: str, trigger: str) -> Row | None:
        """The row that would be taken, or None where the move is impossible."""
        return self._cells.get((state, trigger))

    def fire(self, subject: Stateful, trigger: str) -> Row:
        """Move `subject` and return the row taken.  Raises ImpossibleMove and changes nothing where there is none."""
        row = self._cells.get((subject.state, trigger))
        if row is None:
            raise ImpossibleMove(self.name, subject.state, trigger)
        subject.state = row.dest
        return row

    def terminal(self, state: str) -> bool:
        """Whether nothing but itself can follow `state`."""
        return all(row.dest == state for row in self.rows if row.source == state)

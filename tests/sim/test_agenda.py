"""What has to be done later."""

from __future__ import annotations

from pmm.sim.agenda import Agenda


def test_actions_come_in_order_of_time_and_then_of_promise() -> None:
    agenda, done = Agenda(), []
    for at, name in ((5, "late"), (3, "first"), (3, "second")):
        agenda.enter(at, lambda now, name=name: done.append((now, name)))  # type: ignore[misc]  # bound by default
    while agenda.next_at is not None:
        agenda.act()
    assert done == [(3, "first"), (3, "second"), (5, "late")]


def test_an_action_may_promise_another_one() -> None:
    agenda, done = Agenda(), []
    agenda.enter(1, lambda now: agenda.enter(now, done.append))
    agenda.act()
    assert agenda.next_at == 1
    agenda.act()
    assert (done, agenda.next_at) == ([1], None)

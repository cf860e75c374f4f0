"""Everything is looked at in time, and nothing more than once for the same reason."""

from pmm.core.agenda import Agenda


def drained(agenda, at):
    found = []
    while (subject := agenda.pop(at)) is not None:
        found.append(subject)
    return found


def test_subjects_come_in_the_order_of_their_times_and_not_before():
    agenda = Agenda()
    for subject, at in (("late", 30), ("early", 10), ("middle", 20)):
        agenda.note(subject, at)
    assert agenda.next_at == 10
    assert drained(agenda, 25) == ["early", "middle"]
    assert agenda.next_at == 30


def test_only_the_earliest_look_at_a_subject_counts():
    agenda = Agenda()
    for at in (20, 10, 30):
        agenda.note("book", at)
    assert drained(agenda, 100) == ["book"]
    agenda.note("book", 120)
    assert drained(agenda, 119) == []
    assert drained(agenda, 120) == ["book"]


def test_an_empty_agenda_has_no_time():
    assert Agenda().next_at is None

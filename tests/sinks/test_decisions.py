"""Decisions are kept with everything they were made from, and never too many of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmm.core.config import EngineConfig
from pmm.core.explanation import difference, view_of
from pmm.core.plain import plain
from pmm.model import SECOND
from pmm.sinks import decisions
from pmm.sinks.decisions import DECISION_LIFE, DecisionWriter
from pmm.sinks.history import History
from pmm.sinks.schema import StateDamaged
from pmm.sinks.store import Store
from pmm.strategies.fixed_spread import FixedSpread, FixedSpreadParams
from tests.support.story import START, Story


class Told:
    """An engine whose steps a history writes down."""

    def __init__(self, store: Store, *, simulated: bool = True) -> None:
        self.store, self.account = store, store.account("shadow", "venue")
        self.story = Story(FixedSpreadParams(spread=300), EngineConfig(explain=True))
        self.history = History(store, self.account, simulated=simulated, latch_halts=False, clock=lambda: self.story.at)
        self.written = 0

    def of_order(self, order_id: str) -> decisions.Kept | None:
        return self.write().of_order(self.account, self.history.epoch, order_id)

    def write(self) -> decisions.Decisions:
        """Everything that the engine did since the last time."""
        for step in self.story.history[self.written :]:
            self.history.on_step(step, 0)
        self.written = len(self.story.history)
        return decisions.Decisions(self.store)


@pytest.fixture
def told(store: Store) -> Told:
    return Told(store)


def test_a_decision_is_found_by_its_order_its_number_and_its_time(told: Told) -> None:
    told.story.open_market()
    told.story.accept()
    told.story.wait(1)
    kept = told.of_order("dry-2")
    assert kept is not None
    assert kept == told.write().numbered(kept.seq) == told.write().before(kept.at)
    assert (kept.strategy, kept.outputs["placed"]) == ("fixed_spread", ["dry-1", "dry-2"])
    assert told.write().before(START - 1) is None
    assert told.of_order("dry-9") is None
    again = FixedSpread(FixedSpreadParams(spread=300)).decide(view_of(kept.inputs))
    assert difference(kept.outputs["answer"], plain(again)) is None


def test_a_fill_does_not_wait_for_decisions_and_they_wait_for_the_timer(told: Told) -> None:
    told.story.open_market()
    told.story.accept()
    told.story.fill("bid", 4)
    assert told.write().range() is None
    told.story.wait(1)
    assert told.write().range() is not None


def test_only_the_newest_are_kept_and_those_of_late(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "DECISIONS_MAX", 3)
    for number in range(6):
        told.story.open_market(f"0.{40 + 2 * number}", f"0.{44 + 2 * number}")
        told.story.accept()
        told.story.wait(1)
        told.write()
    first, last = told.write().range() or (0, 0)
    assert (last - first, last > 6) == (2, True)
    assert told.store.rows("SELECT min(seq) >= ? FROM decision_orders", (first,)) == [(1,)]
    with told.store.writing() as db:
        DecisionWriter(told.account, told.history.epoch).write(db, [], told.story.at + DECISION_LIFE + SECOND)
    assert told.write().range() is None


def test_ids_of_dry_runs_begin_anew_and_numbers_do_not(store: Store) -> None:
    first, second = Told(store), Told(store)
    for told in (first, second):
        told.story.open_market()
        told.story.wait(1)
    one, other = first.of_order("dry-1"), second.of_order("dry-1")
    assert one is not None
    assert other is not None
    assert one.seq < other.seq
    assert second.write().numbered(one.seq) == one


def test_what_cannot_be_kept_is_said_and_stops_nobody(told: Told) -> None:
    told.story.open_market()
    (decision,) = told.story.history[-1].decisions
    assert decision.evidence is not None
    odd = replace(decision, evidence=replace(decision.evidence, params={"far": 2**70, "what": object()}))
    told.story.history[-1] = replace(told.story.history[-1], decisions=(odd,))
    told.story.wait(1)
    kept = told.of_order("dry-1")
    assert kept is not None
    assert "unkept" in kept.inputs


def test_one_that_changed_on_the_disk_is_refused(told: Told) -> None:
    told.story.open_market()
    told.story.wait(1)
    kept = told.write()
    with told.store.writing() as db:
        db.execute("UPDATE decisions SET inputs = x'00112233'")
    with pytest.raises(StateDamaged, match="decision 1 cannot be unpacked"):
        kept.numbered(1)

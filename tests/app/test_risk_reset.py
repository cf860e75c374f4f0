"""A day that is counted anew while nothing runs: in the state file, with what it had brought."""

from __future__ import annotations

import time
from pathlib import Path

from pmm.app.risk import last_events, reset_day_at_rest
from pmm.core.daily_loss import DAY
from pmm.core.step import DayResult, Step
from pmm.events import Timer
from pmm.model import USD
from pmm.sinks.history import History
from pmm.sinks.store import Store


def test_what_today_cost_counts_no_longer_and_is_recorded(tmp_path: Path) -> None:
    today = time.time_ns() // DAY
    with Store.open(tmp_path) as store:
        account = store.account("0xa", "venue")
        History(store, account, simulated=False, latch_halts=True).on_step(
            Step(Timer(time.time_ns()), day=DayResult(today, -3 * USD)), 0
        )
    reset_day_at_rest(tmp_path, "agreed")
    with Store.open(tmp_path) as store:
        assert History(store, account, simulated=False, latch_halts=True).day() == DayResult(today, 0)
        (said,) = last_events(store, limit=10)
    assert (said.rule, said.verdict) == ("daily_loss", "reset")
    assert said.reason == "the operator counts the day anew after -3 USD: agreed"


def test_an_instance_that_never_ran_has_nothing_to_forget(tmp_path: Path) -> None:
    reset_day_at_rest(tmp_path / "new", "")
    assert not (tmp_path / "new").exists()

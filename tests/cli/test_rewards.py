"""`pmm rewards` of a dry run: what was sampled, in a table and as JSON; and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pmm.cli.frame import run
from pmm.events import MarketListed
from pmm.model import SECOND, SHARE, USD, RewardTerms
from pmm.sinks.history import History
from pmm.sinks.store import Store
from tests.support.story import START, Story, market

DAY = datetime.fromtimestamp(START // SECOND, UTC).date().isoformat()


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A data folder with one dry run that quoted for half a minute where a dollar a second is paid."""
    with Store.open(tmp_path / "default") as store:
        story = Story()
        account = store.account("shadow", "https://clob.polymarket.com")
        history = History(store, account, simulated=True, latch_halts=False, clock=lambda: story.at)
        samples = history.samples(story.engine)
        story.open_market()
        story.accept()
        terms = RewardTerms(5 * SHARE, 300, 86_400 * USD)
        steps = [*story.history, story.tell(MarketListed(story.at, replace(market(), rewards=terms)))]
        steps += [story.wait(5) for _ in range(7)]
        for step in steps:
            history.on_step(step, 0)
            samples.on_step(step, 0)
        history.flush()
    return tmp_path


def test_a_dry_run_tells_what_it_expects_and_that_nobody_pays(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rewards", "--json", "--date", DAY, "--data-dir", str(lived)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["mode"], told["data"]["paid"]) == ("pmm.rewards/1", "dry-run", None)
    (row,) = told["data"]["markets"]
    assert (row["market"], row["watched_s"], row["paid"], row["difference"]) == ("rain", 30, None, None)
    assert float(row["expected"]) == pytest.approx(30 * row["share"], rel=1e-3)


def test_people_get_a_table(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rewards", "--date", DAY, "--data-dir", str(lived)]) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"DRY RUN  rewards of {DAY}")
    assert "rain" in page
    assert "a dry run has no account" in page


def test_a_day_without_samples_has_none(lived: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rewards", "--date", "2020-01-01", "--data-dir", str(lived)]) == 0
    assert capsys.readouterr().out == "DRY RUN  rewards of 2020-01-01: none\n"


def test_a_date_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rewards", "--date", "yesterday"]) == 2
    assert "'yesterday' is no day" in capsys.readouterr().err

"""`pmm report`: a run that a state file remembers, as tables, JSON, a picture and a page."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from pmm.cli.frame import run
from pmm.sinks.history import History
from pmm.sinks.store import Store
from tests.support.story import Story


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A data folder with one dry run: a fill on either side, and a price that moved."""
    with Store.open(tmp_path / "default") as store:
        story = Story()
        account = store.account("shadow", "venue")
        history = History(store, account, simulated=True, latch_halts=False, clock=lambda: story.at)
        samples = history.samples(story.engine)

        def tell(*steps):
            for step in steps:
                history.on_step(step, 0)
                samples.on_step(step, 0)

        story.open_market()
        story.accept()
        tell(*story.history)
        tell(story.fill("bid", 4), story.wait(6), story.touch("0.47", "0.49"), story.wait(6), story.wait(40))
        history.flush()
    return tmp_path


def reported(lived: Path, capsys: pytest.CaptureFixture[str], *arguments: str):
    assert run(["report", "--json", "--data-dir", str(lived), *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_profit_closes_by_cause_and_at_every_horizon(lived, capsys) -> None:
    told = reported(lived, capsys)
    assert (told["schema"], told["mode"]) == ("pmm.report/1", "dry-run")
    (market,) = told["data"]["markets"]
    pnl = market["pnl"]
    assert (pnl["spread_captured"], pnl["inventory_move"], pnl["total"], pnl["residual"]) == ("0.08", "-0.08", "0", "0")
    assert market["markout"]["5"] == {
        "fills": 1,
        "adverse_selection": "0",
        "held": "-0.08",
        "cents_per_share": 0.0,
    }
    assert market["markout"]["30"]["cents_per_share"] == -2.0
    for after in market["markout"].values():
        assert Decimal(after["adverse_selection"]) + Decimal(after["held"]) == Decimal(pnl["inventory_move"])
    assert (market["fills"], market["volume"], market["uptime"]) == (1, "4", 1.0)


def test_people_get_tables(lived, capsys) -> None:
    assert run(["report", "1", "--data-dir", str(lived)]) == 0
    out = capsys.readouterr().out
    assert "run 1, began" in out
    assert "Mid after our fills" in out
    assert "100.0%" in out


def test_charts_are_saved_as_a_picture_and_as_one_page(lived, capsys) -> None:
    png, page = lived / "run.png", lived / "run.html"
    told = reported(lived, capsys, "--png", str(png), "--html", str(page))
    assert told["data"]["saved"] == [str(png), str(page)]
    assert png.read_bytes().startswith(b"\x89PNG")
    text = page.read_text()
    assert "data:image/png;base64," in text
    assert "http" not in text  # nothing from elsewhere


@pytest.mark.parametrize(
    ("number", "hint"), [("7", "there is no run 7"), ("", "has no state file yet")], ids=["number", "file"]
)
def test_a_run_that_is_not_there_is_an_error(lived, tmp_path_factory, capsys, number, hint) -> None:
    folder = lived if number else tmp_path_factory.mktemp("empty")
    assert run(["report", *([number] if number else []), "--data-dir", str(folder)]) == 5
    assert hint in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_an_error(lived, capsys) -> None:
    assert run(["report", "--data-dir", str(lived), "--html", str(lived / "no" / "run.html")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_charts_need_the_extra(lived, capsys, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert run(["report", "--data-dir", str(lived), "--png", str(lived / "run.png")]) == 3
    assert "polymarket-pmm[report]" in capsys.readouterr().err

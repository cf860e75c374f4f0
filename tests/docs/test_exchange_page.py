"""The page about the local exchange names every act, and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pmm.exchange.frame_faults import FrameFault
from pmm.exchange.request_faults import Harm
from pmm.exchange.scenario import read_scenario
from tests.exchange.conftest import quiet_venue, trading

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")


async def test_every_act_and_every_harm_is_on_the_page() -> None:
    async with trading(quiet_venue()) as floor:
        acts = set(floor.exchange.control.acts)
    assert acts == set(re.findall(r"^\| `(/[^`]+)` \|", PAGE, re.MULTILINE))
    assert {harm.value for harm in Harm} <= set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))


def test_every_fault_of_messages_is_on_the_page_and_every_fault_has_a_test_that_exists() -> None:
    assert all(f"`{fault.value}`" in PAGE for fault in FrameFault)
    rows = re.findall(r"^\| F\d\d \| .*$", PAGE, re.MULTILINE)
    assert len(rows) > 30
    for row in rows:
        found = re.search(r"`(tests/[\w/]+\.py)::(\w+)` \|$", row)
        assert found, row
        assert re.search(rf"def {found[2]}\(", (ROOT / found[1]).read_text(encoding="utf-8")), row


def test_every_row_about_truth_has_a_test_that_exists() -> None:
    rows = PAGE.split("## What is faithful")[1].strip().splitlines()[4:]
    assert len(rows) > 30
    for row in rows:
        found = re.search(r"`(tests/[\w/]+\.py)::(\w+)` \|$", row)
        assert found, row
        assert re.search(rf"def {found[2]}\(", (ROOT / found[1]).read_text(encoding="utf-8")), row


def test_the_scenario_on_the_page_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "scenario.toml"
    file.write_text(text)
    assert [step.act for step in read_scenario(file)] == ["/faults/requests", "/venue/restart"]


@pytest.mark.parametrize("path", ["/ohlc", "/rfq/quotes", "/submit", "/deployed"])
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with trading(quiet_venue()) as floor:
        assert "error" in await floor.get(path, status=404)

from __future__ import annotations

from pathlib import Path
from random import Random

import orjson
import pytest

from pmm.errors import UsageError
from pmm.exchange.scenario import Step, read_scenario
from pmm.exchange.server import LocalExchange
from pmm.model import SECOND
from pmm.sim.catalog import default_listings
from pmm.sim.venue import Venue, VenueParams
from tests.exchange.conftest import DEMO, START, empty_world, quiet_venue, trading

SCRIPT = """
[[step]]
at = 2.5
do = "/faults/requests"
on = "POST /order"
harm = "fail_done"

[[step]]
do = "/traders"
on = false
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(text)
    return file


def test_steps_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    assert read_scenario(written(tmp_path, SCRIPT)) == (
        Step(0, "/traders", {"on": False}),
        Step(2_500_000_000, "/faults/requests", {"on": "POST /order", "harm": "fail_done"}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "step = 5",
        "[[steps]]\nat = 1",
        "[[step]]\nat = -1\ndo = '/traders'",
        "[[step]]\nat = 'soon'\ndo = '/traders'",
        "[[step]]\nat = 1",
        "step = [5]",
        "[[step",
        "[[step]]\nat = true\ndo = '/traders'",
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read_scenario(written(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the scenario"):
        read_scenario(tmp_path / "missing.toml")


async def test_an_act_that_there_is_not_is_refused_before_anything_opens() -> None:
    with pytest.raises(UsageError, match="'/fly'"):
        LocalExchange(quiet_venue(), scenario=[Step(0, "/fly")])
    with pytest.raises(UsageError, match="/venue/mode"):
        LocalExchange(empty_world(), scenario=[Step(0, "/venue/mode", {"mode": "normal"})])


async def one_run(file: Path) -> None:
    """A short life with busy traders, a script and a client, told in the log."""
    venue = Venue(default_listings(), VenueParams(record=True), Random(7), START)
    steps = [
        Step(SECOND, "/faults/frames", {"channel": "user", "fault": "double", "times": None, "chance": 0.5}),
        Step(2 * SECOND, "/faults/requests", {"on": "POST /order", "harm": "fail_done", "times": None, "chance": 0.5}),
    ]
    async with trading(venue, scenario=steps, seed=3, log_file=file) as floor, floor.user_socket(floor.ann):
        for _ in range(6):
            await floor.advance(0.7)
            await floor.ann.ask_all("POST", "/order", floor.ann.body(DEMO, price="0.30"))
        await floor.advance(5)
        await floor.ann.ask("DELETE", "/cancel-all")


async def test_one_seed_and_one_script_write_one_log(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("first.jsonl", "again.jsonl")]
    for file in files:
        await one_run(file)
    first, again = map(Path.read_bytes, files)
    rows = [orjson.loads(line) for line in first.splitlines()]
    assert {row["kind"] for row in rows} >= {"request", "frame", "order", "posting", "act"}
    assert "harm" in {key for row in rows for key in row}
    assert [row["at_ns"] for row in rows] == sorted(row["at_ns"] for row in rows)
    states = [line for line in first.splitlines() if b'"kind":"frame"' not in line]
    assert states == [line for line in again.splitlines() if b'"kind":"frame"' not in line]
    assert sorted(first.splitlines()) == sorted(again.splitlines())


async def test_secrets_are_not_in_the_log(tmp_path: Path) -> None:
    await one_run(tmp_path / "log.jsonl")
    told = Path.read_text(tmp_path / "log.jsonl")
    async with trading(seed=3) as floor:
        for who in (floor.ann, floor.bob):
            assert who.creds is not None
            assert who.creds.secret not in told
            assert who.creds.passphrase not in told

"""What the page about live trading says can be done is done, in its order, against an exchange with play money."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.blackbox import Exchange, Finished, run

PAGE = (Path(__file__).parents[2] / "docs" / "live.md").read_text(encoding="utf-8")
WRITTEN = "127.0.0.1:8645"


def commands() -> tuple[list[list[str]], dict[str, str]]:
    """Every command but the exchange's own, and the variables that are exported for them."""
    found: list[list[str]] = []
    variables: dict[str, str] = {}
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        for line in re.findall(r"^\$ (.+)$", block, re.MULTILINE):
            first, *rest = shlex.split(line)
            if first == "export":
                variables |= dict(word.split("=", 1) for word in rest)
            elif rest[0] != "exchange":
                found.append(rest)
    return found, variables


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[str], Finished]]:
    words, variables = commands()
    home = tmp_path_factory.mktemp("live")
    with Exchange(home) as exchange:
        here = exchange.urls["clob_url"].removeprefix("http://")
        own = {name: value.replace(WRITTEN, here) for name, value in variables.items()}
        return [(one, run(home, *one, **own)) for one in words]


def test_every_command_of_the_page_works(results: list[tuple[list[str], Finished]]) -> None:
    assert {one[0] for one, _ in results} == {"quote", "selftest", "drill", "cancel-all"}
    assert [(one, done.stderr) for one, done in results if done.status] == []


def test_the_self_test_says_the_steps_of_the_page(results: list[tuple[list[str], Finished]]) -> None:
    (done,) = (done for one, done in results if one[:2] == ["selftest", "--live"])
    steps = re.compile(r"^  ok  ([a-z ]+):", re.MULTILINE)
    assert steps.findall(done.stderr) == steps.findall(PAGE) != []


def test_every_drill_is_on_the_page() -> None:
    from pmm.app.drill import DRILLS

    for one in DRILLS:
        row = re.search(rf"^\| {one.name}[ :].*$", PAGE, re.MULTILINE)
        assert row, one.name
        promised = row[0].split("|")[-2].strip()
        assert promised == f"{one.bound_s:g} s"

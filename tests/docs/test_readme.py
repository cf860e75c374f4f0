"""What the README says can be done is done: its `console` blocks are run, in order, as they stand there.

Only the port of the local exchange is replaced by a free one, and the exchange is given an end.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = "127.0.0.1:8645"
LIMIT_S = 60
# No setting of the machine may reach the commands.
KEPT = ("PATH", "PYTHONPATH", "PMM_PURE", "LANG", "LC_ALL", "SYSTEMROOT")


@dataclass(frozen=True)
class Given:
    """One command of the README, the number of its block, and the variables that were exported above it there."""

    block: int
    words: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]


def given() -> list[Given]:
    found: list[Given] = []
    blocks = re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for number, block in enumerate(blocks):
        variables: dict[str, str] = {}
        for line in re.findall(r"^\$ (.+)$", block, re.MULTILINE):
            first, *rest = shlex.split(line)
            if first == "export":
                variables |= dict(word.split("=", 1) for word in rest)
            else:
                found.append(Given(number, (first, *rest), tuple(variables.items())))
    return found


COMMANDS = given()


def home(folder: Path) -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(folder), "PYTHONUTF8": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """Host and port of a local exchange that lives as long as the module."""
    words = [sys.executable, "-m", "pmm", "exchange", "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home(place), cwd=place) as own:
        assert own.stdout is not None
        try:
            yield json.loads(own.stdout.readline())["data"]["clob_url"].removeprefix("http://")
        finally:
            own.terminate()


@pytest.fixture(scope="module")
def results(place: Path, address: str) -> dict[Given, subprocess.CompletedProcess[str]]:
    """Every command of the README: in order within a block, the blocks side by side since most of it is waiting."""

    def run(one: Given) -> subprocess.CompletedProcess[str]:
        ended = ["--port", "0", "--duration", "1"] if one.words[1] == "exchange" else []
        return subprocess.run(
            [sys.executable, "-m", "pmm", *one.words[1:], *ended],
            env=home(place) | {name: value.replace(WRITTEN, address) for name, value in one.variables},
            cwd=place,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT_S,
            check=False,
        )

    def run_all(block: list[Given]) -> list[subprocess.CompletedProcess[str]]:
        return [run(one) for one in block]

    blocks = [list(block) for _, block in groupby(COMMANDS, key=lambda one: one.block)]
    with ThreadPoolExecutor(max_workers=4) as workers:
        return dict(zip(COMMANDS, chain.from_iterable(workers.map(run_all, blocks)), strict=True))


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: " ".join(one.words))
def test_a_command_of_the_readme_works(one: Given, results: dict[Given, subprocess.CompletedProcess[str]]) -> None:
    result = results[one]
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert "Traceback" not in result.stderr


def test_the_readme_shows_commands_of_every_kind() -> None:
    assert {one.words[0] for one in COMMANDS} == {"pmm"}
    assert {"quote", "demo", "exchange", "markets", "book", "stream"} <= {one.words[1] for one in COMMANDS}
    assert any(one.variables for one in COMMANDS)


def test_the_session_has_twelve_lines_of_the_kind_that_is_printed(
    results: dict[Given, subprocess.CompletedProcess[str]],
) -> None:
    session = re.search(r"^```console\n\$ pmm quote.*\n((?:.+\n)+?)^```", README, re.MULTILINE)
    assert session is not None
    shown = session[1].splitlines()
    assert len(shown) == 12
    printed = {_kind(line) for line in results[COMMANDS[0]].stdout.splitlines()}
    assert {_kind(line) for line in shown} <= printed | {"# FILL"}


def _kind(line: str) -> str:
    """What a line is about: its first word, clock times set aside."""
    return " ".join(re.sub(r"^\d\d:\d\d:\d\d", "#", line).split()[:2]) if line[:1].isdigit() else line.split()[0]


def test_every_runtime_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [re.split(r"[<>=~!\[; ]", line)[0] for line in project["dependencies"]]
    section = README.partition("## Dependencies")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE) == declared


def test_the_readme_names_the_distribution_and_the_command() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"`{project['name']}`" in README
    assert set(project["scripts"]) == {"pmm"}


@pytest.mark.tree
@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README, re.MULTILINE))
def test_the_make_targets_of_the_readme_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
]


@pytest.mark.tree
@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (ROOT / page).parent.joinpath(target).exists()] == []

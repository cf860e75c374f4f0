"""What the pages about quoting, risk and reports say can be done is done, and what they say of rules is so."""

from __future__ import annotations

import importlib
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias

import pytest

from pmm.app.rules import rules_for
from pmm.app.strategies import AUTO, STRATEGIES
from pmm.core.regime import Regime
from pmm.core.rule import ALLOW, Mode, OrderRule, Refuse, Rule, Stage, StandingRule
from pmm.core.signals import Signals
from pmm.model import SECOND
from pmm.settings import Settings
from pmm.settings.example import value_text
from pmm.settings.names import knobs
from pmm.settings.rules import Rules
from tests.support.blackbox import Finished, run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("quoting", "risk", "report")}
CHARTS = find_spec("matplotlib") is not None
DAY = 86_400 * SECOND

Done: TypeAlias = list[tuple[list[str], Finished]]


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in re.findall(r"^\$ pmm (.+)$", block, re.MULTILINE)]
    return [words for words in map(shlex.split, lines) if CHARTS or "--html" not in words]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every command of the pages, in order within a page, the pages side by side since most of it is waiting."""

    def all_of(name: str) -> Done:
        home = tmp_path_factory.mktemp(name)
        return [(words, run(home, *words)) for words in commands(PAGES[name])]

    with ThreadPoolExecutor(max_workers=len(PAGES)) as workers:
        return dict(zip(PAGES, workers.map(all_of, PAGES), strict=True))


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_works_and_says_something(done: dict[str, Done], page: str) -> None:
    assert done[page]
    assert [(words, one.stderr) for words, one in done[page] if one.status or not one.clean().stdout] == []


def test_a_run_at_home_quotes_what_the_page_says_that_auto_is_there(done: dict[str, Done]) -> None:
    (explained,) = (one.stdout for words, one in done["quoting"] if words[0] == "explain")
    assert "strategy fixed_spread" in explained
    assert re.search(r"^\| `auto` \| .*`fixed_spread` on a local exchange", PAGES["quoting"], re.MULTILINE)


def test_the_report_of_the_page_has_the_tables_that_are_printed(done: dict[str, Done]) -> None:
    printed = next(one.stdout for words, one in done["report"] if words == ["report"])
    titles = re.compile(r"^[A-Z].+\nmarket  .+$", re.MULTILINE)
    shown = [" ".join(table.split()) for table in titles.findall(PAGES["report"])]
    assert shown == [" ".join(table.split()) for table in titles.findall(printed)] != []


def test_the_end_of_a_run_tells_the_kind_of_limits_that_the_page_shows(done: dict[str, Done]) -> None:
    printed = next(one.stdout for words, one in done["risk"] if words[0] == "quote")
    told = re.compile(r"^    limit  [\w ]+ would have stopped \d+ orders?", re.MULTILINE)
    assert told.search(PAGES["risk"])
    assert told.search(printed)


# --- models, signals, regimes -------------------------------------------------------------------------------------


def test_every_model_signal_and_regime_is_on_the_page() -> None:
    page = PAGES["quoting"]
    assert set(re.findall(r"^\| `(\w+)` \|[^|]+\| \d? ?\|$", page, re.MULTILINE)) == {AUTO, *STRATEGIES}
    signals = page.partition("## Signals")[2].partition("## Own orders")[0]
    named = re.findall(r"^\| (`.+?) \|", signals, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(named))) == sorted(Signals.__slots__)
    assert re.findall(r"^\| ([A-Z_]+) \|", page, re.MULTILINE) == [regime.value for regime in Regime]


def test_every_setting_of_quoting_is_in_a_table_of_the_page() -> None:
    told = set(re.findall(r"^\| `(\w+\.\w+)` \|", PAGES["quoting"], re.MULTILINE))
    sections = {*STRATEGIES, "mm", "regime", "rewards"}
    assert told == {key for key in knobs() if key.partition(".")[0] in sections}


# --- rules --------------------------------------------------------------------------------------------------------


def rows() -> dict[str, list[str]]:
    """The cells behind each rule of the page, in its order."""
    found = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGES["risk"].partition("## All rules")[2], re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in found}


def named(name: str) -> dict[str, str]:
    """The settings that a row names, each with the default beside it."""
    return dict(re.findall(r"`(\w+\.\w+)` ([\d.]+)", " ".join(rows()[name])))


def test_the_rules_of_the_page_are_those_that_are_asked_in_their_order() -> None:
    assert list(rows()) == [rule.name for rule, _ in rules_for(Settings())]


@pytest.mark.parametrize(("rule", "in_dry_run"), rules_for(Settings()), ids=lambda one: getattr(one, "name", ""))
def test_a_row_says_what_kind_a_rule_is_and_when_it_acts(rule: Rule, in_dry_run: Mode) -> None:
    kind, _, _, dry_run, live = rows()[rule.name]
    parts = [*(["order"] if isinstance(rule, OrderRule) else [])]
    if isinstance(rule, StandingRule):
        parts.append("market" if rule.per_market else "account")
    assert kind == ", ".join(parts)
    assert dry_run == acts(rule.name, in_dry_run, dry_run=True)
    assert live == acts(rule.name, dict(modes(dry_run=False))[rule.name], dry_run=False)


def modes(*, dry_run: bool, wanted: str = "auto") -> list[tuple[str, Mode]]:
    of_all = Rules.model_validate(
        {name: wanted for name, field in Rules.model_fields.items() if field.default == "auto"}
    )
    return [(rule.name, mode) for rule, mode in rules_for(Settings(dry_run=dry_run, rules=of_all))]


def acts(name: str, mode: Mode, *, dry_run: bool) -> str:
    """How the page calls it: always, where nothing switches it off."""
    return "always" if dict(modes(dry_run=dry_run, wanted="off"))[name] is Mode.ENFORCE else mode.value


def test_every_default_that_the_table_names_is_the_default() -> None:
    told = {key: value for name in rows() for key, value in named(name).items()}
    assert told == {key: value_text(knobs()[key].field.default) for key in told}


def test_the_table_names_every_limit_of_the_rules_and_each_at_its_own() -> None:
    told = {key for name in rows() for key in named(name)}
    limits = {f"rules.{name}" for name, field in Rules.model_fields.items() if field.default != "auto"}
    assert limits <= told
    assert all(any(key == f"risk.{name}" for key in told) for name in ("max_position", "max_daily_loss"))
    for name in rows():
        source = importlib.import_module(f"pmm.rules.{name}").__doc__ or ""
        own = re.findall(r"`(\w+\.[\w*]+)`", source)
        assert [key for key in named(name) if not any(fnmatch(key, pattern) for pattern in own)] == []


def test_every_stage_is_on_the_page_but_none() -> None:
    stages = PAGES["risk"].partition("## Stages")[2].partition("## Hard caps")[0]
    assert re.findall(r"^\| ([A-Z]+) \|", stages, re.MULTILINE) == [one.name for one in Stage if one is not Stage.NONE]


@pytest.mark.parametrize(("day", "verdict"), [(1, ALLOW), (2, Refuse("it is the weekend")), (4, ALLOW)])
def test_the_rule_of_the_page_is_one(day: int, verdict: object) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGES["risk"], re.DOTALL)
    made: dict[str, type[OrderRule]] = {}
    exec(source, made)  # the page's own text
    rule = made["Weekend"]()
    assert isinstance(rule, OrderRule)
    assert rule.check(SimpleNamespace(), SimpleNamespace(at=day * DAY)) == verdict  # type: ignore[arg-type]

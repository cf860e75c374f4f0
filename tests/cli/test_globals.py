"""Global options may stand anywhere; what belongs to a command stays with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pmm.cli.globals import hoist
from pmm.errors import UsageError


@dataclass
class Flag:
    opts: list[str]
    is_flag: bool = False
    secondary_opts: list[str] = field(default_factory=list)
    param_type_name: str = "option"


@dataclass
class Command:
    params: list[Flag] = field(default_factory=list)
    commands: dict[str, Command] = field(default_factory=dict)


TREE = Command(
    commands={
        "quote": Command([Flag(["-m", "--market"]), Flag(["--once"], is_flag=True), Flag(["--spread"])]),
        "markets": Command(commands={"list": Command([Flag(["--limit"]), Flag(["-q"], is_flag=True)])}),
    }
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("quote -m demo --json", "--json quote -m demo"),
        ("--json quote -m demo", "--json quote -m demo"),
        ("quote -o json -m demo -v", "-o json -v quote -m demo"),
        ("quote -ojson", "-ojson quote"),
        ("quote -qv", "-qv quote"),
        ("quote --set a=b --set=c=d", "--set a=b --set=c=d quote"),
        ("quote -m --json --once", "quote -m --json --once"),
        ("quote --spread -1 --yes", "--yes quote --spread -1"),
        ("quote --market=--json --debug", "--debug quote --market=--json"),
        ("quote -- --json", "quote -- --json"),
        ("markets list --limit 3 -q --json", "--json markets list --limit 3 -q"),
        ("markets -q list", "-q markets list"),
        ("quote --jsn", "quote --jsn"),
        ("quote --help --json", "--json quote --help"),
        ("quote -mq", "quote -mq"),
        ("", ""),
    ],
)
def test_globals_move_to_the_front_and_nothing_else_does(line: str, expected: str) -> None:
    assert hoist(TREE, line.split()) == expected.split()


@pytest.mark.parametrize("line", ["quote --output", "-c", "quote --set"])
def test_a_global_option_without_its_value_is_named(line: str) -> None:
    with pytest.raises(UsageError, match="needs a value"):
        hoist(TREE, line.split())

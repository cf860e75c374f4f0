"""`pmm machines`: the rows that run."""

from __future__ import annotations

import pytest

from pmm.core.machines import TABLES
from pmm.errors import Exit
from tests.cli.conftest import Pmm


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_machine_is_printed_row_by_row(pmm: Pmm, name: str) -> None:
    data = pmm("machines", name, "--json").document["data"]
    printed = [(row["state"], row["trigger"], row["dest"], row["why"]) for row in data["rows"]]
    assert printed == [(row.source, row.trigger, row.dest, row.why) for row in TABLES[name].rows]
    assert data["states"] == list(TABLES[name].states)


def test_all_machines_are_printed_without_a_name(pmm: Pmm) -> None:
    done = pmm("machines")
    assert all(f"{name} (starts in {table.initial})" in done.stdout for name, table in TABLES.items())


def test_an_unknown_machine_exits_5_with_the_nearest_name(pmm: Pmm) -> None:
    done = pmm("machines", "fed")
    assert done.status == Exit.NOT_FOUND
    assert "Did you mean `pmm machines feed`?" in done.stderr

"""The generated pages say what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from pmm.cli.codes import declared
from pmm.core.machines import TABLES
from pmm.errors import Exit

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("cli.md", "machines.md", "markets-score.md", "quoting.md")


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_current(generate: ModuleType, name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generate.pages()[name], "run `make docs`"


def test_every_page_that_is_generated_is_compared(generate: ModuleType) -> None:
    assert set(generate.pages()) == set(PAGES)


def test_every_error_code_belongs_to_one_class() -> None:
    shared = {code: kinds for code, kinds in declared().items() if len(kinds) > 1}
    assert not shared
    assert len(declared()) >= 14


def test_every_error_code_and_exit_status_is_explained(generate: ModuleType) -> None:
    page = generate.cli_page()
    assert all(f"| `{code}` | " in page for code in declared())
    assert all(f"| {int(status)} | " in page for status in Exit)


def test_every_row_of_every_machine_is_printed(generate: ModuleType) -> None:
    page = generate.machines_page()
    rows = [row for table in TABLES.values() for row in table.rows]
    assert all(f"| `{row.source}` | `{row.trigger}` | `{row.dest}` | {row.why} |" in page for row in rows)


def test_a_mark_names_sections_or_single_settings(generate: ModuleType) -> None:
    page = generate.with_settings("before\n<!-- settings: inventory_skew mm.levels -->\nold\n<!-- end -->\nafter\n")
    assert re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE) == ["mm.levels", "inventory_skew.skew"]
    assert "old" not in page
    assert (page.splitlines()[0], page.splitlines()[-1]) == ("before", "after")


def test_a_page_written_anew_is_the_page_that_was_compared(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    told: list[str] = []
    generate.main(told.append)
    assert told == [f"wrote docs/{name}\n" for name in PAGES]
    assert (tmp_path / "machines.md").read_text(encoding="utf-8") == generate.machines_page()

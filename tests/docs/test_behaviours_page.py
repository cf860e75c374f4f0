"""The table of promised behaviours has a row for everything that is checked, and names files that do check it."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "behaviours"


def test_every_behaviour_that_is_checked_has_a_row_with_files_that_check_it() -> None:
    rows = re.findall(r"^\| (B\d{3}) \| [^|]+ \| ([^|]+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    told = {number: set(re.findall(r"`(\w+\.py)`", files)) for number, files in rows}
    assert len(told) == len(rows)
    checked: dict[str, set[str]] = {}
    for path in FOLDER.glob("test_*.py"):
        for number in re.findall(r"b(\d{3})_", path.read_text()):
            checked.setdefault(f"B{number}", set()).add(path.name)
    assert told.keys() == checked.keys()
    assert {row: files - checked[row] for row, files in told.items() if files - checked[row]} == {}
    assert all(told.values())

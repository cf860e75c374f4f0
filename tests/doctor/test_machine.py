"""What the doctor sees of a machine: folders, space, and files that run when Python starts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pmm.doctor.check import State
from pmm.doctor.machine import GB, data_folder, disk, unknown_start_files
from pmm.doctor.patient import Patient

SETUPTOOLS = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack').add_shim(); "
)
HARMLESS = (
    "import __editable___some_package_0_1_finder; __editable___some_package_0_1_finder.install()",
    SETUPTOOLS,
    "import _virtualenv",
    "/a/folder/of/packages",
    "# import nothing",
)
HARMFUL = (
    "import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import base64'])",
    "import _virtualenv; import evil",
    "import os; exec(__import__('base64').b64decode('cGFzcw=='))",
    "import __editable___a_finder; __editable___b_finder.install(); import evil",
)


def patient(folder: Path) -> Patient:
    settings = SimpleNamespace(data_dir=folder)
    return cast("Patient", SimpleNamespace(settings=settings))  # these checks look at the folder only


@pytest.mark.parametrize("line", HARMLESS)
def test_lines_of_well_known_packages_are_harmless(tmp_path: Path, line: str) -> None:
    (tmp_path / "some.pth").write_text(line + "\n")
    assert unknown_start_files(tmp_path) == []


@pytest.mark.parametrize("line", HARMFUL)
def test_anything_else_that_would_be_executed_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "distutils-precedence.pth").write_text("\n".join([*HARMLESS, line]))
    assert unknown_start_files(tmp_path) == ["distutils-precedence.pth"]


def test_a_module_that_customises_the_start_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("")
    assert unknown_start_files(tmp_path) == ["sitecustomize.py"]


async def test_a_folder_that_is_not_there_yet_is_looked_at_and_not_made(tmp_path: Path) -> None:
    assert (await data_folder(patient(tmp_path / "not" / "yet"))).state is State.OK
    assert os.listdir(tmp_path) == []  # noqa: PTH208  a look that takes no time


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write")
async def test_a_folder_that_cannot_be_written_is_named() -> None:
    found = await data_folder(patient(Path("/proc/nowhere")))
    assert found.state is State.FAIL
    assert "/proc/nowhere cannot be written" in found.found


@pytest.mark.parametrize(("free", "state"), [(GB // 20, State.FAIL), (GB // 2, State.WARN), (2 * GB, State.OK)])
async def test_a_disk_that_fills_is_named_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))
    assert (await disk(patient(tmp_path))).state is state

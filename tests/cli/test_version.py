"""`pmm version`."""

from __future__ import annotations

import platform

from pmm import _fast
from tests.cli.conftest import Pmm


def test_the_version_names_python_and_the_kernel(pmm: Pmm) -> None:
    data = pmm("version", "--json").document["data"]
    assert data["python"] == platform.python_version()
    assert data["kernel"] == ("compiled" if _fast.COMPILED else "pure")


def test_the_twin_can_be_forced_and_is_named(pmm: Pmm) -> None:
    assert pmm("version", "--json", PMM_PURE="1").document["data"]["kernel"] == "pure"

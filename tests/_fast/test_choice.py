"""Which implementation pmm._fast chooses, and that it loads nothing it does not need."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from .conftest import implementations


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_compiled_kernel_is_chosen_where_it_was_built() -> None:
    built = "compiled" in implementations()
    assert run("import pmm._fast as f; print(f.COMPILED, f.Book.__module__)", PMM_PURE="") == (
        "True pmm._fast.book" if built else "False pmm._fast.pure.book"
    )


def test_the_twin_can_be_chosen() -> None:
    assert (
        run("import pmm._fast as f; print(f.COMPILED, f.Books.__module__)", PMM_PURE="1") == "False pmm._fast.pure.wire"
    )


@pytest.mark.skipif(os.environ.get("PMM_REQUIRE_FAST") != "1", reason="only where a compiled kernel was demanded")
def test_a_demanded_compiled_kernel_is_there() -> None:
    assert "compiled" in implementations()


@pytest.mark.parametrize("pure", ["", "1"])
def test_importing_the_kernel_loads_only_the_standard_library(pure: str) -> None:
    code = (
        "import sys; before = set(sys.modules); import pmm._fast; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(name for name in new - sys.stdlib_module_names - {'pmm'} if 'cython' not in name))"
    )
    assert run(code, PMM_PURE=pure) == "[]"

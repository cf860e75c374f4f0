"""Other programs use the kernel: from Python, and from a second package that cimports it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pmm._fast import COMPILED, get_include

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKAGES = str(Path(get_include()).parents[1])


def run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((PACKAGES, str(folder)))}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("pure", ["", "1"])
def test_the_example_in_python_runs(pure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMM_PURE", pure)
    told = run([sys.executable, str(EXAMPLES / "embed_book.py")], EXAMPLES)
    assert "touch 4700 4900 mid 4800.0" in told
    assert "MALFORMED" in told


def test_the_headers_are_where_they_are_said_to_be() -> None:
    assert {"book.h", "book.pxd", "wire.pxd", "quote.pxd", "book.pyi"} <= {
        path.name for path in Path(get_include()).iterdir()
    }


def test_a_second_package_builds_against_the_kernel_and_reads_a_book(tmp_path: Path) -> None:
    if not COMPILED or importlib.util.find_spec("Cython") is None or shutil.which("cc") is None:
        pytest.skip("needs the compiled kernel, Cython and a C compiler")
    package = tmp_path / "embed_cython"
    shutil.copytree(EXAMPLES / "embed_cython", package, ignore=shutil.ignore_patterns("*.c", "*.so", "build"))
    run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], package)
    code = (
        "import touch; from pmm._fast import Book; book = Book(); book.load([(4700, 5), (4600, 6)], [(4900, 1)]);"
        "print(touch.width(book), touch.resting(book, 0))"
    )
    assert run([sys.executable, "-c", code], package).split() == ["200", "11"]

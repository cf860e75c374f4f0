"""The C of the kernel under the sanitizers, for a moment; both fuzzers find what was planted for them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pmm._fast import get_include

from . import native
from .campaign import Budget


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(native, "FINDINGS", tmp_path)


@pytest.fixture(params=[native.DRIVER, native.LIBFUZZER], ids=lambda fuzzer: fuzzer.name)
def fuzzer(request: pytest.FixtureRequest, tmp_path: Path) -> native.Fuzzer:
    if reason := native.can_sanitize(request.param, tmp_path):
        pytest.skip(f"no {request.param.compiler} that builds with sanitizers for the {request.param.name}: {reason}")
    return request.param


@pytest.mark.parametrize("harness", native.HARNESSES)
def test_the_kernel_in_c_has_nothing_to_find(fuzzer: native.Fuzzer, harness: str) -> None:
    report = native.fuzz(fuzzer, harness, 5, Budget(operations=1_500 if harness == "frames" else 150))
    assert not report.findings, report.line()
    assert report.operations >= 150


def test_a_read_past_the_frame_is_found(fuzzer: native.Fuzzer, tmp_path: Path) -> None:
    headers = tmp_path / "headers"
    shutil.copytree(get_include(), headers, ignore=lambda _, names: [name for name in names if not name.endswith(".h")])
    whole = (headers / "exact.h").read_text()
    short, replaced = re.subn(r"(#define PMM_EXACT_CHANGE) \d+", r"\1 1", whole)
    assert replaced == 1
    (headers / "exact.h").write_text(short)
    report = native.fuzz(fuzzer, "frames", 5, Budget(operations=100_000), headers)
    assert "heap-buffer-overflow" in report.line()
    assert next(tmp_path.glob("*.bin")).stat().st_size

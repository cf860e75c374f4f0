"""The command line as its users meet it: a process of its own, in an empty folder with an empty environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 60


@dataclass(frozen=True)
class Finished:
    """What a process left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Every line of stdout; fails where one is not JSON."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        (only,) = self.documents
        return only


Pmm = Callable[..., Finished]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The least a process needs, and nowhere to read settings from."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "PMM_PURE") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def pmm(tmp_path: Path, environment: dict[str, str]) -> Pmm:
    """Run `pmm` with some arguments and, by keyword, some more environment."""

    def run(*arguments: str, **more: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "pmm", *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert "Traceback" not in done.stderr or "--debug" in arguments, done.stderr
        return Finished(done.returncode, done.stdout, done.stderr)

    return run

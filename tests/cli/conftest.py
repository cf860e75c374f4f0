"""The command line as its users meet it: a process of its own, in an empty folder with an empty environment."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from tests.support import blackbox
from tests.support.blackbox import Finished

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 60


Pmm = Callable[..., Finished]


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """A log that was started inside a test must not outlive the stream it writes to."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The least a process needs, and nowhere to read settings from."""
    return blackbox.environment(tmp_path, PYTHONPATH=str(ROOT))


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


@dataclass(frozen=True)
class Exchange:
    """A local exchange in a process of its own, with its traders at rest."""

    urls: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What makes every command talk to it."""
        return {
            "CLOB_API_URL": self.urls["clob_url"],
            "GAMMA_API_URL": self.urls["gamma_url"],
            "WS_MARKET_URL": self.urls["ws_market_url"],
            "WS_USER_URL": self.urls["ws_user_url"],
            "PMM_VENUE__DATA_API_URL": self.urls["data_url"],
        }

    def control(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """One call of the control endpoint: a GET without a body, a POST with one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.urls["control_url"] + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    home = tmp_path_factory.mktemp("exchange")
    process = subprocess.Popen(
        [sys.executable, "-m", "pmm", "exchange", "--port", "0", "--quiet-markets", "150", "--json", "-q"],
        cwd=home,
        env=blackbox.environment(home, PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        running = Exchange(json.loads(process.stdout.readline())["data"])
        running.control("/traders", {"on": False})
        yield running
        process.terminate()
        assert process.wait(SECONDS_MAX) == 0

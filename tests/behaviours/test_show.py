"""What the first version shows: the main command, the demo, and a help page that costs nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.behaviours.conftest import Pmm
from tests.support.blackbox import PMM, Exchange, Process, environment

HELP_CPU_S_MAX = 0.35
MAIN = "quote --market demo --dry-run --duration 20 --seed 7 --json"
HEAVY = ("eth_account", "py_clob_client", "py_clob_client_v2", "aiohttp", "pyarrow", "rich.live")


@pytest.fixture(scope="module", autouse=True)
def main_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Exchange]]:
    """The main command, which takes its 20 seconds while the other tests of this file run."""
    home = tmp_path_factory.mktemp("main")
    with (
        Exchange(home) as exchange,
        Process(home, *MAIN.split(), **exchange.env) as command,
    ):
        yield command, exchange


def test_without_any_venue_the_demo_market_is_quoted_on_the_embedded_exchange(pmm: Pmm) -> None:
    done = pmm("quote", "--market", "demo", "--dry-run", "--duration", "2", "--seed", "7")
    assert done.status == 0
    assert done.stdout.startswith("DRY RUN")
    for word in ("run time", "quotes", "orders", "fills", "position", "pnl", "messages", "p99", "feed"):
        assert word in done.stdout


def test_one_seed_makes_the_same_decisions_and_ten_minutes_take_less_than_ten_seconds(pmm: Pmm) -> None:
    hashes = []
    for seed in ("7", "7", "8"):
        began = time.monotonic()
        done = pmm("demo", "--speed", "max", "--duration", "600", "--seed", seed, "--json")
        assert done.status == 0
        assert time.monotonic() - began < 10
        summary = done.documents[-1]["data"]
        assert summary["pnl"]["residual"] == "0"
        assert summary["fills"] >= 10
        hashes.append(summary["decision_hash"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_demo_ends_with_what_to_do_next(pmm: Pmm) -> None:
    text = pmm("demo", "--speed", "max", "--duration", "60").stdout
    assert "FILL" in text
    assert text.rstrip().splitlines()[-3].lstrip().startswith("pmm ")


def test_help_takes_little_time(tmp_path: Path) -> None:
    samples = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*PMM, "--help"], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        samples.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(samples) <= HELP_CPU_S_MAX, samples


@pytest.mark.parametrize("arguments", [[], ["--help"], ["quote", "--help"], ["markets", "--help"]], ids=" ".join)
def test_help_loads_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    # The parser library itself loads pydantic as soon as a command with options is parsed.
    heavy = HEAVY if len(arguments) > 1 else (*HEAVY, "pydantic")
    script = (
        "import sys; from pmm.cli.frame import run; status = run(sys.argv[1:]);"
        f"print(status, sorted(set(sys.modules) & set({heavy!r})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.split() == ["0", "[]"]
    assert "Usage" in done.stdout


def test_the_main_command_quotes_fills_and_accounts_for_every_cent(main_command: tuple[Process, Exchange]) -> None:
    command, exchange = main_command
    done = command.finish()
    assert done.status == 0
    documents = done.documents
    assert all(document["schema"] == "pmm.quote/1" and document["mode"] == "dry-run" for document in documents)
    summary = documents[-1]["data"]
    assert summary["event"] == "summary"
    assert 20 <= float(summary["run_time_s"]) < 22
    assert summary["quotes"] >= 10
    assert summary["fills"] >= 1
    assert (summary["pnl"]["residual"], summary["open_orders"], summary["books"]["mismatches"]) == ("0", 0, 0)
    assert not any(request["authenticated"] for request in exchange.requests())

"""Promised behaviours, checked from outside: processes of `pmm` against a pretend venue on loopback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Finished, Quoter, run

Pmm = Callable[..., Finished]
Quote = Callable[..., Quoter]


@pytest.fixture(scope="session")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """A busy venue with a long catalogue, for tests that only look."""
    with Exchange(tmp_path_factory.mktemp("venue"), "--quiet-markets", "120") as exchange:
        yield exchange


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    """A venue of a test's own, to do things to."""
    with Exchange(tmp_path) as exchange:
        yield exchange


@pytest.fixture
def pit(exchange: Exchange) -> Pit:
    """Its demo market without anybody but the test."""
    return Pit(exchange)


@pytest.fixture
def pmm(tmp_path: Path) -> Pmm:
    """Run a command to its end: `pmm("book", "demo", **venue.env)`."""
    return lambda *arguments, **more: run(tmp_path, *arguments, **more)


@pytest.fixture
def quote(tmp_path: Path) -> Iterator[Quote]:
    """Start `pmm quote` on an exchange; it is gone when the test is over."""
    with ExitStack() as stack:
        yield lambda exchange, *arguments, **more: stack.enter_context(Quoter(tmp_path, exchange, *arguments, **more))


@pytest.fixture(autouse=True)
def _no_watchdog_is_left(tmp_path: Path) -> Iterator[None]:
    """A watchdog sweeps for ever where its bot was killed and the venue is gone: with the test it ends."""
    yield
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"watchdog" in (process / "cmdline").read_bytes() and (process / "cwd").readlink().is_relative_to(
                tmp_path
            ):
                os.kill(int(process.name), SIGKILL)

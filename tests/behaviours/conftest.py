"""Promised behaviours, checked from outside: processes of `pmm` against a pretend venue on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

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

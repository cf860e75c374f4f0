"""The same tests run on both implementations of the kernel; the test's id says which one it was."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import folder


@dataclass(frozen=True)
class Kernel:
    """One implementation: the classes that pmm._fast would export if it had chosen it."""

    name: str
    Book: Any
    Ladder: Any
    Books: Any
    Quoter: Any


def load(name: str) -> Kernel:
    package = "pmm._fast.pure" if name == "pure" else "pmm._fast"
    book, wire, quote = (importlib.import_module(f"{package}.{module}") for module in ("book", "wire", "quote"))
    return Kernel(name, book.Book, book.Ladder, wire.Books, quote.Quoter)


def implementations() -> Iterator[str]:
    """The twin always; the compiled one wherever it was built."""
    yield "pure"
    try:
        importlib.import_module("pmm._fast.quote")
    except ImportError:
        return
    yield "compiled"


@pytest.fixture(params=list(implementations()))
def kernel(request: pytest.FixtureRequest) -> Kernel:
    return load(request.param)


@pytest.fixture
def recordings() -> Path:
    """All of them, frames and other things."""
    return folder("")

"""Whether somebody reads: a pipe with room is ready, a full one is waited for, until that is given up."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest

from pmm.cli.outlet import Outlet


@contextmanager
def pipe(monkeypatch: pytest.MonkeyPatch, *, full: bool) -> Iterator[int]:
    """Stdout is a pipe; gives the end to read from."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        if full:
            os.set_blocking(writer, False)
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(writer, b"x" * 4096)
        yield reader
    os.close(reader)


def test_a_pipe_with_room_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch, full=False):
        assert Outlet().ready()


def test_a_full_pipe_is_waited_for_until_somebody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch, full=True) as reader:
        read: list[bytes] = []
        timer = threading.Timer(0.05, lambda: read.append(os.read(reader, 65_536)))
        timer.start()
        assert Outlet().ready()
        timer.join()
        assert read


def test_waiting_can_be_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch, full=True):
        outlet = Outlet()
        timer = threading.Timer(0.05, outlet.give_up)
        timer.start()
        assert not outlet.ready()
        timer.join()


@pytest.mark.parametrize("stdout", [None, StringIO()])
def test_what_is_no_file_of_the_system_is_always_ready(
    stdout: StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    assert Outlet().ready()

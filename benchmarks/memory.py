"""Bytes a book, from the growth of the process when 2 000 of them are filled: python -m benchmarks.memory KIND TICK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BOOKS = 2_000
SIDES = {100: 45, 10: 60, 1: 60}


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def levels(tick: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    depth, touch = SIDES[tick], 5_000
    bids = [(touch - (step + 1) * tick, (step + 1) * 10**6 + 2**40) for step in range(depth)]
    asks = [(touch + step * tick, (step + 1) * 10**6 + 2**40) for step in range(depth)]
    return bids, asks


def one(kind: str, tick: int) -> Any:
    bids, asks = levels(tick)
    if kind == "ours":
        from pmm._fast import Book

        book = Book(tick)
        book.load(bids, asks)
        return book
    if kind == "dict":
        # Sizes are objects of their own, as they are when they come from frames.
        return [{price: int(str(size)) for price, size in side} for side in (bids, asks)]
    from sortedcontainers import SortedDict

    return [SortedDict({price: int(str(size)) for price, size in side}) for side in (bids, asks)]


def here(kind: str, tick: int) -> float:
    kept = [one(kind, tick) for _ in range(50)]
    before = resident()
    kept += [one(kind, tick) for _ in range(BOOKS)]
    return (resident() - before) / BOOKS


def measure(kind: str, tick: int) -> float:
    """In a process of its own, so that nothing freed before is used again."""
    command = [sys.executable, "-m", "benchmarks.memory", kind, str(tick)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    print(here(sys.argv[1], int(sys.argv[2])))

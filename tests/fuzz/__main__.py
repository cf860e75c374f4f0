"""`python -m tests.fuzz <campaign>` from the root of the repository: 1 after a finding, 2 without a compiler."""

from __future__ import annotations

import argparse
import sys

from . import books, frames, native, quotes
from .campaign import Budget, Report

SECONDS = 60.0


def campaign(name: str, seed: int, budget: Budget) -> list[Report]:
    if name == "native":
        return native.run(seed, budget)
    return [{"frames": frames.run, "books": books.run, "quotes": quotes.run}[name](seed, budget)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("campaign", choices=("frames", "books", "quotes", "native"))
    parser.add_argument("--seconds", type=float, help=f"how long; {SECONDS:g} where nothing else ends it")
    parser.add_argument("--operations", type=int, help="how many frames, operations or inputs")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    seconds = SECONDS if chosen.seconds is None and chosen.operations is None else chosen.seconds
    try:
        reports = campaign(chosen.campaign, chosen.seed, Budget(chosen.operations, seconds))
    except native.NoCompiler as fault:
        print(f"The C of the kernel cannot be built with sanitizers here: {fault}", file=sys.stderr)
        return 2
    for report in reports:
        print(report.line())
    return int(any(report.findings for report in reports))


sys.exit(main())

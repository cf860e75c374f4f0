"""`python -m tests.chaos.orders` from the root of the repository: the campaign of sessions; 1 after a violation."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from tests.chaos.orders.campaign import AT_ONCE, sessions
from tests.chaos.orders.table import table, violations

CHUNK = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.orders", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many sessions")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="sessions at the same time in each process")
    chosen = parser.parse_args()
    began = monotonic()
    every = range(chosen.first, chosen.first + chosen.seeds)
    chunks = [every[start : start + CHUNK] for start in range(0, len(every), CHUNK)]
    results = []
    with ProcessPoolExecutor(chosen.processes) as pool:
        for some in pool.map(sessions, chunks, [chosen.at_once] * len(chunks)):
            results += some
            for line in violations(some):
                print(line, file=sys.stderr, flush=True)
    print(table(results))
    found = list(violations(results))
    print(f"{len(results)} sessions in {monotonic() - began:.0f} s: {len(found)} violations")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

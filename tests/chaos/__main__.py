"""`python -m tests.chaos` from the root of the repository: the campaign of faulty market data; 1 after a violation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from tests.chaos.quiet import Hours, live
from tests.chaos.run import Plan, Result, run
from tests.chaos.table import table

DAY_HOURS = 24
# Every hundredth seed is run a second time and has to come to the same end.
AGAIN = 100
CHUNK = 5


def judged(seed: int) -> Result:
    """One seed; some are run twice."""
    result = run(Plan.of(seed))
    if seed % AGAIN == 0 and run(Plan.of(seed)).trace != result.trace:
        result.verdict.violations.append("another trace at the second run")
    return result


def quiet(canary: bool) -> Hours:
    return live(DAY_HOURS, canary=canary)


def violations(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        for violation in result.verdict.violations:
            yield f"seed {result.plan.seed} ({result.plan.kind}): {violation}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many runs")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--without-days", action="store_true", help="leave the quiet days out")
    chosen = parser.parse_args()
    began = monotonic()
    with ProcessPoolExecutor(chosen.processes) as pool:
        days = [] if chosen.without_days else [pool.submit(quiet, canary) for canary in (True, False)]
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        results = list(pool.map(judged, seeds, chunksize=CHUNK))
        quiet_days = [day.result() for day in days]
    print(table(results))
    found = list(violations(results))
    for day, name in zip(quiet_days, ("with", "without"), strict=False):
        print(
            f"a day of one change an hour, {name} a canary: {day.changes_of_the_book} changes, {day.frames} frames, "
            f"{len(day.halts)} doubts or halts, {day.cancels} quotes pulled"
        )
        found += [] if day.calm else [f"the quiet day {name} a canary: {day.halts[:3]} {day.violations[:3]}"]
    again = sum(seed % AGAIN == 0 for seed in seeds)
    print(f"{len(results)} seeds in {monotonic() - began:.0f} s, {again} of them twice: {len(found)} violations")
    for line in found:
        print(line, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

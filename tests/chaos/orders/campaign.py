"""Many sessions at the same time: each mostly waits, so that a process carries a dozen."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.chaos.orders.limits import shortened
from tests.chaos.orders.session import Plan, Result, run

AT_ONCE = 8
# A session takes ten seconds; one that hangs shall not hold up the others for ever.
LIMIT_S = 180.0


def sessions(seeds: Sequence[int], at_once: int = AT_ONCE) -> list[Result]:
    """Live through some seeds in a loop of this process."""
    # Connections are cut on purpose, and aiohttp reports every one of them.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    with shortened():
        return asyncio.run(several(seeds, at_once))


async def several(seeds: Iterable[int], at_once: int = AT_ONCE) -> list[Result]:
    waiting, results = list(reversed(list(seeds))), []

    async def work(folder: Path) -> None:
        while waiting:
            seed = waiting.pop()
            results.append(await session(seed, folder / str(seed)))

    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(work(Path(folder)))
    return results


async def session(seed: int, folder: Path) -> Result:
    """One seed; what breaks it is a violation too."""
    plan = Plan.of(seed)
    try:
        async with asyncio.timeout(LIMIT_S):
            return await run(plan, folder)
    except Exception as error:  # noqa: BLE001  # whatever it is, the seed is blamed and the others go on
        lines = traceback.format_exception(error)
        return Result(plan, violations=["".join(lines[-12:])])

"""A bot that does nothing but keep its door open: `python -m tests.support.bot FOLDER [URL SILENCE]`.

It writes a JSON line when it is up and for every wish.  With a URL it has a watchdog too, whose charge comes as a line
of JSON on stdin.  "stop" ends it in order.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from pmm.core.engine import Engine
from pmm.drivers.control import ControlServer
from pmm.drivers.lease import take_instance
from pmm.drivers.standing import Standing
from pmm.drivers.watchdog import Charge, Watchdog
from pmm.events import OperatorAction
from pmm.metrics.status import Status
from pmm.strategies.nothing import Nothing


def say(**record: object) -> None:
    print(json.dumps(record), flush=True)


async def main(folder: Path, silence: float | None) -> None:
    stopped = asyncio.Event()

    def act(action: OperatorAction, reason: str) -> None:
        say(action=action, reason=reason)
        if action in (OperatorAction.STOP, OperatorAction.KILL):
            stopped.set()

    view = Standing(Engine(Nothing()), Status(), "dry-run", folder.name, enforced=False, began_at=time.time_ns())
    with take_instance(folder, folder.name):
        async with ControlServer(folder, view, act):
            if silence is None:
                say(up=True)
                await stopped.wait()
                return
            dog = Watchdog(folder, lambda: charge, silence=silence)
            charge = Charge(**json.loads(sys.stdin.readline()))
            await dog.start()
            serving = asyncio.create_task(dog.serve(lambda event: say(event=str(event))))
            say(up=True, watchdog=dog.pid)
            await stopped.wait()
            serving.cancel()
            await dog.bye()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None))

"""One order of time for everything that happens at the venue by itself."""

from __future__ import annotations

from pmm.model import Nanos
from pmm.sim.agenda import Agenda
from pmm.sim.world import DemoWorld


def catch_up(world: DemoWorld, agenda: Agenda, at: Nanos) -> Nanos:
    """Let everything happen that was due by `at`, and let it be `at` now; the time that it is, which never goes back.

    What a call to the venue finds therefore does not depend on how often it was stepped before.  Where both are due
    at the same moment, promises are kept before traders act.
    """
    while True:
        promised, acts = agenda.next_at, world.acts_at
        if promised is not None and promised <= at and (acts is None or promised <= acts):
            world.now = max(world.now, promised)
            agenda.act()
        elif acts is not None and acts <= at:
            world.act(at if promised is None else min(at, promised - 1))
        else:
            break
    world.now = max(world.now, at)
    return world.now

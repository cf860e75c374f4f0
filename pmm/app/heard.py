"""What gateway and user socket tell a self-test, kept in order and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from pmm.events import Event
from pmm.ports import Emit

GATEWAY, USER = "gateway", "user"
# News comes within the deadline of a call; a socket may need an attempt more.
NEWS_LIMIT_S = 5.0


class StepFailed(Exception):
    """A step found something else than it should."""


@dataclass(slots=True)
class Heard:
    """What the gateway and the user socket told, each with who told it."""

    told: list[tuple[str, Event]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def by(self, who: str) -> Emit:
        def emit(event: Event) -> None:
            self.told.append((who, event))
            self.news.set()

        return emit

    async def until(self, what: str, fits: Callable[[str, Event], bool], *, after: int = 0) -> Event:
        """The first event that fits.  Raises StepFailed when none comes in time."""
        try:
            async with asyncio.timeout(NEWS_LIMIT_S):
                while True:
                    for who, event in self.told[after:]:
                        if fits(who, event):
                            return event
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise StepFailed(f"{what} within {NEWS_LIMIT_S:g} s") from None

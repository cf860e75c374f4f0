"""Ask the venue one thing: open the client, do the job, close it, and pass on what was odd."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from pmm.cli.context import Cli

if TYPE_CHECKING:
    from pmm.venues.polymarket.discovery import Discovery

Answer = TypeVar("Answer")

ODD_SHOWN_MAX = 3


def ask(cli: Cli, job: Callable[[Discovery], Awaitable[Answer]]) -> Answer:
    """The answer of `job`, which gets public reads of the venue that the settings name."""
    return asyncio.run(_ask(cli, job))


async def _ask(cli: Cli, job: Callable[[Discovery], Awaitable[Answer]]) -> Answer:
    from pmm.cli import logs
    from pmm.venues.polymarket.discovery import Discovery
    from pmm.venues.polymarket.rest import VenueHttp

    venue = cli.load().settings.venue
    async with VenueHttp() as http:
        discovery = Discovery(http, venue)
        answer = await job(discovery)
        logs.get("rest").debug("done", calls=http.calls, connects=http.connects)
    for reason in discovery.odd[:ODD_SHOWN_MAX]:
        cli.warn(f"left out: {reason}")
    if len(discovery.odd) > ODD_SHOWN_MAX:
        cli.warn(f"left out: {len(discovery.odd) - ODD_SHOWN_MAX} more")
    return answer

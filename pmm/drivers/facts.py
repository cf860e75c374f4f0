"""The facts of quoted markets, read again while they are quoted: price step, smallest order, end, whether it trades.

A market that stops to accept orders, or changes its price step, does not say so on every socket.  What the metadata
service cannot tell now it may tell next time: a failed reading is counted and logged, and quoting goes on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from pmm.errors import PmmError
from pmm.events import MarketListed
from pmm.model import SECOND, ConditionId, Market, MarketStats, Nanos

INTERVAL: Nanos = 60 * SECOND

ReadFacts: TypeAlias = Callable[[Sequence[ConditionId]], Awaitable[Sequence[Market]]]
# Gets the listing with the new facts, and what the metadata service said before.
Tell: TypeAlias = Callable[[MarketListed, Market], None]

_log = logging.getLogger("pmm.facts")


class Facts:
    """`readings`, `failures` and `changes` count what happened; `read` asks the venue for markets by their ids."""

    def __init__(self, read: ReadFacts, *, interval: Nanos = INTERVAL) -> None:
        self.readings = 0
        self.failures = 0
        self.changes = 0
        self._read = read
        self._interval = interval
        self._last: dict[ConditionId, Market] = {}  # as the metadata service said last

    async def run(self, listed: Callable[[], Iterable[MarketListed]], tell: Tell) -> None:
        """Until cancelled, read the facts of what is `listed`, and `tell` of every market whose facts changed."""
        while True:
            await asyncio.sleep(self._interval / SECOND)
            await self._compare({listing.market.condition_id: listing for listing in listed()}, tell)

    async def _compare(self, listed: Mapping[ConditionId, MarketListed], tell: Tell) -> None:
        found = await self._found(tuple(listed)) if listed else ()
        before = self._last
        self._last = {name: before.get(name, listing.market) for name, listing in listed.items()}
        for read in found:
            listing, last = listed.get(read.condition_id), self._last.get(read.condition_id)
            if listing is not None and last is not None and _facts(read) != _facts(last):
                market = replace(read, event_size=last.event_size)
                self.changes += 1
                self._last[market.condition_id] = market
                tell(replace(listing, at=time.time_ns(), market=market), last)

    async def _found(self, condition_ids: Sequence[ConditionId]) -> Sequence[Market]:
        self.readings += 1
        try:
            return await self._read(condition_ids)
        except PmmError as error:
            self.failures += 1
            _log.warning("facts of markets could not be read: %s", error.message)
            return ()


def _facts(market: Market) -> Market:
    """What quoting depends on; volume, liquidity and the other statistics change all the time.

    How many outcomes an event has is not among the facts of a market.
    """
    return replace(market, volume=0, liquidity=0, stats=MarketStats(), question="", event_slug=None, event_size=None)

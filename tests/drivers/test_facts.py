"""Facts of markets are read again: what changed is told, what failed is counted, and nothing ends the run."""

import asyncio
from dataclasses import replace

from pmm.drivers.facts import Facts
from pmm.errors import Unreachable
from pmm.events import MarketListed
from pmm.model import MILLISECOND, MarketStats
from tests.support.story import market

LIMIT_S = 5
RAIN = market()
LISTED = (MarketListed(0, RAIN, (3,)),)


class Metadata:
    """What the metadata service says, one answer after the other; the run is over when it has said everything."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.over = asyncio.Event()

    async def __call__(self, condition_ids):
        if not self.answers:
            self.over.set()
            await asyncio.Event().wait()
        self.asked.append(list(condition_ids))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def told_of(metadata, listed=LISTED):
    """Read until the service has said everything; returns the counts and what was told."""
    facts, told = Facts(metadata, interval=MILLISECOND), []
    task = asyncio.create_task(facts.run(lambda: listed, lambda *news: told.append(news)))
    async with asyncio.timeout(LIMIT_S):
        await metadata.over.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return facts, told


async def test_a_change_is_told_once_with_what_was_known_before():
    closing = replace(RAIN, accepting_orders=False)
    metadata = Metadata([RAIN], [closing], [closing], [closing])
    facts, told = await told_of(metadata)
    ((listing, before),) = told
    assert (listing.market, listing.connections, before) == (closing, (3,), RAIN)
    assert listing.at > 0
    assert facts.changes == 1
    assert metadata.asked[0] == [RAIN.condition_id]


async def test_every_fact_that_quoting_depends_on_counts_and_statistics_do_not():
    answers = [
        replace(RAIN, volume=5, liquidity=7, stats=MarketStats(best_bid=4_000)),
        replace(RAIN, tick=10),
        replace(RAIN, tick=10, min_size=1),
        replace(RAIN, tick=10, min_size=1, end_date="2027-01-01T00:00:00Z"),
        replace(RAIN, tick=10, min_size=1, end_date="2027-01-01T00:00:00Z", closed=True),
    ]
    _, told = await told_of(Metadata(*([answer] for answer in answers)))
    assert [listing.market for listing, _ in told] == answers[1:]


async def test_failures_and_missing_markets_are_survived_and_failures_counted():
    facts, told = await told_of(Metadata(Unreachable("down"), [], [replace(RAIN, tick=10)]))
    assert (facts.readings, facts.failures, len(told)) == (4, 1, 1)


async def test_nothing_listed_is_nothing_asked():
    metadata, asked = Metadata(), asyncio.Event()

    def nobody():
        asked.set()
        return ()

    facts = Facts(metadata, interval=MILLISECOND)
    task = asyncio.create_task(facts.run(nobody, lambda *_: None))
    async with asyncio.timeout(LIMIT_S):
        await asked.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert facts.readings == 0

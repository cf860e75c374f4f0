"""How a run goes on until something ends it, and what is told of it at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pmm._fast import ASK, BID, Books
from pmm.core.engine import Engine, Outcome
from pmm.drivers.inbox import INBOX_LIMIT
from pmm.drivers.live import Live
from pmm.drivers.signals import stop_signals
from pmm.errors import Halted, NoMarketData, PmmError, Unreachable
from pmm.metrics.summary import Summary
from pmm.model import Market, TokenId, price_text, size_text
from pmm.venues.polymarket.shards import MarketFeeds


@dataclass(slots=True)
class Finished:
    """How a run ended: the record of its summary, and the failure that ended it, if one did."""

    record: dict[str, object]
    failure: PmmError | None


async def run_until_stopped(driver: Live, markets: Sequence[Market], duration: float | None) -> PmmError | None:
    """Run with signals and duration attached; a failure that the run ended with is returned, not raised."""
    if duration is not None:
        asyncio.get_running_loop().call_later(duration, driver.stop, "duration is over")
    failures: list[PmmError] = []
    with stop_signals(driver.interrupt):
        for market in markets:
            driver.add_market(market)
        try:
            await driver.run()
        except* PmmError as group:
            failures += _leaves(group)
    return failures[0] if failures else None


def _leaves(group: BaseExceptionGroup[PmmError]) -> Iterator[PmmError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def failure_of(engine: Engine) -> PmmError | None:
    match engine.outcome:
        case Outcome.FEED_FAILED if any(quoted.lead.known for quoted in engine.markets.values()):
            return Unreachable(engine.cause)
        case Outcome.FEED_FAILED:
            return NoMarketData(engine.cause)
        case Outcome.HALTED:
            return Halted(engine.cause)
    return None


def record_of(summary: Summary, engine: Engine) -> dict[str, object]:
    """The summary's record, with what only the engine knows at the end: its books and how they fared."""
    books = [line.books for line in engine.data.lines.values()]
    return summary.record() | {
        "outcome": str(engine.outcome),
        "cause": engine.cause,
        "scoring": dict(engine.scoring.tally),
        "open_orders": sum(1 for _ in engine.orders.open()),
        "books": {
            "frames": sum(each.frames for each in books),
            "refused": sum(each.refused for each in books),
            "mismatches": sum(each.mismatches for each in books),
            "unknown_tokens": sum(each.unknown for each in books),
            "trust": summary.trust.record() | engine.data.tally(),
            "final": {
                token.token_id: _ladder(engine.data.lines[quoted.lead.connection].books, token.token_id)
                for quoted in engine.markets.values()
                for token in quoted.market.tokens
            },
        },
    }


def sockets_of(driver: Live, feeds: MarketFeeds) -> dict[str, object]:
    """What only the driver knows at the end: how many tokens each connection carried, and what did not keep up."""
    facts = driver.facts
    return {
        "connections": {str(number): len(feeds.shards.tokens(number)) for number in feeds},
        "canary": None if feeds.canary is None else feeds.canary.slug,
        "inbox": {"limit": INBOX_LIMIT, "overflows": driver.overflows},
        "facts": None if facts is None else {"readings": facts.readings, "failures": facts.failures},
    }


def _ladder(books: Books, token: TokenId) -> dict[str, list[list[str]]]:
    """The whole book of a token as text, best levels first."""
    index = books.index(token)
    assert index is not None, "the tokens of a listed market have books"
    book = books.book(index)
    sides = {"bids": BID, "asks": ASK}
    return {
        name: [[price_text(price), size_text(size)] for price, size in book.levels(side)]
        for name, side in sides.items()
    }

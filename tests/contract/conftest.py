"""A local exchange in a thread of its own, for clients that block."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from random import Random
from typing import Any

import pytest

from pmm.exchange import LocalExchange
from pmm.model import SECOND, Market, Nanos, Token
from pmm.sim.catalog import default_listings
from pmm.sim.venue import Venue, VenueParams

# A package below the official clients (py_ecc) raises the interpreter's recursion limit so far that a deeply nested
# JSON text ends the process instead of being refused.  It shall not do so to the tests that follow.
_LIMIT = sys.getrecursionlimit()
for _client in ("py_clob_client.client", "py_clob_client_v2.client"):
    import_module(_client)
sys.setrecursionlimit(_LIMIT)

START: Nanos = 1_790_000_000 * SECOND
DEMO = default_listings()[0].market
# A market of Protocol V2, whose ids say by themselves that ExchangeV3 settles them (module 1, reserved bits zero).
POSITION = 1 << 248 | 0xC0FFEE << 120 | 2 << 104
PROTOCOL_V2 = replace(
    default_listings()[1],
    market=replace(
        default_listings()[1].market,
        slug="protocol-v2",
        condition_id=f"0x{POSITION >> 8:062x}",
        tokens=(Token(str(POSITION), "Yes"), Token(str(POSITION | 1), "No")),
        version="v2",
    ),
)
LISTINGS = (*default_listings(), PROTOCOL_V2)
NEG_RISK = next(listing.market for listing in LISTINGS if listing.market.neg_risk)
# Venue seconds per real second: a trade is mined after two of the former.
SPEED = 20.0
LIMIT_S = 20.0


@dataclass
class Running:
    """The exchange as a test in another thread sees it."""

    exchange: LocalExchange
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return self.exchange.urls["clob_url"]

    def act(self, path: str, **body: Any) -> Any:
        """An act of the control port."""
        work = self.exchange.control.acts[path](body)
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LIMIT_S)  # type: ignore[arg-type]  # a coroutine

    def rest(self, side: str, price: str, size: str = "50", **more: Any) -> None:
        """Somebody else's order for YES of the demo market."""
        self.act("/orders", side=side, price=price, size=size, **more)

    def now_s(self) -> int:
        return self.exchange.clock.now() // SECOND


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One exchange for a module; the books of the markets that are traded are empty at first."""
    ready: list[Running] = []
    began = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(ready, began)), name="exchange")
    thread.start()
    assert began.wait(LIMIT_S)
    yield ready[0]
    ready[0].loop.call_soon_threadsafe(ready[0].stop.set)
    thread.join(LIMIT_S)


@pytest.fixture
def market(running: Running) -> Market:
    """The demo market, with an empty book."""
    running.loop.call_soon_threadsafe(_clear, running)
    return DEMO


async def _serve(ready: list[Running], began: threading.Event) -> None:
    venue = Venue(LISTINGS, VenueParams(), Random(7), START)
    venue.world.set_trading(on=False)
    for one in (DEMO, NEG_RISK, PROTOCOL_V2.market):
        venue.world.clear(one.yes)
    async with LocalExchange(venue, speed=SPEED) as exchange:
        running = Running(exchange, asyncio.get_running_loop())
        ready.append(running)
        began.set()
        await running.stop.wait()


def _clear(running: Running) -> None:
    venue = running.exchange.source
    assert isinstance(venue, Venue)
    venue.world.clear(DEMO.yes, at=running.exchange.clock.now())
    running.exchange.settle()

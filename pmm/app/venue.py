"""Where the bot is plugged in: the venue of the settings, or the embedded exchange, its sockets and its dice."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random, SystemRandom

from pmm.exchange.server import LocalExchange
from pmm.model import SECOND, Nanos
from pmm.settings import Loaded, Settings, Venue
from pmm.sim.catalog import default_listings, demo_listing, quiet_listings
from pmm.sim.floor import WorldParams
from pmm.sim.venue import Venue as PretendVenue
from pmm.sim.venue import VenueParams
from pmm.sim.world import DemoWorld
from pmm.venues.polymarket.stream import Backoff, MarketStream

DEMO = "demo"
DEMO_SEED = 7
# Event time begins at a fixed moment, so that one seed is one run on every machine and day.
DEMO_START: Nanos = 1_767_225_600 * SECOND


@asynccontextmanager
async def venue_for(loaded: Loaded, names: Sequence[str], seed: int | None) -> AsyncIterator[Venue]:
    """The venue of the settings, or the embedded exchange for the market `demo` where no venue was chosen."""
    venue = loaded.settings.venue
    chosen = any(loaded.origins[f"venue.{key}"].kind != "default" for key in ("clob_api_url", "gamma_api_url"))
    if DEMO not in names or chosen:
        yield venue
        return
    world = pretend_venue(DEMO_SEED if seed is None else seed)
    async with LocalExchange(world) as exchange:
        yield embedded(venue, exchange.urls)


def demo_world(seed: int) -> DemoWorld:
    """The market `demo` alone, in simulated time."""
    return DemoWorld([demo_listing()], WorldParams(), dice(seed), DEMO_START)


def pretend_venue(
    seed: int, quiet_markets: int = 0, start_at: Nanos | None = None, *, record: bool = False
) -> PretendVenue:
    """The local exchange's markets, traders and accounts, beginning now; `quiet_markets` more where nobody trades.

    `record` keeps every posting of its ledger until it is drained.
    """
    listings = [*default_listings(), *quiet_listings(quiet_markets)]
    begin = time.time_ns() if start_at is None else start_at
    return PretendVenue(listings, VenueParams(record=record), dice(seed), begin)


def embedded(venue: Venue, urls: dict[str, str]) -> Venue:
    """The venue settings with the addresses of a local exchange."""
    return venue.model_copy(
        update={
            "clob_api_url": urls["clob_url"],
            "gamma_api_url": urls["gamma_url"],
            "data_api_url": urls["data_url"],
            "ws_market_url": urls["ws_market_url"],
            "ws_user_url": urls["ws_user_url"],
        }
    )


def dice(seed: int | None) -> Random:
    """Dice for a pretend market or for jitter, never for keys; None is a different run every time."""
    return SystemRandom() if seed is None else Random(seed)  # noqa: S311


def streams(venue: Venue, settings: Settings, dice: Random) -> Callable[[int], MarketStream]:
    """What opens the socket of a connection."""
    ws = settings.ws
    return lambda connection: MarketStream(
        venue.ws_market_url,
        dice=dice,
        connection=connection,
        backoff=Backoff(float(ws.reconnect_base_delay), float(ws.reconnect_max_delay), ws.reconnect_attempts),
        heartbeat=float(ws.heartbeat_interval),
    )

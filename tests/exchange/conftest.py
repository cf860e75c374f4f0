"""An exchange in the same process, in which nobody trades unless a test lets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from random import Random
from typing import Any

import aiohttp
import orjson
import pytest

from pmm.exchange import LocalExchange
from pmm.exchange.source import Source
from pmm.model import SECOND, Nanos
from pmm.sim.catalog import default_listings
from pmm.sim.floor import WorldParams
from pmm.sim.venue import Venue, VenueParams
from pmm.sim.world import DemoWorld
from tests.support.trader import Trader, trader

START: Nanos = 1_790_000_000 * SECOND
DEMO = default_listings()[0].market
# Nothing on loopback takes this long: whoever waits longer waits for something that does not come.
LIMIT_S = 10.0


@dataclass
class Visitor:
    """Somebody who talks to an exchange."""

    exchange: LocalExchange
    http: aiohttp.ClientSession

    async def get(self, path: str, status: int = 200) -> Any:  # JSON is what it is
        """The answer of the public port."""
        async with self.http.get(self.exchange.urls["clob_url"] + path) as response:
            assert (response.status, response.content_type) == (status, "application/json"), await response.text()
            return await response.json()

    async def post(self, path: str, body: object, status: int = 200) -> Any:
        data = body if isinstance(body, (bytes, BytesIO)) else orjson.dumps(body)
        async with self.http.post(self.exchange.urls["clob_url"] + path, data=data) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def control(self, path: str, body: object = None, *, method: str = "POST", status: int = 200) -> Any:
        """The answer of the control port."""
        url = self.exchange.urls["control_url"] + path
        async with self.http.request(method, url, data=orjson.dumps(body) if body is not None else None) as response:
            assert response.status == status, await response.text()
            return await response.json()

    async def place(self, side: str, price: str, size: str = "10", **more: object) -> Any:
        """A foreign order for YES of the demo market."""
        return await self.control("/orders", {"side": side, "price": price, "size": size, **more})

    @asynccontextmanager
    async def socket(
        self, *tokens: str, subscribe: bool = True, **more: object
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A market socket that has subscribed to `tokens` (both of the demo market when none are named)."""
        async with self.http.ws_connect(self.exchange.urls["ws_market_url"], max_msg_size=0) as socket:
            if subscribe:
                names = list(tokens) or [DEMO.yes, DEMO.no]
                await socket.send_json({"assets_ids": names, "type": "market", **more})
            yield socket


@asynccontextmanager
async def visit(source: Source, **how: Any) -> AsyncIterator[Visitor]:
    """An open exchange around `source`, and somebody who may ask it."""
    async with LocalExchange(source, **how) as exchange, aiohttp.ClientSession() as http:
        yield Visitor(exchange, http)


def empty_world() -> DemoWorld:
    """All markets of the list; nobody trades and the books of the demo market are empty."""
    world = DemoWorld(default_listings(), WorldParams(), Random(7), START)
    world.set_trading(on=False)
    world.clear(DEMO.yes)
    while world.next_at() is not None:
        world.step()
    return world


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    async with visit(empty_world()) as one:
        yield one


async def text(socket: aiohttp.ClientWebSocketResponse) -> str:
    """The next message, exactly as it was sent."""
    message = await socket.receive(timeout=LIMIT_S)
    assert message.type is aiohttp.WSMsgType.TEXT, message
    return str(message.data)


async def event(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message, read."""
    return orjson.loads(await text(socket))


async def silence(socket: aiohttp.ClientWebSocketResponse) -> bool:
    """Whether everything sent so far has been received: the answer to a PING is the next message."""
    await socket.send_str("PING")
    return await text(socket) == "PONG"


def quiet_venue() -> Venue:
    """The venue with accounts: all markets of the list, nobody trades, the books of the demo market are empty."""
    venue = Venue(default_listings(), VenueParams(), Random(7), START)
    venue.world.set_trading(on=False)
    venue.world.clear(DEMO.yes)
    while (due := venue.next_at()) is not None and due <= START + SECOND:
        venue.step()
    return venue


@dataclass
class Trading(Visitor):
    """An exchange with accounts, and two who trade there."""

    ann: Trader
    bob: Trader

    async def advance(self, seconds: float) -> None:
        await self.control("/clock/advance", {"seconds": seconds})

    async def give(self, who: Trader, size: str = "100", **more: object) -> None:
        """Shares of YES of the demo market."""
        await self.control("/accounts/give", {"account": who.address, "size": size, **more})

    @asynccontextmanager
    async def user_socket(self, who: Trader, **more: object) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        assert who.creds is not None
        auth = {"apiKey": who.creds.api_key, "secret": who.creds.secret, "passphrase": who.creds.passphrase}
        async with self.http.ws_connect(self.exchange.urls["ws_user_url"]) as socket:
            await socket.send_json({"auth": auth, "type": "user", **more})
            assert await silence(socket)
            yield socket


@asynccontextmanager
async def trading(venue: Venue | None = None, **how: Any) -> AsyncIterator[Trading]:
    """An open exchange with a stepped clock."""
    how.setdefault("speed", 0.0)
    async with LocalExchange(venue or quiet_venue(), **how) as exchange, aiohttp.ClientSession() as http:
        url = exchange.urls["clob_url"]
        ann, bob = [await trader(http, url, number).enroll() for number in (1, 2)]
        yield Trading(exchange, http, ann, bob)


@pytest.fixture
async def floor() -> AsyncIterator[Trading]:
    async with trading() as one:
        yield one

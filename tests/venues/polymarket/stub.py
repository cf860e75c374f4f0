"""A metadata and book service with scripted answers, for what a well-behaved venue never does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from pmm.settings import Venue

Answer = web.Response | web.StreamResponse
Handler = Callable[[web.Request], Awaitable[Answer]]

YES = "1" * 40
NO = "2" * 40
CONDITION = "0x" + "c" * 64


@dataclass
class Stub:
    """What was asked, and the address to ask at."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def venue(self) -> Venue:
        return Venue(clob_api_url=self.url, gamma_api_url=self.url)


@asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[Stub]:
    """Every request goes to `handler`; loopback only."""
    stub = Stub()

    async def log(request: web.Request) -> Answer:
        stub.asked.append(f"{request.method} {request.path_qs}")
        stub.headers.append(dict(request.headers))
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", log)
    async with TestServer(application) as server:
        stub.url = str(server.make_url("/")).rstrip("/")
        yield stub


def answers(table: dict[str, object]) -> Handler:
    """JSON by path; everything else is 404."""

    async def handler(request: web.Request) -> Answer:
        if request.path not in table:
            return web.json_response({"error": "not found"}, status=404)
        return web.json_response(table[request.path])

    return handler


def gamma(slug: str = "rain", **more: object) -> dict[str, object]:
    """A market as the metadata service writes it."""
    return {
        "id": "7",
        "conditionId": CONDITION,
        "slug": slug,
        "question": f"Will {slug} happen?",
        "outcomes": json.dumps(["Yes", "No"]),
        "clobTokenIds": json.dumps([YES, NO]),
        "active": True,
        "closed": False,
        "acceptingOrders": True,
        "enableOrderBook": True,
        "orderPriceMinTickSize": 0.01,
        "orderMinSize": 5,
        "negRisk": False,
        "volume": "10.5",
        "liquidity": "3",
        **more,
    }


def clob(token: str = YES, **more: object) -> dict[str, object]:
    """A book as the venue writes it: best level last."""
    return {
        "market": CONDITION,
        "asset_id": token,
        "timestamp": "1763812800000",
        "hash": "f" * 40,
        "bids": [{"price": "0.4", "size": "10"}, {"price": "0.45", "size": "1.5"}],
        "asks": [{"price": "0.6", "size": "10"}, {"price": "0.5", "size": "2"}],
        "min_order_size": "5",
        "tick_size": "0.01",
        "neg_risk": False,
        "last_trade_price": "0.45",
        **more,
    }

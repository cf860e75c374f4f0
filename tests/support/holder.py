"""Somebody whose orders rest at an exchange of another process: for tests that look at what becomes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
from coincurve import PrivateKey

from pmm.eip712 import address_of, checksummed
from pmm.sim.catalog import default_listings
from tests.support.blackbox import LIMIT_S, Exchange
from tests.support.trader import Trader, trader

DEMO = default_listings()[0].market
OTHER = default_listings()[1].market
BATCH = 15

T = TypeVar("T")


class Holder:
    """The wallet of the key `number` times 32; its orders lie far below the market."""

    def __init__(self, exchange: Exchange, number: int = 0x5E) -> None:
        self.exchange = exchange
        self.key = bytes([number]) * 32
        self._url = exchange.urls["clob_url"]
        self._number = number
        self._salt = 0
        self._trader: Trader | None = None
        exchange.post("/traders", on=False)
        self.credentials = self._run(self._enrolled)

    @property
    def env(self) -> dict[str, str]:
        """What makes a command act for this wallet at this exchange."""
        return {**self.exchange.env, "POLY_PRIVATE_KEY": "0x" + self.key.hex()}

    @property
    def address(self) -> str:
        return checksummed(address_of(PrivateKey(self.key).public_key))

    @property
    def secrets(self) -> list[str]:
        """What must be seen nowhere."""
        _, secret, passphrase = self.credentials
        return [self.key.hex(), secret, passphrase]

    def rest(self, count: int = 3, market: Any = DEMO) -> None:
        """So many orders rest."""

        async def place(one: Trader) -> None:
            bodies = [one.body(market, price="0.02", size="20") for _ in range(count)]
            for start in range(0, count, BATCH):
                answers = await one.ask("POST", "/orders", bodies[start : start + BATCH])
                assert all(answer["success"] for answer in answers), answers

        self._run(place)

    def open(self, market: Any = None) -> list[str]:
        """The ids on the venue's list."""

        async def read(one: Trader) -> list[str]:
            query = "" if market is None else f"?market={market.condition_id}"
            return [row["id"] for row in (await one.ask("GET", "/data/orders", query=query))["data"]]

        return self._run(read)

    def reward_shares(self) -> dict[str, float]:
        """Our part of the reward of every market now, in percent, by the venue's word."""

        async def read(one: Trader) -> dict[str, float]:
            found: dict[str, float] = await one.ask("GET", "/rewards/user/percentages")
            return found

        return self._run(read)

    def until_empty(self, *, limit: float = LIMIT_S) -> float:
        """Wait until nothing rests; how long that took, in seconds."""
        began = time.monotonic()
        while left := self.open():
            assert time.monotonic() - began < limit, left
        return time.monotonic() - began

    async def _enrolled(self, one: Trader) -> tuple[str, str, str]:
        creds = one.creds
        assert creds is not None
        return creds.api_key, creds.secret, creds.passphrase

    def _run(self, act: Callable[[Trader], Awaitable[T]]) -> T:
        async def run() -> T:
            async with aiohttp.ClientSession() as http:
                one = trader(http, self._url, self._number)
                one.salt = self._salt
                if self._trader is None:
                    await one.enroll()
                else:
                    one.creds = self._trader.creds
                self._trader = one
                try:
                    return await act(one)
                finally:
                    self._salt = one.salt

        return asyncio.run(run())

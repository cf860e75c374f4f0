"""From the wish to kill to an empty book: python -m benchmarks.kill [--runs 50] [--orders 400] [--trip-ms 100].

Orders rest at a local exchange where every request takes a whole round trip before it is acted upon: the worst way to
divide it.  `empty` is when the venue has no order of the account any more, seen at the venue itself; `proven` is when
the sweep has shown it.  Exchange and sweep share one processor, so that the figures hold the work of both.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence

from pmm.eip712 import checksummed
from pmm.model import SECOND
from pmm.venues.polymarket.credentials import Credentials
from pmm.venues.polymarket.private import PrivateHttp
from pmm.venues.polymarket.sweep import Sweep
from tests.exchange.conftest import DEMO, Trading, trading

BATCH = 15
GOAL_MS = 300.0
LOOK_S = 0.0005


async def run(runs: int, orders: int, trip_ms: int) -> bool:
    empty, proven = [], []
    async with trading(speed=1.0) as floor:
        for _ in range(runs):
            await floor.control("/faults/clear", {})
            await rest(floor, orders)
            harm = {"on": "* /*", "harm": "delay", "seconds": trip_ms / 1000, "times": None}
            await floor.control("/faults/requests", harm)
            one, other = await once(floor)
            empty.append(one)
            proven.append(other)
    for name, times in (("empty", empty), ("proven", proven)):
        print(f"{name:>7}  p50 {at(times, 0.5):6.1f} ms  p99 {at(times, 0.99):6.1f} ms  worst {max(times):6.1f} ms")
    print(f"{runs} runs, {orders} orders, round trip {trip_ms} ms; goal: empty p99 <= {GOAL_MS:.0f} ms")
    return at(empty, 0.99) <= GOAL_MS


async def once(floor: Trading) -> tuple[float, float]:
    """Milliseconds until the venue was empty, and until that was proven; a new connection each time."""
    creds = floor.ann.creds
    assert creds is not None
    own = Credentials(creds.api_key, creds.secret, creds.passphrase)
    url, address = floor.exchange.urls["clob_url"], checksummed(floor.ann.address)
    began = time.perf_counter()
    async with PrivateHttp(url, address, own, deadline=2 * SECOND) as http:
        sweeping = asyncio.ensure_future(Sweep(http).run(60.0))
        while floor.exchange.source.orders(floor.ann.address):  # type: ignore[attr-defined]  # noqa: ASYNC110 - a venue tells nobody
            await asyncio.sleep(LOOK_S)
        empty = time.perf_counter() - began
        assert (await sweeping).empty
    return empty * 1000, (time.perf_counter() - began) * 1000


async def rest(floor: Trading, orders: int) -> None:
    bodies = [floor.ann.body(DEMO, price="0.02", size="20") for _ in range(orders)]
    for start in range(0, orders, BATCH):
        await floor.ann.ask("POST", "/orders", bodies[start : start + BATCH])
    assert len(floor.exchange.source.orders(floor.ann.address)) == orders  # type: ignore[attr-defined]  # as above


def at(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--trip-ms", type=int, default=100)
    chosen = parser.parse_args()
    if not asyncio.run(run(chosen.runs, chosen.orders, chosen.trip_ms)):
        raise SystemExit(8)


if __name__ == "__main__":
    main()

"""The delays of takers as a client meets them: three seconds in sports, a quarter of a second inside the call."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random
from typing import Any

from pmm.sim.catalog import default_listings
from pmm.sim.venue import Venue, VenueParams
from tests.exchange.conftest import DEMO, START, event, trading


def delayed_venue(**how: Any) -> Venue:
    """The demo market alone, with a delay for takers."""
    venue = Venue([replace(default_listings()[0], **how)], VenueParams(), Random(7), START)
    venue.world.set_trading(on=False)
    venue.world.clear(DEMO.yes)
    return venue


async def test_an_order_is_held_and_cannot_be_canceled() -> None:
    async with trading(delayed_venue(seconds_delay=3)) as floor:
        await floor.place("SELL", "0.40")
        told = await floor.ann.ask("POST", "/order", floor.ann.body(DEMO))
        assert told["status"] == "delayed"
        order = told["orderID"]
        refused = await floor.ann.ask("DELETE", "/order", {"orderID": order})
        assert refused["not_canceled"] == {order: "order match delayed due to market conditions"}
        await floor.advance(4)
        assert (await floor.ann.ask("GET", f"/data/order/{order}"))["status"] == "MATCHED"


async def test_a_call_takes_as_long_as_the_delay_of_its_market() -> None:
    async with trading(delayed_venue(taker_delay=True)) as floor, asyncio.TaskGroup() as tasks:
        await floor.place("SELL", "0.40")
        async with floor.user_socket(floor.ann) as socket:
            posting = tasks.create_task(floor.ann.ask("POST", "/order", floor.ann.body(DEMO)))
            assert (await event(socket))["status"] == "DELAYED"
            assert not posting.done()
            await floor.advance(0.3)
            assert (await posting)["status"] == "matched"

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pmm.exchange.clock import AS_FAST_AS_POSSIBLE
from pmm.exchange.replay import Replay
from pmm.model import SECOND
from pmm.sim.catalog import default_listings
from tests.exchange.conftest import DEMO, LIMIT_S, START, Trading, visit
from tests.exchange.test_replay import STORY, YES, change

OTHER = default_listings()[1].market
BATCH = "/batch-prices-history"
OPENED = START // SECOND


async def chart(floor: Trading, query: str = "", token: str = DEMO.yes) -> list[Any]:
    points: list[Any] = (await floor.get(f"/prices-history?market={token}&{query}"))["history"]
    return points


async def quote(floor: Trading, bid: str, ask: str) -> None:
    """The only orders of the demo market."""
    await floor.control(f"/orders?token_id={DEMO.yes}", method="DELETE")
    await floor.place("BUY", bid)
    await floor.place("SELL", ask)


@pytest.fixture
async def moved(floor: Trading) -> Trading:
    """The middle was 0.5 for three minutes and then 0.605 for two."""
    await quote(floor, "0.48", "0.52")
    await floor.advance(180)
    await quote(floor, "0.60", "0.61")
    await floor.advance(120)
    return floor


async def test_there_is_a_point_for_every_minute_of_the_venue(moved: Trading) -> None:
    points = await chart(moved, "interval=1h")
    assert [point["p"] for point in points[-5:]] == [0.5, 0.5, 0.5, 0.605, 0.605]
    times = [point["t"] for point in points]
    assert times[-1] == (OPENED + 300) // 60 * 60
    assert times == list(range(times[0], times[-1] + 1, 60))


async def test_the_other_token_is_worth_the_rest_of_a_dollar(moved: Trading) -> None:
    points = await chart(moved, "interval=max", DEMO.no)
    assert [point["p"] for point in points[-5:]] == [0.5, 0.5, 0.5, 0.395, 0.395]


async def test_a_span_and_a_distance_can_be_chosen(moved: Trading) -> None:
    everything = await chart(moved)
    first, last = everything[-4]["t"], everything[-2]["t"]
    assert await chart(moved, f"startTs={first}&endTs={last}") == everything[-4:-1]
    assert await chart(moved, f"startTs={first}") == everything[-4:]
    sparse = await chart(moved, "fidelity=2")
    assert sparse == [point for point in everything if point["t"] % 120 == 0]
    assert await chart(moved, f"endTs={OPENED - 86_400}") == []


async def test_several_markets_are_asked_at_once(moved: Trading) -> None:
    told = await moved.post(BATCH, {"markets": [DEMO.yes, OTHER.no, "12345"], "interval": "1d", "fidelity": 2})
    assert set(told["history"]) == {DEMO.yes, OTHER.no, "12345"}
    assert told["history"][DEMO.yes] == await chart(moved, "fidelity=2")
    assert told["history"]["12345"] == []
    assert await chart(moved, token="12345") == []
    bounded = await moved.post(BATCH, {"markets": [DEMO.yes], "start_ts": OPENED + 240, "end_ts": OPENED + 300})
    assert bounded["history"][DEMO.yes] == (await chart(moved))[-1:]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "Invalid token id"),
        ("market=x", "Invalid token id"),
        (f"market={DEMO.yes}&interval=1y", "interval must be one of max, all, 1m, 1w, 1d, 6h, 1h"),
        (f"market={DEMO.yes}&fidelity=0", "fidelity must be from 1 to 1099511627776"),
        (f"market={DEMO.yes}&startTs=-1", "start_ts must be a whole number"),
        (f"market={DEMO.yes}&endTs=1e9", "end_ts must be a whole number"),
    ],
)
async def test_questions_that_make_no_sense_are_refused(floor: Trading, query: str, text: str) -> None:
    assert await floor.get(f"/prices-history?{query}", status=400) == {"error": text}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "Invalid payload"),
        ([], "Invalid payload"),
        ({"markets": DEMO.yes}, "Invalid payload"),
        ({"markets": [7]}, "Invalid token id"),
        ({"markets": [DEMO.yes] * 21}, "Payload exceeds the limit"),
        ({"markets": [DEMO.yes], "fidelity": True}, "fidelity must be a whole number"),
        ({"markets": [DEMO.yes], "interval": ["1d"]}, "interval must be one of max, all, 1m, 1w, 1d, 6h, 1h"),
    ],
)
async def test_batches_that_make_no_sense_are_refused(floor: Trading, body: object, text: str) -> None:
    assert await floor.post(BATCH, body, status=400) == {"error": text}


async def test_a_market_at_rest_still_has_its_points(floor: Trading) -> None:
    await quote(floor, "0.48", "0.52")
    await floor.advance(40 * 60)
    assert len({point["p"] for point in (await chart(floor))[-30:]}) == 1
    assert len(await chart(floor, "interval=1h&fidelity=10")) == 4


async def test_a_recording_has_the_prices_of_its_own_time() -> None:
    ended = asyncio.Event()
    story = [*STORY, change(130_000, "0.47", "5"), change(190_000, "0.49", "5")]
    async with visit(Replay(story), speed=AS_FAST_AS_POSSIBLE, on_end=ended.set) as visitor:
        async with visitor.socket(YES):
            async with asyncio.timeout(LIMIT_S):
                await ended.wait()
        history = (await visitor.get(f"/prices-history?market={YES}"))["history"]
    assert history == [{"t": 60, "p": 0.525}, {"t": 120, "p": 0.525}, {"t": 180, "p": 0.535}]

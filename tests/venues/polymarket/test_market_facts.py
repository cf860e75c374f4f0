"""The facts that orders are signed by follow discovery and the socket."""

import pytest

from pmm.events import (
    Frame,
    MarketListed,
)
from pmm.venues.polymarket.market_facts import MarketFacts
from tests.exchange.conftest import DEMO


@pytest.mark.parametrize("frame", [b'{"tick_size_change"', b'["tick_size_change"]', b'"tick_size_change"'])
def test_a_frame_that_cannot_be_read_changes_no_market(frame):
    facts = MarketFacts()
    facts.observe(MarketListed(0, DEMO))
    facts.observe(Frame(0, 0, frame))
    assert facts.get(DEMO.condition_id) == DEMO


async def test_a_price_step_of_the_socket_holds_at_once(ours, floor):
    await floor.control("/venue/tick", {"tick": "0.001"})
    frame = f'[{{"event_type":"tick_size_change","market":"{DEMO.condition_id}","new_tick_size":"0.001"}}]'
    ours.gateway.observe(Frame(ours.clock(), 0, frame.encode()), ours.told)
    await ours.rests("BUY", "0.405", "10")

"""A run that only watches sends nothing, whatever the book says."""

from pmm.commands import Cancel, Place
from pmm.core.engine import Engine
from pmm.strategies.nothing import Nothing
from pmm.venues.mock import MockFeed
from tests.support.story import market


def test_a_book_to_quote_on_is_no_reason_to_quote():
    feed, engine = MockFeed(market()), Engine(Nothing())
    steps = [
        engine.step(event) for event in (feed.listed(), *feed.connect(), feed.set_price("0.50"), feed.pass_time(1))
    ]
    assert not [command for step in steps for command in step.commands if isinstance(command, Place | Cancel)]
    assert steps[-1].decisions[0].targets.reason == "only watched"

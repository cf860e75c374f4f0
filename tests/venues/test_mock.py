"""The mock feed that users test with: the maker reacts to it without a network."""

import asyncio
import time

import pytest

from pmm.core.engine import Engine, Outcome
from pmm.drivers.live import Live
from pmm.events import Operator, OperatorAction
from pmm.metrics.summary import Summary
from pmm.model import Side
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed
from pmm.venues.shadow import ShadowGateway
from tests.support.story import market, placed, yes_price


@pytest.fixture
def feed():
    return MockFeed(market())


@pytest.fixture
def engine(feed):
    engine = Engine(FixedSpread())
    engine.step(feed.listed())
    for event in feed.connect():
        engine.step(event)
    return engine


def test_set_price_makes_the_maker_quote_around_it(feed, engine):
    step = engine.step(feed.set_price("0.50"))
    assert [yes_price(place) for place in placed(step.commands)] == [4800, 5200]


def test_set_book_is_seen_level_by_level_in_both_tokens(feed, engine):
    engine.step(feed.set_book([("0.49", "10"), ("0.48", "7.5")], [("0.52", "3")]))
    yes, no = (engine.books.book(engine.books.index(token.token_id)) for token in feed.market.tokens)
    assert yes.levels(0) == [(4900, 10_000_000), (4800, 7_500_000)]
    assert no.levels(1) == [(5100, 10_000_000), (5200, 7_500_000)]


def test_changes_carry_best_prices_that_agree(feed, engine):
    engine.step(feed.set_price("0.50"))
    engine.step(feed.change(Side.BUY, "0.50", "5"))
    engine.step(feed.change(Side.SELL, "0.51", "0"))
    assert engine.books.mismatches == 0
    assert engine.books.book(engine.books.index(feed.market.yes)).best_bid == 5000


def test_health_is_lost_and_found(feed, engine):
    engine.step(feed.set_price("0.50"))
    assert engine.healthy(feed.at) is None
    engine.step(feed.lose())
    assert engine.healthy(feed.at) == "feed is STARTING: socket closed"
    for event in feed.connect():
        engine.step(event)
    engine.step(feed.snapshot())
    assert engine.healthy(feed.at) is None


def test_giving_up_and_silence_reach_the_engine(feed, engine):
    engine.step(feed.pass_time(10))
    assert engine.outcome is Outcome.FEED_FAILED


def test_raw_bytes_are_passed_on_as_they_are(feed, engine):
    engine.step(feed.raw(b"{"))
    assert engine.books.refused == 1


async def test_a_live_driver_runs_on_it(feed):
    summary, engine = Summary(), Engine(FixedSpread())
    driver = Live(engine, {0: feed}, ShadowGateway(0), [summary])
    feed.connect()
    feed.at = time.time_ns()
    feed.set_price("0.50")
    feed.trade(Side.SELL, "0.40", "100")
    asyncio.get_running_loop().call_later(0.05, driver.emit, Operator(feed.at, OperatorAction.STOP, "enough"))
    async with asyncio.timeout(5):
        await driver.run([feed.listed()])
    assert engine.outcome is Outcome.STOPPED
    assert summary.counts.placed >= 2
    assert summary.counts.fills == 1

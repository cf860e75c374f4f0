"""The mock feed that users test with: the maker reacts to it without a network."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pmm.commands import Reconnect, Resubscribe
from pmm.core.engine import Engine, Outcome
from pmm.drivers.live import Live
from pmm.events import Operator, OperatorAction
from pmm.metrics.summary import Summary
from pmm.model import Side
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed
from pmm.venues.shadow import ShadowGateway
from tests.support.story import market, placed, yes_price

EXAMPLE = Path(__file__).parents[2] / "examples" / "mock_feed.py"


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


def doubts(engine, feed, messages=9):
    """What becomes of the data while the venue goes on with true hashes."""
    steps = [engine.step(feed.change(Side.BUY, "0.40", str(size))) for size in range(1, messages + 1)]
    return [change.new for step in steps for change in step.changes if change.machine == "trust"], [
        command for step in steps for command in step.commands if isinstance(command, Resubscribe)
    ]


def test_hashes_are_true_before_and_after_a_trade(feed, engine):
    engine.step(feed.set_price("0.50"))
    assert doubts(engine, feed) == ([], [])
    engine.step(feed.trade(Side.BUY, "0.51", "5"))
    assert doubts(engine, feed, 30) == ([], [])
    assert engine.step(feed.snapshot()).changes == ()


@pytest.mark.parametrize("word", ["miss", "corrupt"])
def test_a_change_that_is_missed_or_never_happened_is_noticed_and_healed_by_a_snapshot(feed, engine, word):
    engine.step(feed.set_price("0.50"))
    if (frame := getattr(feed, word)(Side.SELL, "0.60", "7")) is not None:
        engine.step(frame)
    changes, asked = doubts(engine, feed)
    assert changes == ["SUSPECT"]
    assert [set(command.tokens) for command in asked] == [{feed.market.yes, feed.market.no}]
    assert [change.new for change in engine.step(feed.snapshot()).changes if change.machine == "trust"] == ["TRUSTED"]


def test_a_frozen_socket_is_opened_anew(feed, engine):
    engine.step(feed.set_price("0.50"))
    steps = [engine.step(event) for event in feed.freeze(61)]
    assert any(isinstance(command, Reconnect) for step in steps for command in step.commands)
    assert feed.at == steps[-1].event.at


def test_what_is_asked_of_the_feed_is_kept(feed):
    feed.subscribe(["1"])
    feed.unsubscribe(["1", "2"])
    feed.resubscribe(["2"])
    feed.reconnect("silence")
    assert feed.asked == [("subscribe", ("1",)), ("unsubscribe", ("1", "2")), ("resubscribe", ("2",))]
    assert feed.reconnects == ["silence"]


def test_rest_shows_the_true_book_or_fails_as_it_is_told_to(feed):
    reads = []
    feed.set_book([("0.49", "10")], [("0.52", "3")])
    feed.corrupt(Side.BUY, "0.30", "1")
    feed.read([feed.market.no, "unknown"], reads.append)
    no, unknown = reads
    assert [(level.price, level.size) for level in no.page.asks] == [(5100, 10_000_000)]
    assert [(level.price, level.size) for level in no.page.bids] == [(4800, 3_000_000)]
    assert (unknown.page, unknown.cause) == (None, "no such token")
    feed.rest_failure = "503"
    assert feed.read_book(feed.market.yes).cause == "503"


def test_the_example_notices_what_the_feed_does_to_it():
    done = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    for said in ("a change was lost: SUSPECT - resubscribe", "a change was wrong: SUSPECT", "silence: feed 0 RUNNING"):
        assert said in done.stdout

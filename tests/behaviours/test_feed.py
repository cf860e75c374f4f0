"""The market data feed as a state machine that says why it moves, and the bot that obeys it."""

from __future__ import annotations

import socket
from itertools import product

import pytest

from pmm.commands import Place
from pmm.core.engine import Engine
from pmm.core.feed import FEED
from pmm.core.step import Step
from pmm.errors import ImpossibleMove
from pmm.model import SHARE, Market, Token, price_text
from pmm.strategies.fixed_spread import FixedSpread
from pmm.venues.mock import MockFeed
from tests.behaviours.conftest import Pmm, Quote
from tests.behaviours.pit import Pit
from tests.support.blackbox import Exchange, Record

STATES = ["STOPPED", "STARTING", "RUNNING", "ERROR"]


def feed_changes(records: list[Record]) -> list[Record]:
    return [data for data in records if data["event"] == "change" and data["machine"] == "feed"]


class Machine:
    """Something with a state, as a table moves it."""

    def __init__(self, state: str) -> None:
        self.state = state


def test_b023_the_feed_has_exactly_four_states_and_a_printed_table(pmm: Pmm) -> None:
    machine = pmm("machines", "feed", "--json").document["data"]
    assert machine["initial"] == "STOPPED"
    assert machine["states"] == STATES
    text = pmm("machines", "feed").stdout
    assert all(row["trigger"] in text and row["why"] in text for row in machine["rows"])


def test_b023_every_move_that_is_not_printed_is_refused_and_changes_nothing(pmm: Pmm) -> None:
    machine = pmm("machines", "feed", "--json").document["data"]
    printed = {(row["state"], row["trigger"]): row["dest"] for row in machine["rows"]}
    for state, trigger in product(machine["states"], machine["triggers"]):
        subject = Machine(state)
        if (state, trigger) in printed:
            FEED.fire(subject, trigger)
            assert subject.state == printed[state, trigger]
        else:
            with pytest.raises(ImpossibleMove):
                FEED.fire(subject, trigger)
            assert subject.state == state


def test_b024_a_venue_that_accepts_and_says_nothing_is_starting_and_then_an_error(
    exchange: Exchange, quote: Quote
) -> None:
    exchange.post("/stream/silent", on=True)
    # Its answers to PING are no data.
    session = quote(exchange, PMM_WS__STARTING_LIMIT="1", WS_HEARTBEAT_INTERVAL="0.1")
    end = session.finish()
    assert end.status == 6
    assert [change["new"] for change in feed_changes(session.said)] == ["STARTING", "ERROR"]
    assert session.events("place") == []


def test_b025_a_start_while_running_is_refused_and_an_error_is_left_by_a_reset(
    exchange: Exchange, quote: Quote
) -> None:
    running = Machine("RUNNING")
    with pytest.raises(ImpossibleMove):
        FEED.fire(running, "start")
    assert running.state == "RUNNING"
    failed = Machine("ERROR")
    with pytest.raises(ImpossibleMove):
        FEED.fire(failed, "start")
    FEED.fire(failed, "reset")
    assert failed.state == "STOPPED"
    session = quote(exchange)
    session.moved("feed", "RUNNING")
    assert len(exchange.requests("/ws/market")) == 1


def test_b026_every_change_of_state_is_announced_once_with_old_new_and_cause(exchange: Exchange, quote: Quote) -> None:
    session = quote(exchange, WS_RECONNECT_BASE_DELAY="0.05")
    session.moved("feed", "RUNNING")
    place = session.mark()
    exchange.post("/stream/drop", code=1001)
    session.moved("feed", "RUNNING", after=place)
    session.stop()
    changes = feed_changes(session.said)
    assert [(change["old"], change["new"]) for change in changes] == [
        ("STOPPED", "STARTING"),
        ("STARTING", "RUNNING"),
        ("RUNNING", "STARTING"),
        ("STARTING", "RUNNING"),
        ("RUNNING", "STOPPED"),
    ]
    assert all(change["cause"] for change in changes)
    assert "1001" in changes[2]["cause"]


def test_b027_health_is_one_question_and_the_answer_names_the_check_that_failed(
    exchange: Exchange, quote: Quote
) -> None:
    pit = Pit(exchange)
    pit.open("0.49", "0.51")
    session = quote(exchange, WS_RECONNECT_BASE_DELAY="0.5")
    session.decided("0.48", "0.52", reason="")
    place = session.mark()
    pit.clear()
    session.decided(None, None, after=place, reason="one side of the book is empty")
    pit.open("0.49", "0.51")
    session.decided("0.48", "0.52", after=session.mark(), reason="")
    place = session.mark()
    exchange.post("/stream/drop", code=1006)
    sick = session.until(lambda data: data["event"] == "decision" and data["reason"], after=place)
    assert sick["reason"].startswith("feed is STARTING")
    session.decided("0.48", "0.52", after=place, reason="")


def test_a_market_that_stops_to_take_orders_is_not_quoted_and_quoted_again_when_it_does(
    exchange: Exchange, quote: Quote
) -> None:
    Pit(exchange).open("0.49", "0.51")
    session = quote(exchange, PMM_FEED__FACTS_INTERVAL="0.2")
    session.settled("0.48", "0.52")
    exchange.post("/venue/pause", market="demo", on=True)
    session.decided(None, None, reason="the market is not accepting orders")
    session.settled(None, None)
    exchange.post("/venue/pause", market="demo", on=False)
    session.settled("0.48", "0.52")


def test_two_connections_carry_each_market_where_that_is_set(exchange: Exchange, quote: Quote) -> None:
    Pit(exchange).open("0.49", "0.51")
    session = quote(exchange, PMM_WS__COPIES="2", WS_RECONNECT_BASE_DELAY="0.1")
    session.settled("0.48", "0.52")
    exchange.until_subscribed(2)
    end = session.stop()
    assert end.documents[-1]["data"]["connections"] == {"0": 4, "1": 4}  # both tokens, and the canary's two


def yes_prices(step: Step) -> list[str]:
    """The orders of a step in terms of YES, lowest first."""
    placed = [command for command in step.commands if isinstance(command, Place)]
    return sorted(price_text(place.price if place.token == "1" else 10_000 - place.price) for place in placed)


def test_b033_a_mock_feed_moves_the_maker_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    tokens = (Token("1", "Yes"), Token("2", "No"))
    feed = MockFeed(Market("0x1", "mock", "Does it move?", tokens, tick=100, min_size=5 * SHARE))
    engine = Engine(FixedSpread())
    engine.step(feed.listed())
    states = [engine.step(event) and engine.data.connections[0].state for event in feed.connect()]
    assert (states, engine.healthy(feed.at)) == (["STARTING", "STARTING"], "feed is STARTING")
    assert yes_prices(engine.step(feed.set_price("0.50"))) == ["0.48", "0.52"]
    assert (engine.data.connections[0].state, engine.healthy(feed.at)) == ("RUNNING", None)
    lost = engine.step(feed.lose("the cable was cut"))
    assert [change.new for change in lost.changes if change.machine == "feed"] == ["STARTING"]
    assert "the cable was cut" in str(engine.healthy(feed.at))
    assert yes_prices(engine.step(feed.set_book([("0.40", "50")], [("0.60", "50")]))) == []  # the old orders first

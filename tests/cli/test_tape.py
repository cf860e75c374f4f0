"""What `pmm stream` prints, without a process: a market by hand, and the lines that come of it."""

from __future__ import annotations

from typing import Any, cast

from pmm.cli.context import Cli
from pmm.cli.tape import Followed, Tape
from pmm.core.engine import Engine
from pmm.core.step import Step
from pmm.events import Event
from pmm.model import Side
from pmm.strategies.nothing import Nothing
from pmm.venues.mock import MockFeed
from tests.support.story import market


class Screen:
    """A command line that keeps what it is told to emit; fails when a line for people cannot be written."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.texts: list[str] = []

    def emit(self, _schema: str, record: dict[str, Any], *, human: Any) -> None:
        self.records.append(record)
        self.texts.append(human())

    def note(self, text: str) -> None:
        raise AssertionError(text)


class Story:
    """An engine that only watches, its feed, and the tape beside them."""

    def __init__(self, *, limit: int | None = None, buffer: int = 1_000) -> None:
        self.screen = Screen()
        self.feed = MockFeed(market())
        self.engine = Engine(Nothing())
        self.over: list[str] = []
        followed = [Followed(token.token_id, token.outcome, self.feed.market) for token in self.feed.market.tokens[:1]]
        cli = cast("Cli", self.screen)
        self.tape = Tape(cli, self.engine, followed, limit=limit, buffer=buffer, over=self.over.append)
        self.live(self.feed.listed(), *self.feed.connect(), self.feed.set_price("0.50"))

    def live(self, *events: Event) -> None:
        for event in events:
            step: Step = self.engine.step(event)
            self.tape.on_step(step, 0)

    def told(self) -> list[dict[str, Any]]:
        self.tape.close()
        return self.screen.records


def test_a_healthy_start_is_told_by_nothing_and_every_change_and_trade_by_a_line() -> None:
    story = Story()
    story.live(story.feed.change(Side.BUY, "0.48", "7.5"), story.feed.trade(Side.SELL, "0.49", "3"))
    lines = [(line["kind"], line["side"], line["price"], line["size"], line["outcome"]) for line in story.told()]
    assert lines == [("change", "BUY", "0.48", "7.5", "Yes"), ("trade", "SELL", "0.49", "3", "Yes")]


def test_what_becomes_of_the_data_is_told_with_its_cause_and_so_is_the_way_back() -> None:
    story = Story()
    story.live(story.feed.lose("the cable was cut"), *story.feed.connect(), story.feed.snapshot())
    told = [(line["kind"], line["new"]) for line in story.told()]
    assert told == [
        ("feed", "STARTING"),
        ("trust", "LOST"),
        ("source", "NONE"),
        ("feed", "RUNNING"),
        ("trust", "TRUSTED"),
        ("source", "WEBSOCKET"),
    ]
    assert "the cable was cut" in story.screen.texts[0]


def test_after_the_last_line_the_run_is_over_and_nothing_follows() -> None:
    story = Story(limit=2)
    for size in ("1", "2", "3"):
        story.live(story.feed.change(Side.BUY, "0.48", size))
    assert [line["size"] for line in story.told()] == ["1", "2"]
    assert story.over == ["the last line was printed"]


def test_lines_that_found_no_room_are_replaced_by_the_whole_book() -> None:
    story = Story(buffer=1)
    first, second = story.feed.change(Side.BUY, "0.48", "5"), story.feed.change(Side.BUY, "0.47", "6")
    story.live(story.feed.raw(b"[" + first.data + b"," + second.data + b"]"))
    (line,) = story.told()
    assert (line["kind"], line["lost"]) == ("resync", 2)
    assert line["books"][0]["bids"] == [["0.49", "100"], ["0.48", "5"], ["0.47", "6"]]
    assert "2 lines were lost" in story.screen.texts[0]

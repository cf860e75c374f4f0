"""What the venue says of itself."""

from __future__ import annotations

from pmm.model import SECOND, Side
from pmm.sim.venue import Mode, Verdict
from tests.sim.stage import ANN, BOB, START, Stage


def test_every_change_of_the_venue_is_told_once_in_order() -> None:
    stage = Stage()
    stage.venue.changes()
    venue, condition = stage.venue, stage.market.condition_id
    venue.restart(5, stage.now)
    stage.wait(200)
    venue.change_tick(condition, 10, stage.now)
    venue.pause(condition, stage.now)
    venue.pause(condition, stage.now, on=False)
    venue.clear_book(condition, stage.now)
    venue.restrict(ANN, closed_only=True)
    venue.allow(ANN, "COLLATERAL", 5)
    stage.order(BOB, Side.BUY, "0.4", 10)
    venue.wipe(BOB, stage.now)
    venue.heartbeat(BOB, "", stage.now)
    stage.order(BOB, Side.BUY, "0.4", 10)
    stage.wait(30)
    venue.set_mode(Mode.DISABLED, stage.now)
    venue.resolve(condition, Verdict.YES, stage.now)
    told = venue.changes()
    assert [change.kind for change in told] == [
        "mode",
        "mode",
        "mode",
        "tick",
        "pause",
        "pause",
        "clear",
        "restrict",
        "allow",
        "wipe",
        "lapse",
        "mode",
        "close",
        "resolve",
    ]
    assert [(change.at - START) // SECOND for change in told[:3]] == [0, 5, 125]
    assert told[3].facts == {"market": condition, "tick": "0.001"}
    assert told[-1].facts == {"market": condition, "winner": stage.yes, "verdict": "YES"}
    assert venue.changes() == []


def test_a_trade_that_refines_the_tick_is_told_too() -> None:
    stage = Stage()
    stage.venue.changes()
    stage.order(ANN, Side.SELL, "0.97", 10)
    stage.order(BOB, Side.BUY, "0.97", 10)
    assert [change.kind for change in stage.venue.changes()] == ["tick"]

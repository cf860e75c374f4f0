"""The summary says what happened, with money as text."""

from pmm.account import TradeStatus
from pmm.core.rule import RiskEvent
from pmm.core.step import Step
from pmm.events import Operator, OperatorAction, Settled, Timer
from pmm.metrics.summary import Summary
from tests.support.story import CONDITION, Story


def test_a_short_session_is_summed_up():
    story, summary = Story(), Summary()
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    story.accept()
    story.wait(1)
    story.tell(Operator(story.at, OperatorAction.STOP, "test"))
    story.accept()
    for step in story.history:
        summary.on_step(step, 1_000)
    record = summary.record()
    assert record["orders"] == {"placed": 3, "cancels": 2, "rejected": 0, "cancel_rejected": 0}
    assert (record["fills"], record["volume"], record["cash"]) == (1, "10", "-4.8")
    assert record["positions"] == {CONDITION: {"yes": "10", "no": "0", "net": "10"}}
    assert record["pnl"] == {
        "total": "0.2",
        "spread_captured": "0.2",
        "inventory_move": "0",
        "residual": "0",
        "rebates_earned": "0",
    }
    assert record["feed_states"] == ["STOPPED", "STARTING", "RUNNING"]
    assert record["step_time_us"] == {"p50": "1", "p99": "1"}


def test_what_rules_said_is_counted_as_it_was_told():
    summary = Summary()
    said = [("daily_loss", "warn", False), ("daily_loss", "trip", True), ("order_size", "clip", True)] * 2
    events = [RiskEvent(1, rule, verdict, "account", "", enforced) for rule, verdict, enforced in said]
    for event in events:
        summary.on_step(Step(Timer(1), risk=(event,)), 0)
    assert summary.record()["risk"] == {
        "events": 6,
        "enforced": 4,
        "by_rule": {"daily_loss": {"trip": 2, "warn": 2}, "order_size": {"clip": 2}},
    }


def test_runs_with_the_same_decisions_have_the_same_hash_and_others_do_not():
    hashes = []
    for ask in ("0.51", "0.51", "0.52"):
        story, summary = Story(), Summary()
        story.open_market("0.49", ask)
        for step in story.history:
            summary.on_step(step, 0)
        hashes.append(summary.record()["decision_hash"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_fill_whose_trade_failed_is_counted_and_worth_nothing():
    story, summary = Story(), Summary()
    story.open_market()
    story.accept()
    order_id = next(order.order_id for order in story.engine.orders.open() if order.quote == "bid")
    story.fill("bid", 10)
    story.touch("0.51", "0.53")
    story.tell(Settled(story.at, order_id, "t1", TradeStatus.FAILED))
    for step in story.history:
        summary.on_step(step, 1_000)
    record = summary.record()
    assert (record["fills"], record["reversals"], record["cash"]) == (1, 1, "0")
    assert record["pnl"] == {
        "total": "0",
        "spread_captured": "0",
        "inventory_move": "0",
        "residual": "0",
        "rebates_earned": "0",
    }

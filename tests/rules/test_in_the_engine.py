"""Standing rules in an engine: enforced they take quoting back and give it back, otherwise they only tell.

The market stands at 0.49 to 0.51 and is quoted at 0.48 and 0.52, ten shares a side.
"""

from dataclasses import replace

import pytest

from pmm.account import TradeStatus
from pmm.core.rule import Mode, Stage
from pmm.events import MarketListed, Settled
from pmm.metrics.summary import Summary
from pmm.model import SECOND, USD, utc_text
from pmm.rules.drawdown import Drawdown, DrawdownLimits
from pmm.rules.fill_protection import FillProtection, ProtectionLimits
from pmm.rules.near_end import HOUR, NearEnd, NearEndLimits
from pmm.rules.stale_data import StaleData, StaleDataLimits
from pmm.rules.unsettled_share import UnsettledLimits, UnsettledShare
from tests.support.rules import ruled
from tests.support.story import START, Story, market

BOTH = {"bid": "0.48", "ask": "0.52"}
CENT = USD // 100


def quoting(rule, mode=Mode.ENFORCE):
    story = Story(rules=ruled(rule, mode=mode))
    story.open_market()
    story.accept()
    return story


def let(story, step):
    """Take a step and let the venue answer; what works then."""
    step()
    story.accept()
    return story.working()


def said(story):
    return [(risk.verdict, risk.stage, risk.enforced) for step in story.history for risk in step.risk]


def limits_of(story):
    """What the summary says that limits would have done."""
    summary = Summary()
    for step in story.history:
        summary.on_step(step, 0)
    return summary.record()["limits"]


def protection(**more):
    return FillProtection(replace(ProtectionLimits(None, max_fills=1, max_shares=None), window=10 * SECOND, **more))


# --- each rule inside its limit, beyond it, and back ---------------------------


def test_a_day_that_falls_from_its_best_is_quoted_wider_then_only_home_then_not_at_all():
    story = quoting(Drawdown(DrawdownLimits(100 * CENT)))
    story.fill("bid", 10)
    story.accept()
    seen = []
    for bid, ask in (("0.48", "0.50"), ("0.44", "0.46"), ("0.41", "0.43"), ("0.38", "0.40"), ("0.50", "0.52")):
        story.touch(bid, ask)
        story.accept()
        let(story, lambda: story.wait(1))
        seen.append((story.engine.risk.state, sorted(story.working())))
    assert seen == [
        ("NORMAL", ["ask", "bid"]),
        ("WIDENING", ["ask", "bid"]),  # 50 cents below the 20 that the fill brought
        ("REDUCING", ["ask"]),
        ("COOLDOWN", []),
        ("NORMAL", ["ask", "bid"]),
    ]


def test_too_many_fills_freeze_their_market_and_it_comes_back_by_itself():
    story = quoting(protection(freeze=30 * SECOND))
    assert let(story, lambda: story.fill("bid", 5)) == BOTH
    assert let(story, lambda: story.fill("bid", 5, "t2")) == {}
    assert "2 fills of the bid within 10 s" in story.history[-2].decisions[-1].targets.reason
    for _ in range(29):
        story.touch("0.49", "0.51")
        assert let(story, lambda: story.wait(1)) == {}
    assert let(story, lambda: story.wait(1)) == BOTH
    assert said(story) == [("trip", Stage.CANCEL, True), ("clear", Stage.CANCEL, True)]


def test_while_too_much_is_unsettled_the_position_is_only_brought_home():
    story = quoting(UnsettledShare(UnsettledLimits(6 * USD, None)))
    assert let(story, lambda: story.fill("bid", 10)) == BOTH  # 5 dollars at the mid
    bid = next(order.order_id for order in story.engine.orders.open() if order.quote == "bid")
    assert let(story, lambda: story.fill("bid", 5, "t2")) == {"ask": "0.52"}
    story.tell(Settled(story.at, bid, "t2", TradeStatus.CONFIRMED))
    story.touch("0.49", "0.51")
    assert let(story, lambda: story.wait(1)) == {"ask": "0.52"}  # five dollars are more than four fifths of six
    story.tell(Settled(story.at, "dry-1", "t1", TradeStatus.CONFIRMED))
    assert let(story, lambda: story.wait(1)) == BOTH


def test_a_book_that_nothing_proves_is_left_and_taken_up_again_when_it_is_proven():
    story = quoting(StaleData(StaleDataLimits(20 * SECOND)))
    assert let(story, lambda: story.wait(20)) == BOTH
    assert let(story, lambda: story.wait(1)) == {}
    story.touch("0.49", "0.51")
    assert let(story, lambda: story.wait(1)) == BOTH


def test_near_its_end_a_market_is_brought_home_and_then_left():
    end = START + 90 * HOUR  # far enough for the regime to have no opinion
    story = quoting(NearEnd(NearEndLimits(reduce=60 * HOUR, cancel=50 * HOUR)))
    story.fill("bid", 10)
    story.accept()
    story.tell(MarketListed(story.at, replace(market(), end_date=utc_text(end))))
    seen = []
    for hours in (29, 30, 40):
        story.at = START + hours * HOUR
        story.touch("0.49", "0.51")
        story.accept()
        seen.append(let(story, lambda: story.wait(1)))
    assert seen == [BOTH, {"ask": "0.52"}, {}]


# --- told only ----------------------------------------------------------


@pytest.mark.parametrize("mode", [Mode.LOG, Mode.OFF])
def test_a_rule_that_is_not_enforced_changes_nothing_and_only_the_log_tells_of_it(mode):
    story = quoting(protection(), mode)
    story.fill("bid", 5)
    assert let(story, lambda: story.fill("bid", 5, "t2")) == BOTH
    assert said(story) == ([("trip", Stage.CANCEL, False)] if mode is Mode.LOG else [])


def test_the_summary_says_what_a_limit_would_have_stopped_and_what_that_would_have_saved():
    story = quoting(protection(), Mode.LOG)
    story.fill("bid", 5)
    story.fill("bid", 5, "t2")
    story.accept()
    story.fill("bid", 10, "t3")  # of the order that was placed again during the freeze
    story.accept()
    story.touch("0.45", "0.47")
    (limit,) = limits_of(story).values()
    assert (limit["tripped"], limit["fills"], limit["volume"]) == (1, 1, "10")
    assert limit["brought"] == "-0.2"  # ten shares at 0.48 are worth 0.46
    assert limit["orders"] == 3  # the ask that rested, and the bid that was placed twice

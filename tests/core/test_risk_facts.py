"""What rules are told: read from the engine's own tables at the moment of asking."""

from __future__ import annotations

import pytest

from pmm.account import Balances, OrderStatus, OwnOrder
from pmm.core.account_watch import AccountLimits
from pmm.core.engine import EngineConfig
from pmm.core.risk_facts import RiskFacts
from pmm.core.rule import Wish
from pmm.core.step import StepBuilder
from pmm.core.view import QuoteSide
from pmm.events import AccountRead, Filled, Rejected, Timer, Unanswered
from pmm.model import USD, Side
from tests.support.story import CONDITION, NO, YES, Story, placed, shares

BID = Wish(QuoteSide.BID, 4800, YES, True, Side.BUY, 4800, shares(10))


@pytest.fixture
def story():
    story = Story()
    story.open_market()
    return story


def asked(story):
    """The facts of the one market, and of the account with it."""
    engine, out = story.engine, StepBuilder(Timer(story.at))
    facts, quoted = RiskFacts(engine.desk, engine.daily, engine.account), engine.markets[CONDITION]
    return facts.market(quoted, engine.quoting.view(quoted, story.at), out)


def test_orders_that_may_trade_are_at_stake_and_one_more_makes_it_worse(story):
    seen = asked(story)
    facts = seen.market
    assert (facts.at_stake, facts.event_at_stake, seen.account.at_stake) == (4_800_000, 4_800_000, 4_800_000)
    assert (facts.with_wish(BID), facts.event_with_wish(BID)) == (9_600_000, 9_600_000)
    assert (facts.at_most(QuoteSide.BID), facts.at_most(QuoteSide.ASK)) == (shares(10), shares(10))
    assert facts.resting(QuoteSide.BID) == shares(10)
    assert [order.order_id for order in facts.placed] == ["dry-1", "dry-2"]


def test_doubt_frees_nothing_and_a_fill_moves_what_is_possible(story):
    bid, ask = (order.order_id for order in story.engine.orders.open())
    story.tell(Unanswered(story.at, bid, "time-out"))
    assert asked(story).market.resting(QuoteSide.BID) == shares(10)
    story.engine.paused = True
    story.tell(Filled(story.at, ask, "t1", 4800, shares(4)))
    facts = asked(story).market
    assert (facts.at_most(QuoteSide.BID), facts.at_most(QuoteSide.ASK)) == (shares(6), shares(10))
    assert [fill.trade_id for fill in facts.fills] == ["t1"]
    assert facts.unsettled == shares(4)


def test_orders_of_others_on_the_account_count_too(story):
    theirs = OwnOrder("x", "0xx", CONDITION, YES, Side.BUY, 5000, shares(7), 0, OrderStatus.LIVE, 0)
    story.tell(AccountRead(story.at, story.at, (theirs,)))
    assert asked(story).market.at_most(QuoteSide.BID) == shares(17)


def test_messages_and_errors_are_when_they_happened(story):
    story.at += 1
    story.tell(Rejected(story.at, "dry-1", "no"))
    account = asked(story).account
    assert list(account.errors) == [story.at]
    assert len(account.messages) == 2 + len(placed(story.step.commands))


def test_data_is_as_old_as_the_last_change_of_the_book(story):
    at = story.at
    story.wait(5)
    assert asked(story).market.data_at == at
    story.touch("0.48", "0.50")
    assert asked(story).market.data_at == story.at


def test_the_day_and_its_best_are_what_is_held_at_the_mid():
    story = Story(config=EngineConfig(account=AccountLimits(heartbeat_interval=None)))
    story.open_market()
    story.tell(AccountRead(story.at, story.at, balances=Balances(1_000 * USD, {YES: shares(100), NO: 0}, {})))
    for bid, ask in (("0.51", "0.53"), ("0.48", "0.50")):
        story.touch(bid, ask)
        story.wait(1)
    account = asked(story).account
    assert (account.day, account.peak) == (-1 * USD, 2 * USD)
    assert (account.worth, account.missing) == (1_050 * USD, 0)


def test_without_an_account_nothing_is_known_of_balances(story):
    assert asked(story).account.worth is None

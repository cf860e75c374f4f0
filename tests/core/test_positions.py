"""What is held in every market, and what was there before the run."""

import pytest

from pmm.account import Balances, TradeStatus
from pmm.core.account_watch import AccountLimits
from pmm.core.desk import SHOWN_WITHIN
from pmm.core.engine import EngineConfig
from pmm.core.positions import Positions
from pmm.events import AccountRead, Adopted, Filled, MarketListed, Settled
from pmm.model import SECOND, USD, Side
from tests.support.rules import limits
from tests.support.story import CONDITION, NO, YES, Story, market, shares


def holding(yes=0.0, no=0.0):
    return Balances(1_000 * USD, {YES: shares(yes), NO: shares(no)}, {})


@pytest.fixture
def story():
    story = Story(
        config=EngineConfig(account=AccountLimits(heartbeat_interval=None)), rules=limits(position=shares(100))
    )
    story.open_market()
    return story


def read(story, balances):
    return story.tell(AccountRead(story.at, story.at, balances=balances))


def position(story):
    return story.engine.markets[CONDITION].position


def test_what_the_account_held_before_is_inventory_and_ours_to_sell(story):
    read(story, holding(yes=30))
    held = position(story)
    assert (held.net, held.yes_held.sellable, held.cash) == (shares(30), shares(30), -15 * USD)


def test_it_could_be_lost_at_worst_and_a_pair_could_not(story):
    read(story, holding(yes=30, no=30))
    assert story.engine.desk.exposure.total == 0
    assert position(story).net == 0


def test_one_token_alone_is_at_stake(story):
    read(story, holding(yes=30))
    assert story.engine.desk.exposure.total == 15 * USD


def test_it_is_entered_once_whatever_later_reads_say(story):
    for count in (30, 40):
        read(story, holding(yes=count))
    assert position(story).net == shares(30)


def test_what_trades_of_this_run_have_settled_already_is_not_counted_twice(story):
    end = story.at + 300 * SECOND
    for news in (
        Adopted(story.at, "o", CONDITION, YES, Side.BUY, 4800, shares(10), end, story.at),
        Filled(story.at, "o", "t1", 4800, shares(4)),
        Settled(story.at, "o", "t1", TradeStatus.CONFIRMED),
        Filled(story.at, "o", "t2", 4800, shares(3)),
    ):
        story.tell(news)
    read(story, holding(yes=30 + 4))
    assert (position(story).yes, position(story).yes_held.settled) == (shares(37), shares(34))


def adopt(story, *news):
    """An order of an earlier run for ten YES, and what became of it."""
    end = story.at + 300 * SECOND
    story.tell(Adopted(story.at, "o", CONDITION, YES, Side.BUY, 4800, shares(10), end, story.at))
    for one in news:
        story.tell(one)


def settled(story, status):
    return Settled(story.at, "o", "t1", status)


def test_a_trade_that_the_chain_has_and_that_is_not_final_is_in_the_balance_already(story):
    adopt(story, Filled(story.at, "o", "t1", 4800, shares(4)), settled(story, TradeStatus.MINED))
    read(story, holding(yes=30 + 4))
    assert (position(story).yes, position(story).yes_held.settled) == (shares(34), shares(30))


def test_a_first_balance_while_trades_are_under_way_is_put_right_by_the_first_sure_one(story):
    adopt(story, Filled(story.at, "o", "t1", 4800, shares(4)), settled(story, TradeStatus.MINED))
    read(story, holding(yes=30))  # the chain has the trade, and the venue does not show it yet
    assert position(story).yes == shares(30)
    story.tell(settled(story, TradeStatus.CONFIRMED))
    read(story, holding(yes=30))
    assert position(story).yes == shares(30)
    story.at += SHOWN_WITHIN
    read(story, holding(yes=30 + 4))
    assert (position(story).yes, position(story).yes_held.settled) == (shares(34), shares(34))
    read(story, holding(yes=50))
    assert position(story).yes == shares(34)
    assert sum(one.size for step in story.history for one in step.openings) == shares(30)


def test_an_inventory_beyond_the_limit_is_only_reduced(story):
    read(story, holding(yes=150))
    assert [(one.rule, one.verdict) for one in story.step.risk] == [("position_limit", "trip")]


def test_a_dry_run_has_no_past():
    story = Story()
    story.open_market()
    read(story, holding(yes=30))
    assert position(story).net == 0


def test_where_nothing_was_ever_held_nothing_is_kept():
    positions = Positions()
    assert positions.of("0xother").net == 0
    assert list(positions) == []


def test_it_is_taken_over_at_the_mid_of_its_moment_and_told_as_no_fill(story):
    step = read(story, holding(yes=30, no=4))
    yes, no = step.openings
    assert (yes.token, yes.is_yes, yes.size, yes.held, yes.mid2) == (YES, True, shares(30), shares(30), 10_000)
    assert (no.token, no.is_yes, no.size, no.held) == (NO, False, shares(4), shares(4))
    assert step.fills == ()


def test_what_came_before_the_first_book_waits_for_its_mid(story):
    early = Story(config=story.engine.config)
    early.tell(MarketListed(early.at, market()))
    assert read(early, holding(yes=30)).openings == ()
    assert (position(early).net, position(early).cash) == (shares(30), 0)
    early.open_market("0.04", "0.06")
    early.wait(1)
    (opening,) = [one for step in early.history for one in step.openings]
    assert (opening.size, opening.mid2, position(early).cash) == (shares(30), 1_000, -USD * 3 // 2)
    assert early.engine.daily.result.money == 0

"""An answer to a cancel is no proof of how much of the order traded: exposure is freed when the venue has shown it."""

from dataclasses import replace

import pytest

from pmm.account import Balances, OrderStatus
from pmm.commands import QueryOrder
from pmm.core.account_watch import AccountLimits
from pmm.core.doubt import PACE
from pmm.events import (
    Accepted,
    AccountRead,
    Adopted,
    Canceled,
    FeedNews,
    Filled,
    Operator,
    OperatorAction,
    OrderShown,
    Reading,
    UserSignal,
)
from pmm.model import SECOND, Side
from tests.support.doubt import GTD, LIFE, DoubtStory
from tests.support.story import CONDITION, NO, YES, Story, shares


@pytest.fixture
def story():
    return DoubtStory()


class LiveStory(DoubtStory):
    """The same with an account, whose user socket is open and which was read."""

    def __init__(self):
        limits = AccountLimits(heartbeat_interval=None, read_interval=3_600 * SECOND, stale=3_600 * SECOND)
        super().__init__(replace(GTD, account=limits))

    def open_market(self, *args, **more):
        self.tell(UserSignal(self.at, FeedNews.OPENED))
        self.tell(AccountRead(self.at, self.at, balances=Balances(10**9, {YES: 0, NO: 0}, {})))
        return super().open_market(*args, **more)

    def at_stake(self):
        return self.order.at_stake

    def asked(self, commands):
        """How often a query of the order is among commands."""
        return commands.count(QueryOrder(self.order.order_id))

    def cancel(self):
        """The bid is not wanted any more, and the venue answers that it is gone."""
        self.tell(Accepted(self.at, self.order.order_id))
        self.touch("0.59", "0.61")
        assert self.order.state == "CANCEL_PENDING"
        return self.tell(Canceled(self.at, self.order.order_id))


@pytest.fixture
def live():
    return LiveStory()


def test_an_answer_to_a_cancel_frees_nothing_before_the_venue_says_how_much_of_the_order_traded(live):
    live.cancel()
    assert live.order.state == "CANCELED"
    assert live.at_stake() == shares(10)
    assert not live.engine.desk.settled_up
    live.shown(OrderStatus.CANCELED, 4)
    assert live.at_stake() == shares(4)  # known to have traded, and not told
    live.tell(Filled(live.at, live.order.order_id, "t1", live.order.price, shares(4)))
    assert live.at_stake() == 0


def test_a_canceled_order_that_nobody_shows_is_asked_about_a_moment_later(live):
    assert live.asked(live.cancel().commands) == 0
    assert live.asked(live.later(PACE[0] - 1)) == 0
    assert live.asked(live.later(1)) == 1
    assert live.asked(live.later(SECOND)) == 2
    live.shown(OrderStatus.CANCELED)
    assert live.at_stake() == 0
    assert live.asked(live.later(60 * SECOND)) == 0


def test_an_order_that_the_user_socket_showed_first_needs_no_other_proof(live):
    live.tell(Accepted(live.at, live.order.order_id))
    live.touch("0.59", "0.61")
    live.shown(OrderStatus.CANCELED)
    live.tell(Canceled(live.at, live.order.order_id))
    assert live.at_stake() == 0
    assert live.asked(live.later(60 * SECOND)) == 0


def test_an_order_shown_as_it_was_before_its_cancel_proves_nothing(live):
    before = live.at
    live.at += SECOND
    live.cancel()
    live.shown(OrderStatus.LIVE, asked_at=before)
    assert (live.order.state, live.at_stake()) == ("CANCELED", shares(10))


def test_a_canceled_order_that_the_venue_does_not_know_any_more_is_over(live):
    live.cancel()
    live.missing(asked_at=live.order.ended_at - 1)
    assert live.at_stake() == shares(10)
    live.missing(Reading.OPEN_ORDERS)
    assert live.at_stake() == shares(10)
    live.missing()
    assert live.at_stake() == 0


def test_a_canceled_order_that_rests_after_all_is_open_again(live):
    live.cancel()
    live.at += SECOND
    live.shown(OrderStatus.LIVE)
    assert (live.order.open, live.order.unproven) == (True, False)


def test_a_dry_run_believes_the_answer_to_a_cancel(story):
    story.tell(Accepted(story.at, story.order.order_id))
    story.touch("0.59", "0.61")
    story.tell(Canceled(story.at, story.order.order_id))
    assert story.order.at_stake == 0


def test_a_stop_waits_for_orders_of_earlier_runs_to_be_told():
    story = Story(config=replace(GTD, account=AccountLimits(heartbeat_interval=None)))
    assert not story.tell(Operator(story.at, OperatorAction.STOP)).done
    end = story.at + LIFE
    step = story.tell(Adopted(story.at, "live-0-1", CONDITION, YES, Side.BUY, 4_800, shares(10), end, story.at))
    assert QueryOrder("live-0-1") in step.commands
    assert not story.tell(AccountRead(story.at, story.at, failed="time-out")).done
    story.tell(Canceled(story.at, "live-0-1"))
    assert story.tell(OrderShown(story.at, story.at, "live-0-1", OrderStatus.CANCELED, 0)).done


def test_a_stop_before_anything_was_read_ends_when_a_read_was_answered_however():
    story = Story(config=replace(GTD, account=AccountLimits(heartbeat_interval=None)))
    assert not story.tell(Operator(story.at, OperatorAction.STOP)).done
    assert story.tell(AccountRead(story.at, story.at, failed="time-out")).done

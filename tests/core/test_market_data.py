"""Markets come, change their facts and go while the bot runs; feeds that failed may start again."""

from dataclasses import replace

import pytest

from pmm._fast import BID
from pmm.commands import ReadBooks, Reconnect, Resubscribe
from pmm.core.engine import Outcome
from pmm.events import (
    Canceled,
    FeedNews,
    FeedSignal,
    Filled,
    MarketDropped,
    MarketListed,
    Operator,
    OperatorAction,
    Wake,
)
from pmm.model import SECOND
from tests.core.test_trust import edited
from tests.support.stage import CANARY, Stage
from tests.support.story import CONDITION, YES, Story, canceled, market, placed, shares, touch_frame


@pytest.fixture
def story():
    story = Story()
    story.open_market()
    story.accept()
    return story


# --- dropping -----------------------------------------------------------------------------------------------------


def test_a_dropped_market_wants_nothing_and_is_forgotten_when_its_orders_are_gone(story):
    step = story.tell(MarketDropped(story.at, CONDITION))
    assert len(canceled(step.commands)) == 2
    assert step.decisions[0].targets.reason == "the market is dropped"
    assert CONDITION in story.engine.markets
    story.accept()
    assert story.engine.markets == {}
    assert story.engine.books.index(YES) is None


def test_reports_that_come_after_a_market_is_forgotten_are_believed(story):
    bid = next(order for order in story.engine.orders.open() if order.quote == "bid")
    story.tell(MarketDropped(story.at, CONDITION))
    story.accept()
    step = story.tell(Filled(story.at, bid.order_id, "late", bid.price, shares(3)))
    assert step.fills[0].size == shares(3)
    story.tell(Canceled(story.at, bid.order_id, "again"))
    assert story.engine.outcome is Outcome.RUNNING


def test_frames_and_timers_of_a_forgotten_market_are_no_matter(story):
    story.tell(MarketDropped(story.at, CONDITION))
    story.accept()
    assert story.touch("0.30", "0.32").commands == ()
    assert story.wait(60).decisions == ()


def test_what_was_held_is_remembered_when_the_market_comes_back(story):
    story.fill("bid", 10)
    story.accept()
    story.tell(MarketDropped(story.at, CONDITION))
    story.accept()
    story.tell(MarketListed(story.at, market()))
    story.touch("0.49", "0.51")
    assert story.engine.markets[CONDITION].position.net == shares(10)
    assert len(placed(story.step.commands)) == 2


def test_dropping_an_unknown_market_is_no_matter(story):
    assert story.tell(MarketDropped(story.at, "0xdead")).commands == ()


def test_a_canary_that_is_dropped_is_forgotten_at_once(story):
    story.tell(MarketListed(story.at, CANARY, quoted=False))
    assert CANARY.condition_id not in story.engine.markets
    story.tell(MarketDropped(story.at, CANARY.condition_id))
    assert story.engine.books.index(CANARY.yes) is None


# --- facts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"accepting_orders": False}, "the market is not accepting orders"),
        ({"closed": True}, "the market is closed"),
        ({"active": False}, "the market is not active"),
    ],
)
def test_a_market_that_is_not_tradable_any_more_has_no_quotes_and_says_why(story, facts, reason):
    step = story.tell(MarketListed(story.at, replace(market(), **facts)))
    assert len(canceled(step.commands)) == 2
    assert step.decisions[0].targets.reason == reason
    story.accept()
    assert len(placed(story.tell(MarketListed(story.at, market())).commands)) == 2


def test_a_larger_minimum_is_minded_from_then_on(story):
    story.tell(MarketListed(story.at, replace(market(), min_size=shares(20))))
    assert len(canceled(story.touch("0.48", "0.50").commands)) == 2


def test_a_tick_that_only_the_listing_knows_makes_the_book_be_fetched_anew(story):
    step = story.tell(MarketListed(story.at, market("0.001")))
    assert [change.evidence for change in step.changes if change.machine == "trust"] == ["tick"]
    assert any(isinstance(command, Resubscribe) for command in step.commands)
    story.accept()
    story.at += 1_000_000
    story.tell(touch_frame("0.491", "0.511", at=story.at, tick="0.001"))
    assert story.engine.markets[CONDITION].market.tick == 10
    assert story.working() == {"bid": "0.481", "ask": "0.521"}


def test_a_market_that_moves_to_another_connection_is_read_there(story):
    story.tell(MarketListed(story.at, market(), (1,)))
    assert story.engine.markets[CONDITION].lead.connection == 1
    assert {order.state for order in story.engine.orders.open()} == {"CANCEL_PENDING"}
    assert story.engine.data.lines[0].copies == {}


# --- coming late --------------------------------------------------------------------------------------------------


def test_a_market_that_joins_late_and_never_has_a_book_leaves_the_connection_alone(story):
    story.wait(30)
    story.tell(MarketListed(story.at, CANARY))
    asked = []
    for _ in range(25):
        story.wait(1)
        story.touch("0.49", "0.51")
        asked += [command for step in story.history[-2:] for command in step.commands]
    assert [command.tokens for command in asked if isinstance(command, Resubscribe)] == [(CANARY.yes, CANARY.no)] * 3
    assert not any(isinstance(command, Reconnect) for command in asked)
    assert story.engine.outcome is Outcome.RUNNING


def test_a_spoiled_first_book_is_found_by_comparing_within_a_second():
    stage = Stage()
    answers = []
    perfect = stage.wire.answer

    def answer(frame, emit):
        answers.append(frame)
        spoilt = edited(lambda body: body[0]["bids"].pop(0))(frame)[0]
        perfect(spoilt if len(answers) == 1 else frame, emit)

    stage.wire.answer = answer
    stage.run(5)
    assert stage.trust() == [("TRUSTED", "snapshot"), ("SUSPECT", "compare"), ("TRUSTED", "snapshot")]
    assert stage.seconds_of("trust", "SUSPECT")[0] < 1


def test_hashes_that_were_never_understood_are_no_evidence_where_rest_shows_the_same_book():
    stage = Stage()
    stage.busy(20)
    for wire in stage.books.values():
        wire.hash = lambda outcome: "e" * 40
    stage.run(19)
    assert stage.trust() == [("TRUSTED", "snapshot")]
    assert stage.engine.data.tally()["unexplained"] > 0
    assert stage.commands(ReadBooks)


# --- operators and wake-ups ---------------------------------------------------------------------------------------


def test_a_feed_that_failed_starts_again_only_after_a_reset(story):
    story.tell(FeedSignal(story.at, 0, FeedNews.GAVE_UP, "10 attempts failed"))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    assert story.engine.data.connections[0].state == "ERROR"
    story.tell(Operator(story.at, OperatorAction.RESET))
    assert story.engine.data.connections[0].state == "STOPPED"
    assert story.engine.outcome is Outcome.RUNNING
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    assert story.engine.data.connections[0].state == "STARTING"


def test_a_start_of_a_running_feed_changes_nothing(story):
    step = story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    assert step.changes == ()
    assert story.engine.data.connections[0].state == "RUNNING"


def test_one_of_several_connections_that_gives_up_does_not_end_the_run(story):
    story.tell(MarketListed(story.at, market(), (0, 1)))
    for news in (FeedNews.CONNECTING, FeedNews.OPENED):
        story.tell(FeedSignal(story.at, 1, news))
    story.tell(replace(touch_frame("0.49", "0.51", at=story.at), connection=1))
    step = story.tell(FeedSignal(story.at, 0, FeedNews.GAVE_UP, "10 attempts failed"))
    assert step.commands == ()
    assert story.engine.outcome is Outcome.RUNNING


def test_a_wake_up_comes_when_it_was_asked_for_and_judges_what_is_due():
    story = Story()
    story.open_market()
    story.accept()
    step = story.touch("0.52", "0.51")
    assert step.wake_at == story.at + SECOND // 10
    assert len(canceled(story.tell(Wake(step.wake_at)).commands)) == 2


def test_a_step_always_asks_for_a_time_that_lies_ahead():
    stage = Stage(canary=True)
    stage.busy(20)
    stage.change(5, BID, "0.52", 10)
    stage.run(20)
    ahead = [step.wake_at - step.event.at for step in stage.history if step.wake_at is not None]
    assert len(ahead) == len(stage.history)
    assert min(ahead) > 0

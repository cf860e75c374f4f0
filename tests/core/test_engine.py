"""The engine as its users see it: events in, commands and announcements out."""

import pytest

from pmm.commands import Reconnect, Resubscribe
from pmm.core.engine import Outcome
from pmm.core.rule import Stage
from pmm.events import (
    Accepted,
    Canceled,
    FeedNews,
    FeedSignal,
    Filled,
    Frame,
    MarketListed,
    Operator,
    OperatorAction,
    Rejected,
    Unanswered,
)
from pmm.model import SECOND, Side, parse_price
from pmm.rules.error_rate import ErrorRate, ErrorRateLimits
from pmm.strategies.fixed_spread import FixedSpreadParams
from tests.support.rules import limits, ruled
from tests.support.story import (
    NO,
    YES,
    Story,
    book_frame,
    canceled,
    change_frame,
    market,
    placed,
    shares,
    touch_frame,
    yes_price,
)


@pytest.fixture
def story():
    story = Story()
    story.open_market()
    return story


def test_mid_fifty_and_spread_four_cents_quotes_forty_eight_and_fifty_two(story):
    assert [yes_price(place) for place in placed(story.step.commands)] == [4800, 5200]
    assert [(place.token, place.side) for place in placed(story.step.commands)] == [(YES, Side.BUY), (NO, Side.BUY)]


def test_no_quote_before_the_first_book():
    story = Story()
    story.tell(MarketListed(story.at, market()))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    assert placed(story.wait(1).commands) == []


def test_running_means_that_data_has_arrived(story):
    assert story.machine("feed") == ["STARTING", "RUNNING"]


def test_pongs_and_foreign_frames_are_not_data():
    story = Story()
    story.tell(MarketListed(story.at, market()))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    for data in (b"PONG", b"", b"[]", b'{"event_type":"new_market","market":"0x1"}'):
        story.tell(Frame(story.at, 0, data))
    assert story.machine("feed") == ["STARTING"]


def test_a_venue_that_accepts_and_sends_nothing_ends_the_run():
    story = Story()
    story.tell(MarketListed(story.at, market()))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    assert not story.wait(9).done
    assert story.wait(1).done
    assert story.engine.outcome is Outcome.FEED_FAILED
    assert story.machine("feed") == ["STARTING", "ERROR"]


def test_requote_when_the_mid_moved_by_the_threshold_and_not_before():
    story = Story()
    story.open_market("0.49", "0.51", tick="0.001")
    story.accept()
    assert story.touch("0.509", "0.529", tick="0.001").commands == ()
    story.touch("0.510", "0.530", tick="0.001")
    assert len(canceled(story.step.commands)) == 2
    story.accept()
    assert story.working() == {"bid": "0.5", "ask": "0.54"}


def test_the_new_order_waits_until_the_old_one_is_gone(story):
    story.accept()
    step = story.touch("0.59", "0.61")
    assert len(canceled(step.commands)) == 2
    assert placed(step.commands) == []
    first = canceled(step.commands)[0].order_id
    assert len(placed(story.tell(Canceled(story.at, first)).commands)) == 1


def test_a_filled_side_is_quoted_again_and_the_other_left_alone(story):
    story.accept()
    step = story.fill("bid", 10)
    assert [yes_price(place) for place in placed(step.commands)] == [4800]
    assert canceled(step.commands) == []


def test_a_fill_is_booked_once_however_often_it_is_told(story):
    story.accept()
    story.fill("bid", 4, "t1")
    assert story.fill("bid", 4, "t1").fills == ()
    assert story.engine.markets[market().condition_id].position.yes == shares(4)


def test_a_fill_after_the_cancel_is_believed(story):
    story.accept()
    bid = next(order for order in story.engine.orders.open() if order.quote == "bid")
    story.touch("0.59", "0.61")
    story.tell(Canceled(story.at, bid.order_id))
    late = story.tell(Filled(story.at, bid.order_id, "late", 4800, shares(10)))
    assert late.fills[0].size == shares(10)
    assert bid.state == "FILLED"


def test_at_the_position_limit_only_the_reducing_side_is_quoted(story):
    for number in range(5):
        story.accept()
        story.fill("bid", 10, f"t{number}")
    story.accept()
    assert story.engine.markets[market().condition_id].position.net == shares(50)
    assert set(story.working()) == {"ask"}


def test_the_short_limit_works_the_same_way():
    story = Story(FixedSpreadParams(position_limit=shares(20)))
    story.open_market()
    for number in range(2):
        story.accept()
        story.fill("ask", 10, f"t{number}")
    story.accept()
    assert set(story.working()) == {"bid"}


def test_beyond_the_risk_limit_the_engine_only_reduces():
    story = Story(rules=limits(position=shares(10)))
    story.open_market()
    story.accept()
    story.fill("bid", 10)
    story.accept()
    assert set(story.working()) == {"ask"}
    story.fill("ask", 10, "t2")
    story.accept()
    assert set(story.working()) == {"bid", "ask"}
    said = [(one.rule, one.verdict, one.stage) for step in story.history for one in step.risk if one.stage]
    assert said == [("position_limit", "trip", Stage.REDUCE), ("position_limit", "clear", Stage.REDUCE)]
    assert story.machine("risk") == []  # of the account


@pytest.mark.parametrize("code", ["socket closed: 1006", "socket closed: 1000"])
def test_a_lost_socket_takes_all_quotes_away_until_a_fresh_book(story, code):
    story.accept()
    step = story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, code))
    assert len(canceled(step.commands)) == 2
    story.accept()
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    late_delta = change_frame(Side.BUY, "0.47", 5, "0.49", "0.51", at=story.at)
    assert story.tell(late_delta).commands == ()
    assert len(placed(story.touch("0.49", "0.51").commands)) == 2


def test_silence_beyond_the_limit_pulls_quotes_and_opens_the_socket_anew(story):
    story.accept()
    assert canceled(story.wait(59).commands) == []
    step = story.wait(1)
    assert [type(command) for command in step.commands].count(Reconnect) == 1
    assert len(canceled(step.commands)) == 2


def test_when_no_attempt_is_left_orders_go_and_the_run_ends(story):
    story.accept()
    step = story.tell(FeedSignal(story.at, 0, FeedNews.GAVE_UP, "10 attempts failed"))
    assert len(canceled(step.commands)) == 2
    assert not step.done
    story.accept()
    assert story.step.done
    assert story.engine.outcome is Outcome.FEED_FAILED


@pytest.mark.parametrize(
    "data",
    [
        b'{"event_type":"book","asset_id":',
        b'[{"event_type":"book","asset_id":"' + YES.encode() + b'","bids":3}]',
        b"\xff\xfe{",
    ],
)
def test_a_refused_frame_pulls_quotes_and_asks_for_fresh_books_once_in_a_while(story, data):
    story.accept()
    step = story.tell(Frame(story.at, 0, data))
    assert [command.connection for command in step.commands if isinstance(command, Reconnect)] == [0]
    assert len(canceled(step.commands)) == 2
    assert not any(isinstance(c, Reconnect) for c in story.tell(Frame(story.at + 1, 0, data)).commands)


def test_a_frame_refused_soon_after_another_gets_its_fresh_books_a_little_later(story):
    story.accept()
    story.tell(Frame(story.at, 0, b"{"))
    story.touch("0.49", "0.51")
    story.tell(Frame(story.at, 0, b"{"))
    asked = [any(isinstance(c, Reconnect) for c in story.wait(1).commands) for _ in range(6)]
    assert asked == [False, False, False, False, True, False]


def test_a_connection_that_comes_back_by_itself_is_not_asked_to(story):
    story.tell(Frame(story.at, 0, b"{"))
    story.tell(Frame(story.at, 0, b"{"))
    story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, "gone"))
    assert not any(isinstance(c, Reconnect) for _ in range(7) for c in story.wait(1).commands)


def test_a_book_that_stays_crossed_for_the_grace_is_pulled_and_fetched_anew(story):
    story.accept()
    assert story.touch("0.52", "0.51").commands == ()
    step = story.wait(0.1)
    assert len(canceled(step.commands)) == 2
    assert [command.tokens for command in step.commands if isinstance(command, Resubscribe)] == [(YES, NO)]


def test_a_book_in_the_middle_of_a_batch_leaves_the_orders_alone(story):
    story.accept()
    assert story.touch("0.52", "0.51").commands == ()
    assert story.touch("0.49", "0.51").commands == ()
    assert story.wait(0.1).commands == ()
    assert story.machine("trust") == ["TRUSTED"]


def test_a_one_sided_book_has_no_mid_and_no_quote(story):
    story.accept()
    story.tell(change_frame(Side.SELL, "0.51", 0, "0.49", "1", at=story.at))
    assert story.working() != {}
    assert {order.state for order in story.engine.orders.open()} == {"CANCEL_PENDING"}


def test_a_book_that_contradicts_the_venue_for_the_grace_is_pulled_and_fetched_anew(story):
    story.accept()
    assert story.tell(change_frame(Side.BUY, "0.5", 5, "0.49", "0.51", at=story.at)).commands == ()
    step = story.wait(0.1)
    assert len(canceled(step.commands)) == 2
    assert any(isinstance(command, Resubscribe) for command in step.commands)


@pytest.mark.parametrize("action", [OperatorAction.STOP, OperatorAction.KILL])
def test_stop_and_kill_end_only_when_every_order_is_proven_gone(story, action):
    story.accept()
    step = story.tell(Operator(story.at, action, "test"))
    assert len(canceled(step.commands)) == 2
    assert not step.done
    story.accept()
    assert story.step.done


def test_an_order_of_unknown_fate_keeps_the_run_open(story):
    story.accept()
    bid, ask = story.engine.orders.open()
    story.tell(Unanswered(story.at, bid.order_id, "time-out"))
    story.tell(Operator(story.at, OperatorAction.STOP, "test"))
    step = story.tell(Canceled(story.at, ask.order_id))
    assert not step.done
    assert story.tell(Canceled(story.at, bid.order_id)).done


def test_pause_pulls_and_resume_quotes_again(story):
    story.accept()
    assert len(canceled(story.tell(Operator(story.at, OperatorAction.PAUSE)).commands)) == 2
    story.accept()
    assert len(placed(story.tell(Operator(story.at, OperatorAction.RESUME)).commands)) == 2


def test_too_many_refusals_rest_for_the_cooldown_and_then_go_on():
    story = Story(rules=ruled(ErrorRate(ErrorRateLimits(4, 60 * SECOND))))
    story.open_market()
    for _ in range(2):
        for order in tuple(story.engine.orders.open()):
            story.tell(Rejected(story.at, order.order_id, "no"))
    assert story.machine("risk") == ["COOLDOWN"]
    story.accept()
    assert story.working() == {}
    for _ in range(6):
        story.wait(10)
        story.touch("0.49", "0.51")
    assert story.machine("risk") == ["COOLDOWN", "NORMAL"]
    assert set(story.working()) == {"bid", "ask"}


def test_an_impossible_move_halts_and_says_so(story):
    story.accept()
    bid = next(iter(story.engine.orders.open()))
    step = story.tell(Rejected(story.at, bid.order_id, "too late"))
    assert story.engine.outcome is Outcome.HALTED
    assert step.changes[0].cause == "order: no row for 'reject' in state LIVE"
    assert story.machine("risk") == ["HALTED"]


def test_a_report_about_a_foreign_order_halts(story):
    story.tell(Accepted(story.at, "not-ours"))
    assert story.engine.outcome is Outcome.HALTED


def test_every_change_of_state_is_announced_with_old_new_and_cause(story):
    story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, "socket closed: 1006"))
    (change,) = [change for change in story.step.changes if change.machine == "feed"]
    assert (change.old, change.new, change.trigger, change.cause) == (
        "RUNNING",
        "STARTING",
        "lost",
        "socket closed: 1006",
    )


def test_each_timer_announces_a_decision(story):
    (decision,) = story.wait(1).decisions
    assert (decision.best_bid, decision.best_ask, decision.mid2) == (4900, 5100, 10_000)
    assert decision.targets.bid.price == parse_price("0.48")


def test_the_same_events_make_the_same_steps():
    histories = []
    for _ in range(2):
        story = Story()
        story.open_market()
        story.accept()
        story.fill("bid", 10)
        story.touch("0.59", "0.61")
        story.wait(1)
        histories.append([repr(step) for step in story.history])
    assert histories[0] == histories[1]


def test_a_tick_change_moves_orders_that_left_the_grid():
    story = Story()
    story.open_market("0.495", "0.505", tick="0.001")
    story.accept()
    assert story.working() == {"bid": "0.48", "ask": "0.52"}
    story.tell(touch_frame("0.49", "0.51", at=story.at + 1, tick="0.01"))
    assert story.working() == {"bid": "0.48", "ask": "0.52"}


def test_a_failing_strategy_leaves_nothing_working_and_counts_as_an_error(monkeypatch):
    story = Story(rules=ruled(ErrorRate(ErrorRateLimits(5))))
    story.open_market()
    story.accept()
    monkeypatch.setattr(story.engine.quoting.strategy, "decide", lambda view: 1 / 0)
    step = story.touch("0.48", "0.50")
    assert len(canceled(step.commands)) == 2
    assert "ZeroDivisionError" in step.decisions[0].targets.reason
    for _ in range(4):
        story.wait(1)
    assert story.machine("risk") == ["COOLDOWN"]


def test_the_feed_is_stopped_at_the_end_and_stays_in_error_when_it_failed(story):
    story.tell(Operator(story.at, OperatorAction.STOP, "test"))
    story.accept()
    assert story.machine("feed")[-1] == "STOPPED"


def test_a_feed_that_ran_and_stays_silent_after_reopening_is_opened_again_until_no_attempt_is_left(story):
    story.accept()
    story.wait(60)
    story.accept()
    for _ in range(3):
        story.tell(FeedSignal(story.at, 0, FeedNews.CLOSED, "reopened"))
        story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
        story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
        assert not any(isinstance(command, Reconnect) for command in story.wait(9).commands)
        assert any(isinstance(command, Reconnect) for command in story.wait(1).commands)
        assert not any(isinstance(command, Reconnect) for command in story.wait(1).commands)
    assert story.machine("feed")[-1] == "STARTING"
    story.tell(FeedSignal(story.at, 0, FeedNews.GAVE_UP, "10 attempts failed"))
    assert story.machine("feed")[-1] == "ERROR"
    assert story.step.done


def test_data_without_the_book_that_was_asked_for_ends_the_run():
    story = Story()
    story.tell(MarketListed(story.at, market()))
    story.tell(FeedSignal(story.at, 0, FeedNews.CONNECTING))
    story.tell(FeedSignal(story.at, 0, FeedNews.OPENED))
    story.tell(book_frame([("0.49", 10)], [("0.51", 10)], at=story.at, token=NO))
    assert not story.wait(9).done
    assert story.wait(1).done
    assert story.engine.cause == "no book of rain came with the market data"
    assert story.machine("feed") == ["STARTING", "RUNNING", "ERROR"]

"""While beats are taken we may place; one may be late; ten seconds without any and everything counts as cancelled."""

import pytest

from pmm.commands import Cancel, CancelAll, ReadAccount, StopHeartbeat
from pmm.core.engine import Outcome
from pmm.core.heartbeat import HEARTBEAT, LAPSE, Heartbeat
from pmm.core.step import StepBuilder
from pmm.events import Beat, BeatNews, Timer
from pmm.model import SECOND
from tests.support.account import LiveStage, kill, moment, stranger, told_beat

INTERVAL = 5 * SECOND


def armed():
    heartbeat = Heartbeat(INTERVAL)
    heartbeat.arm(StepBuilder(Timer(0)))
    return heartbeat


def beat(heartbeat, sent, news=BeatNews.TAKEN, took=0.0):
    event = Beat(round((sent + took) * SECOND), round(sent * SECOND), news, "" if news is BeatNews.TAKEN else "no word")
    return heartbeat.on_beat(event, StepBuilder(event))


def due(heartbeat, at):
    return heartbeat.on_due(at * SECOND, StepBuilder(Timer(at * SECOND)))


@pytest.mark.parametrize("state", HEARTBEAT.states)
@pytest.mark.parametrize("news", BeatNews)
def test_news_of_a_beat_are_possible_in_every_state(state, news):
    assert HEARTBEAT.row(state, news.value) is not None


@pytest.mark.parametrize("state", HEARTBEAT.states)
def test_beating_can_stop_in_every_state(state):
    assert HEARTBEAT.row(state, "stop") is not None


def test_only_a_person_ends_the_state_of_a_foreign_chain():
    assert HEARTBEAT.terminal("FOREIGN")


def test_without_a_switch_nothing_is_forbidden_and_nothing_happens():
    heartbeat = Heartbeat(None)
    heartbeat.arm(StepBuilder(Timer(0)))
    beat(heartbeat, 1, BeatNews.FOREIGN)
    assert (heartbeat.state, heartbeat.problem(SECOND), heartbeat.moments()) == ("OFF", None, ())


def test_nothing_is_placed_before_the_first_beat_was_taken():
    heartbeat = armed()
    assert heartbeat.problem(0) == "the venue has not taken a heartbeat yet"
    beat(heartbeat, 1, BeatNews.MISSED, 2)
    assert heartbeat.problem(4 * SECOND) == "the venue has not taken a heartbeat yet: no word"
    beat(heartbeat, 4)
    assert heartbeat.problem(4 * SECOND) is None


def test_a_late_beat_closes_the_door_after_one_interval():
    heartbeat = armed()
    beat(heartbeat, 0)
    beat(heartbeat, 2, BeatNews.MISSED, 1)
    beat(heartbeat, 3, BeatNews.MISSED, 1)
    assert heartbeat.state == "LATE"
    assert heartbeat.problem(8 * SECOND - 1) is None
    assert heartbeat.problem(8 * SECOND) == "no heartbeat was taken for 8 s: no word"
    assert heartbeat.moments() == (8 * SECOND, LAPSE)


@pytest.mark.parametrize("missed", [0, 1, 3])
def test_ten_seconds_after_the_last_beat_was_sent_the_switch_has_fallen(missed):
    heartbeat = armed()
    beat(heartbeat, 1)
    for number in range(missed):
        beat(heartbeat, 5 + number, BeatNews.MISSED)
    assert not due(heartbeat, 10)
    assert due(heartbeat, 11)
    assert heartbeat.state == "LAPSED"
    assert heartbeat.problem(11 * SECOND).startswith("the heartbeat lapsed: the venue cancels everything")
    assert not due(heartbeat, 12)


def test_the_way_back_asks_for_a_read_once():
    heartbeat = armed()
    beat(heartbeat, 0)
    due(heartbeat, 10)
    assert not beat(heartbeat, 11, BeatNews.MISSED)
    assert beat(heartbeat, 12)
    assert not beat(heartbeat, 17)
    assert heartbeat.problem(17 * SECOND) is None


def test_a_beat_whose_answer_took_longer_than_the_switch_waits_is_none():
    heartbeat = armed()
    beat(heartbeat, 0, took=10)
    assert heartbeat.state == "WAITING"


def test_an_answer_that_was_overtaken_does_not_turn_back_the_clock():
    heartbeat = armed()
    beat(heartbeat, 6)
    beat(heartbeat, 1, took=6)
    assert heartbeat.sent_at == 6 * SECOND


def test_a_foreign_chain_keeps_its_cause():
    heartbeat = armed()
    beat(heartbeat, 0)
    beat(heartbeat, 5, BeatNews.FOREIGN)
    beat(heartbeat, 6)
    assert heartbeat.problem(7 * SECOND) == "another engine beats on this account: no word"


# --- stories of a run: F11, F25, F30 ----------------------------------------


def test_one_lost_heartbeat_costs_nothing():
    stage = LiveStage()
    stage.switch(14, beats_up=False)
    stage.switch(16, beats_up=True)
    stage.live(30)
    assert stage.states("heartbeat") == ["WAITING", "BEATING", "LATE", "BEATING"]
    assert [at for at in stage.times(Cancel) if at < 29] == []


def test_after_a_lapse_the_account_is_read_at_once_and_on_the_way_back():
    stage = LiveStage()
    stage.switch(12, beats_up=False)
    stage.switch(32, beats_up=True)
    stage.live(40)
    causes = {read.cause: at for at, read in stage.commands(ReadAccount)}
    assert 20 <= causes["the heartbeat lapsed"] <= 20.3
    assert 32 <= causes["the heartbeat is back"] <= 34.3
    assert stage.quoting(37)


def test_the_beat_of_another_engine_halts_and_leaves_its_orders_alone():
    stage = LiveStage()
    stage.account.foreign = (stranger(),)
    stage.tell(10, told_beat(BeatNews.FOREIGN))
    stage.live(30)
    assert stage.engine.outcome is Outcome.HALTED
    assert stage.engine.cause == "another engine beats on this account: told so"
    assert stage.history[-1].done
    assert stage.history[-1].event.at < moment(10.5)
    assert stage.times(CancelAll) == []
    assert len(stage.times(StopHeartbeat)) == 1
    assert stage.account.foreign


def test_the_operator_may_cancel_everything_also_where_another_engine_is_on_the_account():
    stage = LiveStage()
    stage.account.foreign = (stranger(),)
    stage.switch(9, others_place_anew=True)
    stage.tell(11, told_beat(BeatNews.FOREIGN))
    stage.tell(11.01, kill)
    stage.live(12)
    assert stage.times(CancelAll)[0] == 11.01
    assert len(stage.times(StopHeartbeat)) == 1

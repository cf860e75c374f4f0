"""Everything is cancelled again and again until the list of open orders was read empty after it."""

from pmm.commands import CancelAll, ReadAccount, StopHeartbeat
from pmm.core.account_watch import AccountLimits, AccountWatch
from pmm.core.engine import Outcome
from pmm.core.step import StepBuilder
from pmm.core.sweep import Sweep
from pmm.events import AccountRead, Canceled, Timer
from pmm.model import SECOND
from tests.support.account import LiveStage, kill, moment, stranger
from tests.support.story import START


def started(at=0):
    sweep = Sweep()
    out = StepBuilder(Timer(at))
    sweep.start("drill", out)
    return sweep, out.commands


def cancels(sweep, until):
    """The seconds at which everything is cancelled once more."""
    times = []
    while sweep.next_at <= until * SECOND:
        at = sweep.next_at
        assert sweep.on_due(at, StepBuilder(Timer(at)))
        times.append(at // SECOND)
    return times


def test_the_first_act_is_the_cancel():
    assert started()[1] == [CancelAll("drill")]


def test_it_is_started_once():
    sweep, _ = started()
    out = StepBuilder(Timer(1))
    sweep.start("again", out)
    assert (out.commands, sweep.cause) == ([], "drill")


def test_it_goes_on_after_one_two_and_every_five_seconds():
    assert cancels(started()[0], 24) == [1, 3, 8, 13, 18, 23]


def test_without_a_start_nothing_is_due():
    assert not Sweep().on_due(100 * SECOND, StepBuilder(Timer(100 * SECOND)))


def test_only_an_empty_list_that_was_asked_for_after_the_last_cancel_is_proof():
    sweep, _ = started(5)
    assert sweep.on_read(AccountRead(7, 4), ours_open=False) is not None
    assert not sweep.clean
    assert sweep.on_read(AccountRead(7, 5, (stranger(),)), ours_open=False) is not None
    assert sweep.on_read(AccountRead(7, 6), ours_open=True) is not None
    assert not sweep.clean
    assert sweep.on_read(AccountRead(7, 6), ours_open=False) is None
    assert sweep.clean


def test_one_more_cancel_needs_one_more_proof():
    sweep, _ = started()
    sweep.on_read(AccountRead(2, 1), ours_open=False)
    cancels(sweep, 1)
    assert not sweep.clean


def test_looks_at_a_list_that_is_not_empty_come_soon_at_first():
    sweep, _ = started()
    looks = [sweep.on_read(AccountRead(0, 0), ours_open=True) / SECOND for _ in range(6)]
    assert looks == [0.25, 0.5, 1, 2, 4, 4]


def test_the_moment_when_the_last_order_of_ours_is_over_is_noticed_once():
    sweep, _ = started()
    assert [sweep.emptied(ours_open=ours) for ours in (True, True, False, False)] == [False, False, True, False]


# --- stories of a run ----------------------------------------


def test_a_kill_cancels_everything_at_once_and_ends_when_the_list_was_read_empty():
    stage = LiveStage()
    stage.account.foreign = (stranger(),)
    stage.tell(10, kill)
    stage.live(30)
    step = next(step for step in stage.history if step.event.at == moment(10) and step.commands)
    assert [type(command) for command in step.commands[:2]] == [CancelAll, StopHeartbeat]
    assert stage.history[-1].done
    assert stage.history[-1].event.at <= moment(10.3)
    assert (stage.account.foreign, stage.account.resting, stage.account.beating) == ((), {}, False)
    assert stage.states("heartbeat")[-1] == "OFF"


def test_a_kill_that_nobody_answers_goes_on_for_ever_and_is_never_done():
    stage = LiveStage()
    stage.switch(9, rest_up=False)
    stage.tell(10, kill)
    stage.live(30)
    assert stage.times(CancelAll) == [10, 11, 13, 18, 23, 28, 33, 38]
    assert len(stage.times(StopHeartbeat)) == 1
    assert not stage.history[-1].done


def test_a_kill_is_not_done_while_others_place_anew():
    stage = LiveStage()
    stage.account.foreign = (stranger(),)
    stage.switch(9, others_place_anew=True)
    stage.tell(10, kill)
    stage.switch(12, others_place_anew=False)
    stage.live(30)
    assert stage.times(CancelAll) == [10, 11, 13]
    assert len([at for at in stage.times(ReadAccount) if 10 <= at < 11]) == 4
    assert stage.history[-1].done
    assert 13 <= (stage.history[-1].event.at - START) / SECOND <= 13.5


def test_every_halt_is_a_kill():
    stage = LiveStage()
    stage.tell(10, lambda at: Canceled(at, "unheard-of"))
    stage.live(30)
    assert stage.engine.outcome is Outcome.HALTED
    assert stage.history[-1].done
    assert stage.times(CancelAll)[0] == 10


def test_the_list_is_read_as_soon_as_the_last_order_of_ours_is_over():
    watch = AccountWatch(AccountLimits())
    watch.kill("drill", StepBuilder(Timer(START)))

    def reads_at(seconds, *, ours_open):
        out = StepBuilder(Timer(moment(seconds)))
        watch.finish(out, ours_open=ours_open)
        return [command.cause for command in out.commands]

    reads_at(0, ours_open=True)
    watch.on_read(AccountRead(moment(0.5), moment(0.5), (), None), dict, StepBuilder(Timer(START)), ours_open=False)
    assert reads_at(0.5, ours_open=True) == []
    assert reads_at(0.9, ours_open=False) == ["kill switch"]

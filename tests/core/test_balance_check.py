"""The account holds what fills say; what they do not explain is announced, and a great loss halts."""

import pytest

from pmm.account import Balances, TradeStatus
from pmm.commands import Cancel, CancelAll
from pmm.core.balance_check import BalanceCheck, Booked, Span, booked_in
from pmm.core.engine import Outcome
from pmm.core.ledger import Ledger
from pmm.core.rule import Stage, Trip
from pmm.core.step import Fill, StepBuilder
from pmm.events import Settled, Timer
from pmm.model import GRID, Side
from pmm.rules.balance_drop import BalanceDrop, BalanceDropLimits
from tests.support.account import USD, LiveStage, moment
from tests.support.risk import account
from tests.support.story import CONDITION, YES, shares


class Check:
    """A check whose balances and bookings a test sets in dollars and shares, and what its rule says of them."""

    def __init__(self, *, cash=100, held=0):
        self.check = BalanceCheck()
        self.rule = BalanceDrop(BalanceDropLimits(20))
        self.read(cash=cash, held=held)

    @property
    def stage(self):
        check = self.check
        said = self.rule.judge(account(worth=check.worth, missing=check.missing, missing_before=check.missing_before))
        return said.stage if isinstance(said, Trip) else Stage.NONE

    def read(self, *, cash, held=0, booked=(0, 0), booked_cash=(0, 0), mark="0.5"):
        self.out = StepBuilder(Timer(1))
        balances = Balances(round(cash * USD), {YES: shares(held)}, {})
        spans = Span(*(round(one * USD) for one in booked_cash)), {YES: Span(*(shares(one) for one in booked))}
        self.check.on_read(balances, Booked(*spans, {YES: round(2 * float(mark) * GRID)}), self.out)
        return [(change.subject, change.cause) for change in self.out.changes]


@pytest.mark.parametrize(("value", "miss"), [(4, -1), (5, 0), (7, 0), (9, 0), (12, 3)])
def test_a_span_misses_what_lies_outside(value, miss):
    assert Span(5, 9).miss(value) == miss


@pytest.mark.parametrize(
    ("side", "cash", "held"),
    [(Side.BUY, Span(-4 * USD, 0), Span(0, shares(10))), (Side.SELL, Span(0, 4 * USD), Span(-shares(10), 0))],
)
def test_a_pending_fill_may_be_in_the_balances_or_not(side, cash, held):
    ledger = Ledger()
    fill = Fill(1, "o1", "t1", CONDITION, YES, True, side, 4000, shares(10), side.sign * 4 * USD, GRID)
    ledger.fill(fill)
    pending = booked_in(ledger, [fill], [])
    assert (pending.cash, pending.shares) == (cash, {YES: held})
    settled = booked_in(ledger, [], [])
    assert settled.cash == Span(-side.sign * 4 * USD, -side.sign * 4 * USD)


def test_what_fills_explain_is_no_matter():
    check = Check(cash=100, held=10)
    for _ in range(3):
        assert check.read(cash=95, held=20, booked=(10, 10), booked_cash=(-5, -5)) == []


@pytest.mark.parametrize(("cash", "held"), [(100, 0), (95, 10), (100, 10), (95, 0)])
def test_trades_under_way_may_have_settled_or_not(cash, held):
    check = Check()
    for _ in range(3):
        assert check.read(cash=cash, held=held, booked=(0, 10), booked_cash=(-5, 0)) == []


def test_a_difference_in_one_read_is_only_noted():
    check = Check()
    assert check.read(cash=97) == []
    assert check.read(cash=100) == []
    assert check.read(cash=97) == []


def test_a_difference_in_two_reads_is_announced_once_and_taken_as_it_is():
    check = Check()
    check.read(cash=97)
    assert check.read(cash=97) == [("cash", "3 USD less than our fills explain, in two reads")]
    assert check.read(cash=97) == []
    check.read(cash=100)
    assert check.read(cash=100) == [("cash", "3 USD more than our fills explain, in two reads")]


def test_shares_that_came_from_nowhere_are_named():
    check = Check()
    check.read(cash=100, held=2)
    assert check.read(cash=100, held=2) == [
        (f"token {YES[:10]}...", "2 shares more than our fills explain, in two reads")
    ]


def test_dust_is_no_difference():
    check = Check()
    for _ in range(3):
        assert check.read(cash=99.995, held=0.005) == []


def test_a_great_loss_halts_when_a_second_read_shows_it_and_forbids_placing_until_then():
    check = Check()
    check.read(cash=79)
    assert check.stage is Stage.CANCEL
    check.read(cash=79)
    assert check.stage is Stage.HALT


def test_what_is_missing_is_kept_for_this_read_and_the_one_before():
    check = Check(cash=100)
    seen = []
    for cash in (97, 80, 101):
        check.read(cash=cash)
        seen.append([round(one / USD) for one in (check.check.worth, check.check.missing, check.check.missing_before)])
    assert seen == [[100, 3, 0], [100, 20, 3], [100, -1, 20]]


def test_a_loss_of_exactly_the_limit_is_none():
    check = Check()
    check.read(cash=80)
    assert check.stage is Stage.NONE


def test_a_loss_in_small_steps_halts_as_well():
    check, halted_at = Check(), None
    for cash in range(99, 70, -1):
        for _ in range(2):
            check.read(cash=cash)
            halted_at = halted_at or (cash if check.stage is Stage.HALT else None)
    assert halted_at == 79


def test_shares_count_at_their_mark():
    check = Check(cash=50, held=100)
    check.read(cash=50, held=50)
    assert check.stage is Stage.CANCEL
    cheap = Check(cash=90, held=100)
    cheap.read(cash=90, held=0, mark="0.1")
    assert cheap.stage is Stage.NONE


def test_cash_that_became_shares_is_no_loss_even_before_the_fill_is_told():
    check = Check()
    check.read(cash=50, held=100)
    assert check.stage is Stage.NONE


def test_a_fall_of_the_price_is_no_loss_of_balance():
    check = Check(cash=10, held=100)
    check.read(cash=10, held=100, mark="0.1")
    assert check.stage is Stage.NONE


def test_a_token_seen_for_the_first_time_starts_from_there():
    check = Check()
    other = Balances(100 * USD, {"777": shares(5)}, {})
    out = StepBuilder(Timer(1))
    for _ in range(3):
        check.check.on_read(other, Booked(Span(0, 0), {}, {}), out)
    assert out.changes == []


# --- stories of a run: B098 ----------------------------------------


def test_a_drop_of_balance_that_no_fill_explains_stops_quoting_at_once_and_halts_when_read_again():
    stage = LiveStage()
    stage.switch(20, cash=700 * USD)
    stage.live(60)
    assert stage.engine.outcome is Outcome.HALTED
    assert stage.engine.cause == ("balance drop: the account is worth 700 USD, 300 USD less than its fills explain")
    assert 35 <= stage.times(CancelAll)[0] <= 35.5
    assert stage.times(Cancel)[0] <= 30.5


def test_a_drop_that_the_next_read_takes_back_costs_a_pause():
    stage = LiveStage()
    stage.switch(29, cash=700 * USD)
    stage.switch(31, cash=1000 * USD)
    stage.live(60)
    assert stage.engine.outcome is Outcome.STOPPED
    assert stage.quoting(40)


@pytest.mark.parametrize("settled", [False, True])
def test_fills_explain_balances_while_they_are_pending_and_after(settled):
    stage = LiveStage()
    account = stage.account
    account.later(moment(20), lambda at: account.fill(next(iter(account.resting)), at))
    if settled:
        account.later(moment(21), lambda at: [Settled(at, "dry-1", "t1", TradeStatus.CONFIRMED)])
    stage.live(130)
    assert stage.changes("balance") == []
    assert stage.engine.outcome is Outcome.STOPPED


def test_a_fill_that_nobody_told_is_announced_and_no_reason_to_halt():
    stage = LiveStage()
    account = stage.account
    account.later(moment(20), lambda at: account.fill(next(iter(account.resting)), at)[1:])
    stage.live(100)
    assert {change.subject[:5] for change in stage.changes("balance")} == {"cash", "token"}
    assert stage.engine.outcome is Outcome.STOPPED

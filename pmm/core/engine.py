"""The bot as one function: `Engine.step(event) -> Step`.

Synchronous, no I/O, and no clock but the event's own.  The same object runs live, dry, in a backtest and under
simulated faults.  The order of work is always the same: take the event in, judge what may be quoted, ask the strategy
what should be working, reconcile that with what is working.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

from pmm._fast import Books
from pmm.core.account_watch import AccountWatch
from pmm.core.balance_check import BALANCE_DROP, Booked, booked_in
from pmm.core.config import EngineConfig
from pmm.core.daily_loss import DailyLoss
from pmm.core.desk import Desk, OrderNews
from pmm.core.guard import Guard, Rules
from pmm.core.judging import Judging
from pmm.core.market_data import MarketData
from pmm.core.markets import QuotedMarket
from pmm.core.orders import Orders
from pmm.core.quoting import Quoting
from pmm.core.risk import Risk
from pmm.core.risk_facts import RiskFacts
from pmm.core.scoring import Scoring, rivalry
from pmm.core.step import Step, StepBuilder
from pmm.core.view import Strategy, View
from pmm.errors import ImpossibleMove
from pmm.events import (
    AccountRead,
    Adopted,
    Beat,
    BookRead,
    Event,
    FeedSignal,
    Frame,
    MarketDropped,
    MarketListed,
    Operator,
    OperatorAction,
    Rejected,
    Scored,
    Settled,
    Timer,
    UserSignal,
    VenueNews,
    Wake,
)
from pmm.model import ConditionId, Nanos

__all__ = ["Engine", "EngineConfig", "Outcome"]


class Outcome(StrEnum):
    """Why the engine wants nothing any more, or that it still runs."""

    RUNNING = "running"
    STOPPED = "stopped"
    FEED_FAILED = "feed_failed"
    HALTED = "halted"


class Engine:
    """Feed it every event in order, carry out the commands of every step, stop when a step is `done`.

    `rules` limit what it does, in their order and each in its mode; without any, nothing does.
    """

    def __init__(self, strategy: Strategy, config: EngineConfig | None = None, rules: Rules = ()) -> None:
        self.config = config or EngineConfig()
        self.data = MarketData(self.config.feed, self.config.trust, self.config.fallback, self.config.regime)
        self.risk = Risk()
        self.guard = Guard(rules)
        self.account = AccountWatch(self.config.account)
        self.desk = Desk(self.config.terms, self.account.want)
        self.daily = DailyLoss(self.config.before)
        facts = RiskFacts(self.desk, self.daily, self.account)
        self.quoting = Quoting(strategy, self.config, self.desk, self.guard, facts, self._on_error)
        self.judging = Judging(self.data, self.desk, self.daily, self.guard, facts, self.risk, self.quoting.view)
        self.scoring = Scoring(self.config.reward_age)
        self.outcome = Outcome.RUNNING
        self.cause = ""
        self.paused = False

    @property
    def books(self) -> Books:
        """The kernel books of the first connection."""
        return self.data.books

    @property
    def markets(self) -> dict[ConditionId, QuotedMarket]:
        return self.data.markets

    @property
    def orders(self) -> Orders:
        return self.desk.orders

    def step(self, event: Event) -> Step:
        """Take one event in.  Returns its effects; raises nothing that an event from outside can cause."""
        out, data, account, desk = StepBuilder(event), self.data, self.account, self.desk
        freedom = self.risk.state
        try:
            due = data.wake_at
            if due is not None and due <= event.at:
                self._decide(data.on_due(event.at, out), out)
            if account.wake_at is not None and account.wake_at <= event.at:
                account.on_due(event.at, out)
                self._decide(self.markets.values(), out)
            if desk.wake_at is not None and desk.wake_at <= event.at:
                self._decide_in(desk.on_due(event.at, out), out)
            self._take(event, out)
            self._decide(self.quoting.stirred(), out)
            if self.risk.state != freedom:
                self._decide(self.markets.values(), out)  # what rules say of the account holds everywhere, at once
        except ImpossibleMove as error:
            self._halt(error.message, out)
            self._decide(self.markets.values(), out)
        done = self.outcome is not Outcome.RUNNING and desk.settled_up and account.may_end
        if done:
            data.stop(out)
        else:
            data.finish(out)
            if out.commands:
                desk.activity.count(out)
            if account.active:
                account.finish(out, ours_open=not desk.empty)
        return out.build(done=done, wake_at=_earliest(_earliest(data.wake_at, desk.wake_at), account.wake_at))

    def healthy(self, at: Nanos) -> str | None:
        """The first check that says that nothing at all can be quoted, or None."""
        return self._forbidden(at) or self.data.problem(at)

    def _forbidden(self, at: Nanos) -> str | None:
        """Why nothing may be quoted, whatever the market data is worth."""
        return self._stopped() or self.account.problem(at)

    def _stopped(self) -> str | None:
        """Why nothing is wanted any more, or not until somebody says so."""
        if self.outcome is not Outcome.RUNNING:
            return f"{self.outcome}: {self.cause}" if self.cause else str(self.outcome)
        if self.paused:
            return "paused by the operator"
        return self.risk.problem()

    # --- taking events in -----------------------------------------------------------------------------------------

    def _take(self, event: Event, out: StepBuilder) -> None:
        match event:
            case Frame():
                self._decide(self.data.on_frame(event, out), out)
            case Timer():
                self._on_timer(event.at, out)
            case Wake():
                pass  # what was due has been looked at
            case BookRead():
                self._decide(self.data.on_read(event, out), out)
            case FeedSignal():
                self.data.on_signal(event, out)
                self._judge_feed()
                self._decide(self.markets.values(), out)
            case MarketListed():
                self._on_listed(event, out)
            case MarketDropped():
                self._on_dropped(event, out)
            case Operator():
                self._on_operator(event, out)
            case VenueNews() | Beat() | UserSignal() | AccountRead():
                self._on_account(event, out)
            case Scored():
                self._on_scored(event, out)
            case _:
                self._on_order(event, out)

    def _on_timer(self, at: Nanos, out: StepBuilder) -> None:
        self.data.on_time(at, out)
        self.desk.on_time(at, out)
        self._judge_feed()
        self._heed(self.judging.everything(out), out)
        self.quoting.sample(self.markets.values(), out)
        self._decide(self.markets.values(), out, announce=True)

    def _on_listed(self, event: MarketListed, out: StepBuilder) -> None:
        quoted = self.data.list_market(event, out)
        if quoted is None:
            return
        self.desk.list_market(quoted)
        if quoted.moved():
            self._decide([quoted], out)

    def _on_dropped(self, event: MarketDropped, out: StepBuilder) -> None:
        quoted = self.data.drop_market(event.condition_id)
        if quoted is not None:
            self._decide([quoted], out, announce=True)

    def _on_operator(self, event: Operator, out: StepBuilder) -> None:
        match event.action:
            case OperatorAction.STOP:
                self._end(Outcome.STOPPED, event.reason)
            case OperatorAction.KILL:
                cause = event.reason or "kill switch"
                self.account.kill(cause, out, by_operator=True)
                self._halt(cause, out)
            case OperatorAction.PAUSE:
                self.paused = True
            case OperatorAction.RESUME:
                self.paused = False
            case OperatorAction.RESET:
                self._reset(out)
            case OperatorAction.RESET_DAY:
                self.daily.reset(event.reason, self.data.held(), out)
            case _:
                assert_never(event.action)
        self._decide(self.markets.values(), out)

    def _on_order(self, news: OrderNews, out: StepBuilder) -> None:
        order = self.orders.get(news.order_id)
        if order is None and not isinstance(news, Adopted | Settled):
            self._halt(f"news of an order that is not ours: {news.order_id}", out)
            self._decide(self.markets.values(), out)
            return
        market = news.market if isinstance(news, Adopted) else order.market if order is not None else ""
        # One that we take back before it is sent is no error.
        refused = isinstance(news, Rejected) and order is not None and order.state != "CANCEL_PENDING"
        quoted = self._market(market)
        self.desk.take(news, quoted, out)
        if quoted is not None and not out.reversals:
            quoted.on_fills(out.fills)
        if out.fills or out.reversals:
            traded = [] if quoted is None or quoted.dropped else [quoted]
            self._heed(self.judging.markets(traded, out), out)
        if refused:
            self._on_error(out)
        if out.reversals or not isinstance(news, Settled):
            self._decide_in([market], out)

    def _on_scored(self, event: Scored, out: StepBuilder) -> None:
        self.scoring.take(event, self.orders, lambda market: self._seen(market, event.at), out)
        for market, share in event.shares:
            view = self._seen(market, event.at)
            if view is not None:
                self.markets[market].rivalry = rivalry(view, share)

    def _seen(self, market: ConditionId, at: Nanos) -> View | None:
        """A market and our orders in it; None where its book says nothing."""
        quoted = self.markets.get(market)
        return None if quoted is None or quoted.held or quoted.problem() else self.quoting.glance(quoted, at)

    def _market(self, market: ConditionId) -> QuotedMarket | None:
        """A market that orders of ours are in: quoted now, dropped since, or None where it was never listed."""
        return self.markets.get(market) or next((one for one in self.data.held() if one.condition_id == market), None)

    def _on_account(self, event: VenueNews | Beat | UserSignal | AccountRead, out: StepBuilder) -> None:
        halt = ""
        if isinstance(event, AccountRead) and not event.failed:
            self.desk.exposure.see(event.foreign)
            if event.balances is not None and self.account.active:
                self.desk.open_with(event.balances, event.asked_at, self.data.held())
        match event:
            case VenueNews():
                self.account.on_news(event, out)
            case Beat():
                halt = self.account.on_beat(event, out)
            case UserSignal():
                self.account.on_user(event)
            case AccountRead():
                self.account.on_read(event, self._booked, out, ours_open=not self.desk.empty)
                self._judge_read(event, out)
            case _:
                assert_never(event)
        if halt:
            self._halt(halt, out)
        self._decide(self.markets.values(), out)

    def _booked(self) -> Booked:
        return booked_in(self.desk.ledger, self.desk.settlements.pending(), self.data.held())

    # --- judging --------------------------------------------------------------------------------------------------

    def _judge_feed(self) -> None:
        if self.data.failure:
            self._end(Outcome.FEED_FAILED, self.data.failure)

    def _on_error(self, out: StepBuilder) -> None:
        """The venue refused something, or the strategy failed."""
        self.desk.activity.error(out.event.at)
        self._heed(self.judging.account(out), out)

    def _judge_read(self, read: AccountRead, out: StepBuilder) -> None:
        """Orders of others, and balances, may be what a limit waits for."""
        if read.failed or not self.account.active:
            return
        self._heed(self.judging.everything(out), out)
        said = self.guard.said(BALANCE_DROP)
        if said is not None and read.balances is not None:
            self.account.doubt_balances(read)

    def _heed(self, halt: str, out: StepBuilder) -> None:
        if halt and self.outcome is not Outcome.HALTED:
            self._halt(halt, out)

    def _halt(self, cause: str, out: StepBuilder) -> None:
        self.account.kill(cause, out)
        self.risk.halt(cause, out)
        self._end(Outcome.HALTED, cause)

    def _end(self, outcome: Outcome, cause: str) -> None:
        """Want nothing from now on; a halt wins over every other reason, the first of the others over the later."""
        if self.outcome is Outcome.RUNNING or outcome is Outcome.HALTED:
            self.outcome, self.cause = outcome, cause

    def _reset(self, out: StepBuilder) -> None:
        """Leave the ERROR of the feed; a halt is another matter."""
        self.data.reset(out)
        if self.outcome is Outcome.FEED_FAILED:
            self.outcome, self.cause = Outcome.RUNNING, ""

    # --- deciding -------------------------------------------------------------------------------------------------

    def _decide_in(self, markets: Iterable[ConditionId], out: StepBuilder) -> None:
        """Decide on markets with orders of ours; in those that are not quoted, none is wanted."""
        for market in markets:
            quoted = self._market(market)
            if quoted is None:
                self.desk.abandon(market, out)
            else:
                self._decide([quoted], out)

    def _decide(self, markets: Iterable[QuotedMarket], out: StepBuilder, *, announce: bool = False) -> None:
        """Ask what should be working in these markets, and send what is missing."""
        at = out.event.at
        for quoted in tuple(markets):
            problem = self._forbidden(at)
            if quoted.held and problem is None:
                continue  # the middle of a batch: what works stays, until the book makes sense or is doubted
            problem = problem or quoted.problem()
            self.quoting.decide(quoted, problem, out, stopped=self._stopped() is not None, announce=announce)
            if quoted.dropped and not any(self.orders.open(quoted.condition_id)):
                self._retire(quoted)

    def _retire(self, quoted: QuotedMarket) -> None:
        if quoted.condition_id in self.markets:
            self.data.retire(quoted)
            self.guard.forget(quoted.condition_id)


def _earliest(one: Nanos | None, other: Nanos | None) -> Nanos | None:
    return one if other is None or (one is not None and one <= other) else other

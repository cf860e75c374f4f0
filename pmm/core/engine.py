"""The bot as one function: `Engine.step(event) -> Step`.

Synchronous, no I/O, and no clock but the event's own.  The same object runs live, dry, in a backtest and under
simulated faults.  The order of work is always the same: take the event in, judge what may be quoted, ask the strategy
what should be working, reconcile that with what is working.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from pmm._fast import Books
from pmm.commands import Cancel, Place, Reconnect
from pmm.core.feed import FEED, Connection, FeedLimits
from pmm.core.markets import QuotedMarket
from pmm.core.orders import ORDER, Order, Orders, trigger_of
from pmm.core.placement import leg_for
from pmm.core.reconcile import reconcile
from pmm.core.risk import RISK, Risk, RiskLimits
from pmm.core.step import Change, Decision, Fill, Step, StepBuilder
from pmm.core.view import QuoteSide, Strategy, Target, Targets, View
from pmm.errors import ImpossibleMove
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Event,
    ExecReport,
    FeedSignal,
    Filled,
    Frame,
    MarketListed,
    Operator,
    OperatorAction,
    Rejected,
    Timer,
    Unanswered,
)
from pmm.fsm import Stateful, Table
from pmm.model import SECOND, SHARE, ConditionId, Nanos, Price, Size, size_text

# A book that stays doubtful is fetched anew, but not more often than this.
RESYNC_INTERVAL: Nanos = 5 * SECOND


class Outcome(StrEnum):
    """Why the engine wants nothing any more, or that it still runs."""

    RUNNING = "running"
    STOPPED = "stopped"
    FEED_FAILED = "feed_failed"
    HALTED = "halted"


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`requote_threshold` in price units, `max_position` in micro-shares of net YES per market."""

    requote_threshold: Price = 200
    max_position: Size = 100 * SHARE
    feed: FeedLimits = field(default_factory=FeedLimits)
    risk: RiskLimits = field(default_factory=RiskLimits)
    order_prefix: str = "dry-"


class Engine:
    """Feed it every event in order, carry out the commands of every step, stop when a step is `done`."""

    def __init__(self, strategy: Strategy, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self.strategy = strategy
        self.books = Books()
        self.orders = Orders()
        self.risk = Risk(self.config.risk)
        self.markets: dict[ConditionId, QuotedMarket] = {}
        self.connections: dict[int, Connection] = {}
        self.outcome = Outcome.RUNNING
        self.cause = ""
        self.paused = False
        self._by_index: dict[int, QuotedMarket] = {}
        self._order_count = 0
        self._resync_at: dict[int, Nanos] = {}
        self._resync_wanted: dict[int, str] = {}  # connection to cause, until it may be asked for

    def step(self, event: Event) -> Step:
        """Take one event in.  Returns its effects; raises nothing that an event from outside can cause."""
        out = StepBuilder(event)
        try:
            self._take(event, out)
        except ImpossibleMove as error:
            self._halt(error.message, out)
            self._decide_all(out)
        done = self.outcome is not Outcome.RUNNING and not any(self.orders.open())
        if done:
            self._stop_feeds(event.at, out)
        return out.build(done=done)

    def healthy(self, at: Nanos) -> str | None:
        """The first check that forbids quoting anything at all, or None."""
        if self.outcome is not Outcome.RUNNING:
            return f"{self.outcome}: {self.cause}" if self.cause else str(self.outcome)
        if self.paused:
            return "paused by the operator"
        if not self.connections:
            return "feed is STOPPED"
        problems = (connection.problem(at) for connection in self.connections.values())
        return next(filter(None, problems), None) or self.risk.problem()

    # --- taking events in -----------------------------------------------------------------------------------------

    def _take(self, event: Event, out: StepBuilder) -> None:
        match event:
            case Frame():
                self._on_frame(event, out)
            case Timer():
                self._on_timer(event.at, out)
            case FeedSignal():
                self._on_signal(event, out)
            case MarketListed():
                self._on_market(event)
            case Operator():
                self._on_operator(event, out)
            case Accepted() | Rejected() | Canceled() | CancelRejected() | Filled() | Unanswered():
                self._on_report(event, out)
            case _:
                assert_never(event)

    def _on_market(self, event: MarketListed) -> None:
        market = event.market
        known = self.markets.get(market.condition_id)
        if known is not None:
            known.market = market
            return
        yes, no = (self.books.add(token.token_id, market.tick) for token in market.tokens)
        quoted = QuotedMarket(market, yes, no, self.books.book(yes))
        self.markets[market.condition_id] = self._by_index[yes] = self._by_index[no] = quoted

    def _on_frame(self, event: Frame, out: StepBuilder) -> None:
        connection = self._connection(event.connection)
        touched = self.books.feed(event.data)
        if touched < 0:
            self._resync(event.connection, f"frame refused (code {touched})", event.at, out)
            return
        if touched == 0 and not self.books.trades:
            return
        self._fire(FEED, connection, connection.on_data(event.at), event.at, f"feed {event.connection}", "data", out)
        for index, tick in self.books.ticks:
            self._by_index[index].on_tick(tick)
        for quoted in {id(self._by_index[i]): self._by_index[i] for i in self.books.touched}.values():
            if quoted.moved(self.books):
                self._decide(quoted, event.at, out)

    def _on_timer(self, at: Nanos, out: StepBuilder) -> None:
        for number, connection in self.connections.items():
            trigger = connection.overdue(at)
            self._fire(FEED, connection, trigger, at, f"feed {number}", "silence", out)
            if trigger == "stale":
                self._forget_books()
                out.commands.append(Reconnect(number, "no market data within the limit"))
            elif trigger == "fail":
                self._end(Outcome.FEED_FAILED, "the venue accepted the subscription and sent no market data")
        self._fire(RISK, self.risk, self.risk.on_time(at), at, "risk", "the cool-down is over", out)
        self._judge_positions(at, out)
        for quoted in self.markets.values():
            self._check_book(quoted, at, out)
        self._fetch_books(at, out)
        self._decide_all(out, announce=True)

    def _on_signal(self, event: FeedSignal, out: StepBuilder) -> None:
        connection = self._connection(event.connection)
        trigger = connection.on_news(event.news, event.at)
        connection.cause = event.cause
        self._fire(FEED, connection, trigger, event.at, f"feed {event.connection}", event.cause, out)
        if trigger == "lost":
            self._resync_wanted.pop(event.connection, None)
            self._forget_books()
        if trigger == "fail":
            self._end(Outcome.FEED_FAILED, event.cause)
        self._decide_all(out)

    def _on_operator(self, event: Operator, out: StepBuilder) -> None:
        match event.action:
            case OperatorAction.STOP:
                self._end(Outcome.STOPPED, event.reason)
            case OperatorAction.KILL:
                self._halt(event.reason or "kill switch", out)
            case OperatorAction.PAUSE:
                self.paused = True
            case OperatorAction.RESUME:
                self.paused = False
            case _:
                assert_never(event.action)
        self._decide_all(out)

    def _on_report(self, report: ExecReport, out: StepBuilder) -> None:
        order = self.orders.get(report.order_id)
        if order is None:
            self._halt(f"exec report for an order that is not ours: {report.order_id}", out)
            self._decide_all(out)
            return
        if isinstance(report, Filled) and report.trade_id in order.trades:
            return  # told twice, booked once
        cause = getattr(report, "reason", "") or getattr(report, "cause", "")
        trigger = trigger_of(order, report)
        if isinstance(report, Filled):
            self._book_fill(order, report, out)
        self._fire(ORDER, order, trigger, report.at, order.order_id, cause, out)
        self.orders.refresh(order)
        if isinstance(report, Rejected):
            self._fire(RISK, self.risk, self.risk.on_error(report.at), report.at, "risk", report.reason, out)
        self._decide(self.markets[order.market], report.at, out)

    def _book_fill(self, order: Order, report: Filled, out: StepBuilder) -> None:
        quoted = self.markets[order.market]
        is_yes = order.token == quoted.market.yes
        paid = quoted.position.apply(order.side, report.price, report.size, is_yes=is_yes)
        order.filled += report.size
        order.trades.add(report.trade_id)
        out.fills.append(
            Fill(
                report.at,
                order.order_id,
                report.trade_id,
                order.market,
                order.token,
                is_yes,
                order.side,
                report.price,
                report.size,
                paid,
                quoted.mark2(),
            )
        )
        self._judge_positions(report.at, out)

    def _judge_positions(self, at: Nanos, out: StepBuilder) -> None:
        worst = max((abs(quoted.position.net) for quoted in self.markets.values()), default=0)
        trigger = self.risk.on_position(at_limit=worst >= self.config.max_position)
        cause = f"largest position {size_text(worst)} of {size_text(self.config.max_position)} shares"
        self._fire(RISK, self.risk, trigger, at, "risk", cause, out)

    # --- deciding -------------------------------------------------------------------------------------------------

    def _decide_all(self, out: StepBuilder, *, announce: bool = False) -> None:
        for quoted in self.markets.values():
            self._decide(quoted, out.event.at, out, announce=announce)

    def _decide(self, quoted: QuotedMarket, at: Nanos, out: StepBuilder, *, announce: bool = False) -> None:
        targets = self._targets(quoted, at, out)
        plan = reconcile(
            targets, self.orders.open(quoted.market.condition_id), self.config.requote_threshold, quoted.market.tick
        )
        for order in plan.cancels:
            self._fire(ORDER, order, "cancel", at, order.order_id, targets.reason or "requote", out)
            out.commands.append(Cancel(order.order_id))
        for side, target in plan.places:
            self._place(quoted, side, target, at, out)
        if announce or not plan.empty:
            book = quoted.book
            out.decisions.append(
                Decision(
                    at,
                    quoted.market.condition_id,
                    book.best_bid,
                    book.best_ask,
                    book.mid2,
                    quoted.position.net,
                    targets,
                )
            )

    def _targets(self, quoted: QuotedMarket, at: Nanos, out: StepBuilder) -> Targets:
        problem = self.healthy(at) or quoted.problem(self.books)
        if problem is not None:
            return Targets(reason=problem)
        try:
            targets = self.strategy.decide(View(at, quoted.market, quoted.book, quoted.position.net))
        except Exception as error:  # noqa: BLE001 - a strategy is anybody's code; without its word nothing is wanted
            cause = f"strategy {self.strategy.name} failed: {error!r}"
            self._fire(RISK, self.risk, self.risk.on_error(at), at, "risk", cause, out)
            return Targets(reason=cause)
        if self.risk.state == "REDUCING":
            return _reducing_only(targets, quoted.position.net)
        return targets

    def _place(self, quoted: QuotedMarket, side: QuoteSide, target: Target, at: Nanos, out: StepBuilder) -> None:
        open_here = tuple(self.orders.open(quoted.market.condition_id))
        token, order_side, price = leg_for(side, target, quoted.market, quoted.position, open_here)
        self._order_count += 1
        order = Order(
            f"{self.config.order_prefix}{self._order_count}",
            quoted.market.condition_id,
            token,
            order_side,
            price,
            target.size,
            side,
            target.price,
            target.reference2,
            at,
        )
        self.orders.add(order)
        self._fire(ORDER, order, "send", at, order.order_id, "wanted", out)
        out.commands.append(Place(order.order_id, order.market, token, order_side, price, target.size))

    # --- state ----------------------------------------------------------------------------------------------------

    def _fire(
        self, table: Table, subject: Stateful, trigger: str | None, at: Nanos, name: str, cause: str, out: StepBuilder
    ) -> None:
        """Move a machine and announce it; a move to where it already is stays quiet."""
        if trigger is None:
            return
        old = subject.state
        row = table.fire(subject, trigger)
        if isinstance(subject, Risk):
            subject.since, subject.cause = at, cause
        if row.dest != old:
            out.changes.append(Change(at, table.name, name, old, row.dest, trigger, cause or row.why))

    def _connection(self, number: int) -> Connection:
        if number not in self.connections:
            self.connections[number] = Connection(self.config.feed)
        return self.connections[number]

    def _check_book(self, quoted: QuotedMarket, at: Nanos, out: StepBuilder) -> None:
        """A book that makes no sense from one timer to the next is fetched anew."""
        doubt = quoted.doubt(self.books)
        if doubt and quoted.doubtful:
            for number in self.connections:
                self._resync(number, f"{quoted.market.slug}: {doubt}", at, out)
        quoted.doubtful = bool(doubt)

    def _resync(self, connection: int, cause: str, at: Nanos, out: StepBuilder) -> None:
        """Forget what the books say and ask for fresh ones; quoting waits for the snapshots."""
        self._forget_books()
        self._resync_wanted[connection] = cause
        self._fetch_books(at, out)
        self._decide_all(out)

    def _fetch_books(self, at: Nanos, out: StepBuilder) -> None:
        """Ask for the snapshots that are wanted; a connection that was asked lately is asked at a later timer."""
        for number, cause in tuple(self._resync_wanted.items()):
            if at - self._resync_at.get(number, -RESYNC_INTERVAL) >= RESYNC_INTERVAL:
                del self._resync_wanted[number]
                self._resync_at[number] = at
                out.commands.append(Reconnect(number, cause))

    def _stop_feeds(self, at: Nanos, out: StepBuilder) -> None:
        """The end of a run; a feed that failed stays in ERROR, where everybody can see it."""
        for number, connection in self.connections.items():
            if connection.state != "ERROR":
                self._fire(FEED, connection, "stop", at, f"feed {number}", "the run is over", out)

    def _forget_books(self) -> None:
        for quoted in self.markets.values():
            quoted.forget(self.books)

    def _halt(self, cause: str, out: StepBuilder) -> None:
        self._fire(RISK, self.risk, "halt", out.event.at, "risk", cause, out)
        self._end(Outcome.HALTED, cause)

    def _end(self, outcome: Outcome, cause: str) -> None:
        """Want nothing from now on; a halt wins over every other reason, the first of the others over the later."""
        if self.outcome is Outcome.RUNNING or outcome is Outcome.HALTED:
            self.outcome, self.cause = outcome, cause


def _reducing_only(targets: Targets, net: Size) -> Targets:
    reason = "position limit: reducing only"
    return Targets(targets.bid if net < 0 else None, targets.ask if net > 0 else None, reason)

"""Deciding: ask the strategy what should be working, as far as risk lets it, and send what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pmm.core.config import EngineConfig
from pmm.core.desk import Desk
from pmm.core.markets import QuotedMarket
from pmm.core.reconcile import reconcile
from pmm.core.risk import Risk
from pmm.core.step import Decision, StepBuilder
from pmm.core.view import Resting, Strategy, Targets, View
from pmm.model import Nanos, Size

# Orders that are part of the book we are shown, as far as anybody can tell.
SHOWN = frozenset({"LIVE", "PARTIAL", "CANCEL_PENDING"})


class Quoting:
    """`config.account` says whether our orders are in the books we read: a dry run's are not."""

    def __init__(self, strategy: Strategy, config: EngineConfig, desk: Desk, risk: Risk) -> None:
        self.strategy = strategy
        self._config = config
        self._desk = desk
        self._risk = risk

    def decide(
        self, quoted: QuotedMarket, problem: str | None, out: StepBuilder, *, stopped: bool, announce: bool
    ) -> None:
        """Bring one market to what is wanted; nothing is while there is a `problem`.

        A decision that does something is announced, and every one where `announce` says so.
        """
        at = out.event.at
        view = self.view(quoted, at)
        targets = self._wanted(view, quoted, out) if problem is None else Targets(reason=problem)
        undecided = problem is not None and not quoted.dropped and not stopped
        working = self._desk.working(quoted.condition_id, at, undecided=undecided)
        plan = reconcile(targets, working, self._config.requote_threshold, quoted.market.tick, at)
        before = len(out.commands) + len(out.changes)
        refusal = self._desk.carry_out(plan, quoted, targets.reason or "requote", out)
        if announce or len(out.commands) + len(out.changes) != before:
            said = replace(targets, reason=refusal) if refusal else targets
            out.decisions.append(_decision(quoted, said, view))

    def view(self, quoted: QuotedMarket, at: Nanos) -> View:
        """What the strategy sees of a market."""
        own = tuple(self._own(quoted)) if self._config.account is not None else ()
        return View(at, quoted.market, quoted.book, quoted.position.net, own)

    def _own(self, quoted: QuotedMarket) -> Iterable[Resting]:
        return (
            Resting(order.quote, order.price_yes, order.size_left)
            for order in self._desk.orders.open(quoted.condition_id)
            if order.state in SHOWN
        )

    def _wanted(self, view: View, quoted: QuotedMarket, out: StepBuilder) -> Targets:
        """What the strategy wants working, as far as the risk state lets it."""
        self._desk.value(quoted, out)
        try:
            targets = self.strategy.decide(view)
        except Exception as error:  # noqa: BLE001 - a strategy is anybody's code; without its word nothing is wanted
            cause = f"strategy {self.strategy.name} failed: {error!r}"
            self._risk.move(self._risk.on_error(view.at), cause, out)
            return Targets(reason=cause)
        return _reducing_only(targets, view.position) if self._risk.state == "REDUCING" else targets


def _decision(quoted: QuotedMarket, targets: Targets, view: View) -> Decision:
    market, book = quoted.market.condition_id, quoted.book
    source = quoted.source.state.lower()
    return Decision(view.at, market, book.best_bid, book.best_ask, view.mid2, view.position, targets, source)


def _reducing_only(targets: Targets, net: Size) -> Targets:
    reason = "position limit: reducing only"
    return Targets(targets.bids if net < 0 else (), targets.asks if net > 0 else (), reason, targets.terms)

"""Deciding: ask the strategy what should be working, as far as risk lets it, and send what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pmm.core.config import EngineConfig
from pmm.core.desk import Desk
from pmm.core.explanation import Evidence, failure, seen
from pmm.core.markets import QuotedMarket
from pmm.core.reconcile import reconcile
from pmm.core.risk import Risk
from pmm.core.step import Decision, StepBuilder
from pmm.core.view import Resting, Strategy, Targets, View
from pmm.model import ConditionId, Nanos, Size

# Orders that are part of the book we are shown, as far as anybody can tell.
SHOWN = frozenset({"LIVE", "PARTIAL", "CANCEL_PENDING"})


class Quoting:
    """Between what may be quoted and what is sent."""

    def __init__(self, strategy: Strategy, config: EngineConfig, desk: Desk, risk: Risk) -> None:
        self.strategy = strategy
        self._config = config
        self._desk = desk
        self._risk = risk
        self._kept: dict[ConditionId, Targets] = {}

    def decide(
        self, quoted: QuotedMarket, problem: str | None, out: StepBuilder, *, stopped: bool, announce: bool
    ) -> None:
        """Bring one market to what is wanted; nothing is while there is a `problem`.

        A decision that does something is announced, and every one where `announce` says so.
        """
        at = out.event.at
        view = self.view(quoted, at)
        answer = self._asked(view, quoted, out) if problem is None else None
        targets = Targets(reason=problem or "") if answer is None else self._allowed(answer, view)
        undecided = problem is not None and not quoted.dropped and not stopped
        working = self._desk.working(quoted.condition_id, at, undecided=undecided)
        plan = reconcile(targets, working, self._config.requote_threshold, quoted.market.tick, at)
        before, (commands, ruled) = len(out.commands) + len(out.changes), (len(out.commands), len(out.risk))
        refusal = self._desk.carry_out(plan, quoted, targets.reason or "requote", out)
        acted = len(out.commands) + len(out.changes) != before
        if announce or acted:
            said = replace(targets, reason=refusal) if refusal else targets
            kept = None
            if self._config.explain and (acted or self._kept.get(quoted.condition_id) != said):
                self._kept[quoted.condition_id] = said
                kept = seen(self.strategy, view, answer, out.commands[commands:], out.risk[ruled:])
            out.decisions.append(_decision(quoted, said, view, kept))

    def view(self, quoted: QuotedMarket, at: Nanos) -> View:
        """What the strategy sees of a market."""
        own = tuple(self._own(quoted)) if self._config.own_shown else ()
        return View(at, quoted.market, quoted.book, quoted.position.net, own)

    def _own(self, quoted: QuotedMarket) -> Iterable[Resting]:
        return (
            Resting(order.quote, order.price_yes, order.size_left)
            for order in self._desk.orders.open(quoted.condition_id)
            if order.state in SHOWN
        )

    def _asked(self, view: View, quoted: QuotedMarket, out: StepBuilder) -> Targets:
        """The word of the strategy."""
        self._desk.value(quoted, out)
        try:
            return self.strategy.decide(view)
        except Exception as error:  # noqa: BLE001 - a strategy is anybody's code; without its word nothing is wanted
            failed = failure(self.strategy, error)
            self._risk.move(self._risk.on_error(view.at), failed.reason, out)
            return failed

    def _allowed(self, answer: Targets, view: View) -> Targets:
        """What of it the risk state lets through."""
        reducing = self._risk.state == "REDUCING" and (answer.bids or answer.asks)
        return _reducing_only(answer, view.position) if reducing else answer


def _decision(quoted: QuotedMarket, targets: Targets, view: View, evidence: Evidence | None) -> Decision:
    market, book = quoted.market.condition_id, quoted.book
    source = quoted.source.state.lower()
    touch = book.best_bid, book.best_ask
    return Decision(view.at, market, *touch, view.mid2, view.position, targets, source, evidence)


def _reducing_only(targets: Targets, net: Size) -> Targets:
    reason = "position limit: reducing only"
    return Targets(targets.bids if net < 0 else (), targets.asks if net > 0 else (), reason, targets.terms)

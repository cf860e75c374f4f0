"""Deciding: ask the strategy what should be working, as far as risk lets it, and send what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from pmm.core.asking import ask
from pmm.core.config import EngineConfig
from pmm.core.desk import Desk
from pmm.core.explanation import Evidence, seen
from pmm.core.guard import Guard, Ruling
from pmm.core.markets import QuotedMarket
from pmm.core.orders import Order
from pmm.core.reconcile import reconcile
from pmm.core.regime import Regime
from pmm.core.reward_view import sample
from pmm.core.risk_facts import RiskFacts
from pmm.core.rule import Stage, Wish
from pmm.core.siblings import Siblings
from pmm.core.signals.imbalance import LEVELS, imbalance
from pmm.core.staging import beyond_home, staged
from pmm.core.step import Decision, StepBuilder
from pmm.core.view import QuoteSide, Resting, Strategy, Targets, View, others
from pmm.model import SECOND, ConditionId, Nanos

# Orders that are part of the book we are shown, as far as anybody can tell.
SHOWN = frozenset({"LIVE", "PARTIAL", "CANCEL_PENDING"})

# The venue looks once a minute, at a moment that nobody knows.
SAMPLE_EVERY: Nanos = 5 * SECOND


# What time alone takes back, whatever the strategy.
BY_REGIME = {
    Regime.HALTED: (Stage.CANCEL, "the market's end has come"),
    Regime.REDUCE_ONLY: (Stage.REDUCE, "the market's end is near"),
}


class Quoting:
    """Between what may be quoted and what is sent.  `failed` is called when the strategy did."""

    def __init__(
        self,
        strategy: Strategy,
        config: EngineConfig,
        desk: Desk,
        guard: Guard,
        facts: RiskFacts,
        failed: Callable[[StepBuilder], None],
    ) -> None:
        self.strategy = strategy
        self._config = config
        self._desk = desk
        self._guard = guard
        self._facts = facts
        self._failed = failed
        self._stages: dict[ConditionId, Stage] = {}
        self._siblings = Siblings(desk.exposure.groups)
        self._kept: dict[ConditionId, Targets] = {}
        self._sampled_at: Nanos | None = None

    def decide(
        self, quoted: QuotedMarket, problem: str | None, out: StepBuilder, *, stopped: bool, announce: bool
    ) -> None:
        """Bring one market to what is wanted; nothing is while there is a `problem`.

        A decision that does something is announced, and every one where `announce` says so.
        """
        at = out.event.at
        view = self.view(quoted, at)
        self._siblings.decided(quoted)
        answer = self._asked(view, quoted, out) if problem is None else None
        stage, why = self._stage(view)
        targets = Targets(reason=problem or "") if answer is None else _allowed(answer, stage, why, view)
        undecided = problem is not None and not quoted.dropped and not stopped
        working = self._desk.working(quoted.condition_id, at, undecided=undecided)
        # Another stage is news by itself: what stands elsewhere moves, however little its reference did.
        threshold = self._config.requote_threshold if self._stages.get(quoted.condition_id, Stage.NONE) is stage else 0
        self._stages[quoted.condition_id] = stage
        plan = reconcile(targets, working, threshold, quoted.market.tick, at)
        before, (commands, ruled) = len(out.commands) + len(out.changes), (len(out.commands), len(out.risk))

        def check(wish: Wish) -> Ruling:
            facts = self._facts.market(quoted, view, out)
            assert facts.market is not None, "it was asked for a market"
            wait = beyond_home(wish, stage, facts.market)
            return Ruling(0, wait) if wait else self._guard.check(wish, facts)

        refusal = self._desk.carry_out(plan, quoted, targets.reason or "requote", out, check)
        acted = len(out.commands) + len(out.changes) != before
        if announce or acted:
            said = replace(targets, reason=refusal) if refusal else targets
            kept = None
            if self._config.explain and (acted or self._kept.get(quoted.condition_id) != said):
                self._kept[quoted.condition_id] = said
                said_by = [*self._guard.heard(quoted.condition_id), *out.risk[ruled:]]
                kept = seen(self.strategy, view, answer, out.commands[commands:], said_by, stage)
            out.decisions.append(_decision(quoted, said, view, kept))

    def sample(self, markets: Iterable[QuotedMarket], out: StepBuilder) -> None:
        """Note every few seconds what scores for rewards; a book that says nothing is no sample."""
        at = out.event.at
        if self._sampled_at is not None and at - self._sampled_at < SAMPLE_EVERY:
            return
        self._sampled_at = at
        for quoted in markets:
            if quoted.market.rewards is not None and quoted.problem() is None and not quoted.held:
                told = sample(self.glance(quoted, at))
                out.rewards += [] if told is None else [told]

    def view(self, quoted: QuotedMarket, at: Nanos) -> View:
        """What the strategy sees of a market; what is new in it is learnt."""
        seen = self.glance(quoted, at)
        quoted.tell_own(seen.own)
        quoted.observe(at)
        bids, asks = (others(quoted.book, seen.own, side, LEVELS) for side in QuoteSide)
        # The middle of a batch is no news for the other outcomes.
        grouped = quoted.market.neg_risk_id and not quoted.held
        return replace(
            seen,
            signals=quoted.signals.read(at, imbalance(bids, asks)),
            event=self._siblings.see(quoted, seen.mid2) if grouped else None,
        )

    def glance(self, quoted: QuotedMarket, at: Nanos) -> View:
        """A market and our orders in it, without what was learnt of it: asking changes nothing."""
        orders = tuple(self._desk.orders.open(quoted.condition_id))
        return View(
            at,
            quoted.market,
            quoted.book,
            quoted.position.net,
            _resting(order for order in orders if order.state in SHOWN) if self._config.own_shown else (),
            regime=quoted.regime.regime,
            working=_resting(order for order in orders if order.state != "CANCEL_PENDING"),
            rivalry=quoted.rivalry,
        )

    def stirred(self) -> list[QuotedMarket]:
        """Markets to decide on again, because other outcomes of their event moved or traded; empty when asked again."""
        return self._siblings.stirred()

    def _asked(self, view: View, quoted: QuotedMarket, out: StepBuilder) -> Targets:
        """The word of the strategy."""
        self._desk.value(quoted, out)
        answer, failed = ask(self.strategy, view)
        if failed:
            self._failed(out)
        return answer

    def _stage(self, view: View) -> tuple[Stage, str]:
        """How far the time and the rules take trading back here, whichever goes further, and why."""
        market = view.market.condition_id
        stage, why = BY_REGIME.get(view.regime, (Stage.NONE, ""))
        ruled = self._guard.stage(market)
        return (ruled, self._guard.cause(market)) if ruled > stage else (stage, why)


def _allowed(answer: Targets, stage: Stage, why: str, view: View) -> Targets:
    """What of it a stage lets through; where a model wants nothing its own reason stands."""
    idle = not (answer.bids or answer.asks)
    return answer if idle and stage is not Stage.FLATTEN else staged(answer, stage, view, why)


def _resting(orders: Iterable[Order]) -> tuple[Resting, ...]:
    return tuple(Resting(order.quote, order.price_yes, order.size_left, order.level) for order in orders)


def _decision(quoted: QuotedMarket, targets: Targets, view: View, evidence: Evidence | None) -> Decision:
    market, book = quoted.market.condition_id, quoted.book
    source = quoted.source.state.lower()
    touch = book.best_bid, book.best_ask
    return Decision(view.at, market, *touch, view.mid2, view.position, targets, source, evidence)

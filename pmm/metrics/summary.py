"""The end of a run in one record, gathered from the metrics while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from pmm.core.step import Step
from pmm.metrics.counterfactual import Counterfactual
from pmm.metrics.counts import Counts
from pmm.metrics.decision_hash import DecisionHash
from pmm.metrics.latency import RoundTrips, StepTime
from pmm.metrics.markout import HORIZONS_S, Horizon, Markouts
from pmm.metrics.pnl import Pnl, pnl_text
from pmm.metrics.rebates import Rebates
from pmm.metrics.reward_income import RewardIncome
from pmm.metrics.trust import Trust
from pmm.model import Nanos, decimal_text, money_text, size_text


@dataclass(slots=True)
class Summary:
    """A sink that folds every metric; `record()` is the JSON form, with numbers of money and shares as text."""

    counts: Counts = field(default_factory=Counts)
    pnl: Pnl = field(default_factory=Pnl)
    markouts: Markouts = field(default_factory=Markouts)
    rebates: Rebates = field(default_factory=Rebates)
    rewards: RewardIncome = field(default_factory=RewardIncome)
    trust: Trust = field(default_factory=Trust)
    limits: Counterfactual = field(default_factory=Counterfactual)
    step_time: StepTime = field(default_factory=StepTime)
    trips: RoundTrips = field(default_factory=RoundTrips)
    decisions: DecisionHash = field(default_factory=DecisionHash)
    began: Nanos | None = None
    ended: Nanos = 0

    def on_step(self, step: Step, took: Nanos) -> None:
        self.began = step.event.at if self.began is None else self.began
        self.ended = max(self.ended, step.event.at)
        self.counts.on_step(step)
        self.pnl.on_step(step)
        self.markouts.on_step(step)
        self.rebates.on_step(step)
        self.rewards.on_step(step)
        self.trust.on_step(step)
        self.limits.on_step(step)
        self.decisions.on_step(step)
        self.step_time.add(took)
        self.trips.on_step(step)

    def record(self) -> dict[str, object]:
        counts, pnl = self.counts, self.pnl
        return {
            "run_time_s": decimal_text((self.ended - (self.began or self.ended)) // 1_000_000, 3),
            "quotes": counts.quotes,
            "decisions": counts.decisions,
            "orders": {
                "placed": counts.placed,
                "cancels": counts.cancels,
                "rejected": counts.rejected,
                "cancel_rejected": counts.cancel_rejected,
            },
            "denied": counts.denied,
            "fills": counts.fills,
            "reversals": counts.reversals,
            "volume": size_text(counts.volume),
            "positions": {
                market: {
                    "yes": size_text(ledger.yes),
                    "no": size_text(ledger.no),
                    "net": size_text(ledger.yes - ledger.no),
                }
                for market, ledger in pnl.markets.items()
            },
            "cash": money_text(pnl.cash),
            "pnl": {
                "total": pnl_text(pnl.total),
                "spread_captured": pnl_text(pnl.spread),
                "inventory_move": pnl_text(pnl.inventory),
                "residual": pnl_text(pnl.residual),
                "rebates_earned": money_text(self.rebates.total),
            },
            "markout": {
                str(seconds): self._markout(self.markouts.total(place)) for place, seconds in enumerate(HORIZONS_S)
            },
            "limits": self.limits.record(),
            "rewards": {
                "expected": money_text(self.rewards.total),
                "markets": {market: money_text(money) for market, money in self.rewards.by_market.items()},
            },
            "messages": counts.messages,
            "risk": counts.risk_record(),
            "step_time_us": _micros(self.step_time),
            "order_time_us": {"place": _micros(self.trips.places), "cancel": _micros(self.trips.cancels)},
            "feed_states": counts.feed_states,
            "decision_hash": self.decisions.hexdigest(),
        }

    def _markout(self, horizon: Horizon) -> dict[str, object]:
        """One horizon: what the mid did to our fills until then, what was held for longer, and what that leaves."""
        return {
            "fills": horizon.matured,
            "adverse_selection": pnl_text(horizon.adverse),
            "held": pnl_text(horizon.held),
            "residual": pnl_text(self.pnl.inventory - horizon.adverse - horizon.held),
        }


def _micros(times: StepTime) -> dict[str, str | None]:
    """Two quantiles in microseconds, None where nothing was measured."""
    quantiles = {"p50": times.quantile(0.50), "p99": times.quantile(0.99)}
    return {name: None if nanos is None else decimal_text(nanos, 3) for name, nanos in quantiles.items()}

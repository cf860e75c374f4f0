"""What limits that were only told would have stopped, and what that would have saved or cost.

Of every rule that is not enforced: the orders that it would not have placed, or would have taken away, and what their
fills brought from then on, marked at the last mid.  A loss is what the limit would have saved, a gain what it would
have cost.

    brought = sum over the fills it would have prevented of (worth of the shares at the last mid - what was paid)

An order that a rule would have refused is prevented as a whole; of one that it would have made smaller, what trades
beyond that size; while a trip stands, everything that rests or is placed in its scope, by its stage:

| stage | what is prevented |
| --- | --- |
| WIDEN | nothing: nobody knows what would have traded at another price |
| REDUCE, FLATTEN | orders that do not bring the position home |
| CANCEL | every order |
| HALT | every order, until the end of the run: a halt does not end by itself |

What is prevented stays so after the trip has ended.  Each rule is judged for itself and as if nothing else would have
been different; orders of earlier runs are not looked at.  Unit of `brought`: that of `pmm.metrics.pnl`, exact.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pmm.commands import Place
from pmm.core.orders import ORDER, TERMINAL
from pmm.core.position import cost_of
from pmm.core.rule import RiskEvent, Stage
from pmm.core.step import Change, Fill, Step
from pmm.events import MarketListed
from pmm.metrics.pnl import MarketPnl, pnl_text
from pmm.model import ConditionId, OrderId, Side, Size, TokenId, size_text

# Orders that are over and still remembered for late fills, as many as the engine remembers.
CLOSED_MAX = 10_000
ACCOUNT = "account"


@dataclass(slots=True)
class Limit:
    """One rule: what it `told` without acting by verdict, how often it `acted`, and what it would have stopped.

    `results` are what that would have left out, by market; `volume` in micro-shares.
    """

    told: Counter[str] = field(default_factory=Counter)
    acted: int = 0
    orders: int = 0
    fills: int = 0
    volume: Size = 0
    results: dict[ConditionId, MarketPnl] = field(default_factory=dict)

    @property
    def brought(self) -> int:
        """What the fills that it would have stopped are worth at the last mids, less what was paid for them."""
        return sum(result.total for result in self.results.values())

    def record(self) -> dict[str, object]:
        return {
            "refused": self.told["refuse"],
            "clipped": self.told["clip"],
            "tripped": self.told["trip"],
            "acted": self.acted,
            "orders": self.orders,
            "fills": self.fills,
            "volume": size_text(self.volume),
            "brought": pnl_text(self.brought),
        }


@dataclass(slots=True)
class _Working:
    """An order of this run; `allowed` says how much of it each rule that spoke would have let trade."""

    place: Place
    rises: bool
    filled: Size = 0
    open: bool = True
    allowed: dict[str, Size] = field(default_factory=dict)
    parts: dict[Fill, dict[str, Fill]] = field(default_factory=dict)

    def prevented(self, rule: str) -> Size:
        """What a rule would have kept from trading so far."""
        return sum(parts[rule].size for parts in self.parts.values() if rule in parts)


@dataclass(slots=True)
class Counterfactual:
    """A fold over steps; `limits` by the name of the rule, those that spoke at all."""

    limits: dict[str, Limit] = field(default_factory=dict)
    _orders: dict[OrderId, _Working] = field(default_factory=dict)
    _closed: deque[OrderId] = field(default_factory=deque)
    _standing: dict[tuple[str, str], Stage] = field(default_factory=dict)
    _net: Counter[ConditionId] = field(default_factory=Counter)
    _first: dict[ConditionId, TokenId] = field(default_factory=dict)

    def on_step(self, step: Step) -> None:
        if isinstance(step.event, MarketListed) and step.event.market.tokens:
            self._first[step.event.market.condition_id] = step.event.market.yes
        for opening in step.openings:
            self._net[opening.market] += opening.size if opening.is_yes else -opening.size
        # A fill that is told anew is taken back in the same step; one of a failed trade may be told only to be undone.
        undone = [fill for fill in step.reversals if fill in step.fills]
        for fill in step.reversals:
            if fill not in undone:
                self._reverse(fill)
        for fill in step.fills:
            self._fill(fill)
        for fill in undone:
            self._reverse(fill)
        if self.limits:
            self._mark(step)
        for change in step.changes:
            if change.machine == ORDER.name:
                self._move(change)
        for risk in step.risk:
            self._stand(risk)
        for command in step.commands:
            if isinstance(command, Place):
                self._place(command)
        for risk in step.risk:
            self._ask(risk)

    def record(self) -> dict[str, object]:
        return {name: limit.record() for name, limit in sorted(self.limits.items())}

    # --- orders and their fills -----------------------------------------------------------------------------------

    def _place(self, place: Place) -> None:
        first = self._first.setdefault(place.market, place.token)
        order = self._orders[place.order_id] = _Working(place, (place.side is Side.BUY) == (place.token == first))
        for (rule, scope), stage in self._standing.items():
            if scope in (ACCOUNT, place.market):
                self._prevent_at(stage, rule, order)

    def _move(self, change: Change) -> None:
        order = self._orders.get(change.subject)
        if order is None:
            return
        order.open = change.new not in TERMINAL
        if order.open:
            return
        self._closed.append(change.subject)
        if len(self._closed) > CLOSED_MAX:
            oldest = self._closed.popleft()
            if oldest in self._orders and not self._orders[oldest].open:
                del self._orders[oldest]

    def _fill(self, fill: Fill) -> None:
        self._net[fill.market] += fill.net
        order = self._orders.get(fill.order_id)
        if order is None:
            return
        order.filled += fill.size
        for rule, allowed in order.allowed.items():
            over = min(fill.size, order.filled - allowed - order.prevented(rule))
            if over > 0:
                part = _part(fill, over)
                order.parts.setdefault(fill, {})[rule] = part
                self._book(rule, part)

    def _reverse(self, fill: Fill) -> None:
        self._net[fill.market] -= fill.net
        order = self._orders.get(fill.order_id)
        if order is None:
            return
        order.filled -= fill.size
        for rule, part in order.parts.pop(fill, {}).items():
            limit = self.limits[rule]
            limit.fills -= 1
            limit.volume -= part.size
            limit.results[fill.market].reverse(part)

    def _book(self, rule: str, part: Fill) -> None:
        limit = self.limits[rule]
        limit.fills += 1
        limit.volume += part.size
        limit.results.setdefault(part.market, MarketPnl()).book(part)

    def _mark(self, step: Step) -> None:
        for decision in step.decisions:
            for limit in self.limits.values():
                result = limit.results.get(decision.market)
                if result is not None and decision.mid2 is not None:
                    result.mark(decision.mid2)

    # --- what rules say -------------------------------------------------------------------------------------------

    def _stand(self, risk: RiskEvent) -> None:
        """A standing rule: its trip begins, changes or ends."""
        key = (risk.rule, risk.subject)
        if risk.verdict not in ("trip", "clear", "warn") or self._standing.get(key) is Stage.HALT:
            return
        self._standing.pop(key, None)
        if risk.verdict != "trip" or self._acts(risk):
            return
        self.limits[risk.rule].told["trip"] += 1
        self._standing[key] = risk.stage
        for order in self._orders.values():
            if order.open and risk.subject in (ACCOUNT, order.place.market):
                self._prevent_at(risk.stage, risk.rule, order)

    def _ask(self, risk: RiskEvent) -> None:
        """An order rule spoke about an order that is placed in the same step."""
        if risk.verdict not in ("refuse", "clip") or self._acts(risk):
            return
        self.limits[risk.rule].told[risk.verdict] += 1
        order = self._orders.get(risk.subject)
        if order is not None:
            self._prevent(risk.rule, order, risk.size or 0)

    def _acts(self, risk: RiskEvent) -> bool:
        limit = self.limits.setdefault(risk.rule, Limit())
        limit.acted += risk.enforced
        return risk.enforced

    def _prevent_at(self, stage: Stage, rule: str, order: _Working) -> None:
        net = self._net[order.place.market]
        homeward = net < 0 if order.rises else net > 0
        if stage in (Stage.CANCEL, Stage.HALT) or (stage >= Stage.REDUCE and not homeward):
            self._prevent(rule, order, order.filled)

    def _prevent(self, rule: str, order: _Working, allowed: Size) -> None:
        """From now on no more than `allowed` of an order would have traded."""
        self.limits[rule].orders += rule not in order.allowed
        order.allowed[rule] = min(allowed, order.allowed.get(rule, allowed))


def limit_text(record: Mapping[str, Any]) -> str:  # a JSON record as `Limit.record` makes it
    """What a limit would have done, for people; empty where that is nothing."""
    orders, fills, brought = record["orders"], record["fills"], record["brought"]
    if not orders:
        return ""
    stopped = f"would have stopped {orders} order{'s' if orders > 1 else ''}"
    if not fills:
        return f"{stopped}, none of which traded"
    result = f"saved {brought[1:]}" if brought.startswith("-") else f"cost {brought}"
    return f"{stopped} and {fills} fill{'s' if fills > 1 else ''}, and {result} USD"


def _part(fill: Fill, size: Size) -> Fill:
    """The last `size` of a fill; what was paid for it and for the rest sums to what was paid."""
    rest = fill.size - size
    return replace(fill, size=size, paid=fill.paid - cost_of(fill.side, fill.price, rest))

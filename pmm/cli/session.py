"""Tell a session as it goes: one line per decision and fill for people, one envelope per event for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from pmm._fast import COMPILED
from pmm.cli.context import Cli
from pmm.commands import Cancel, Place
from pmm.core.rule import RiskEvent
from pmm.core.step import Change, Decision, Fill, Step
from pmm.core.view import Target
from pmm.events import CancelRejected, Rejected
from pmm.metrics.counterfactual import limit_text
from pmm.model import (
    ConditionId,
    Market,
    Nanos,
    Price,
    decimal_text,
    money_text,
    price_text,
    size_text,
    utc_text,
)

SCHEMA = "pmm.quote/1"
# Levels of a side that people see in a line.
LEVELS_SHOWN = 2


class Session:
    """A sink.  Raises OSError or DiskError where stdout is gone; the driver then stops the run in order."""

    def __init__(self, cli: Cli, markets: Sequence[Market], schema: str = SCHEMA) -> None:
        self._cli = cli
        self._schema = schema
        self._markets: dict[ConditionId, Market] = {market.condition_id: market for market in markets}
        if not COMPILED:
            cli.note("the kernel is the plain Python twin: no compiler was there at install, or PMM_PURE is set")
        for market in markets:
            cli.emit(
                schema,
                {
                    "event": "start",
                    "kernel": "compiled" if COMPILED else "pure",
                    "market": market.slug,
                    "condition_id": market.condition_id,
                    "question": market.question,
                    "tokens": [{"outcome": token.outcome, "token_id": token.token_id} for token in market.tokens],
                    "tick": price_text(market.tick),
                    "min_size": size_text(market.min_size),
                },
                human=partial("{}  {}: {}".format, mode_text(cli), market.slug, market.question),
            )

    def on_step(self, step: Step, _took: Nanos) -> None:
        for data, human in self._lines(step):
            if human or self._cli.json:
                self._cli.emit(self._schema, data, human=partial(str, human))

    def tells(self, step: Step) -> bool:
        """Whether a step says anything; most frames move nothing."""
        told = step.changes or step.decisions or step.fills or step.commands or step.risk
        return bool(told) or isinstance(step.event, Rejected | CancelRejected)

    def on_loss(self, steps: int) -> None:
        """So many steps could not be told; the next decision shows where everything stands."""
        self._cli.emit(
            self._schema, {"event": "lost", "steps": steps}, human=lambda: f"-- {steps} steps were not told --"
        )

    def on_status(self, record: dict[str, object]) -> None:
        """How everything stands, as `pmm.cli.pulse` makes it."""
        self._cli.emit(self._schema, record, human=lambda: status_text(record))

    def _lines(self, step: Step) -> Iterator[tuple[dict[str, object], str]]:
        """What a step says: the record of it and its line for people, empty where they need not see it."""
        for change in step.changes:
            yield _change(change), "" if _routine(change) else _change_text(change)
        event = step.event
        if isinstance(event, Rejected | CancelRejected):
            data: dict[str, object] = {"event": "rejected", "order_id": event.order_id, "reason": event.reason}
            yield data, f"{_clock(event.at)}  refused {event.order_id}: {event.reason}"
        for fill in step.fills:
            yield self._fill(fill), self._fill_text(fill)
        for said in step.risk:
            yield self._risk(said), self._risk_text(said)
        for decision in step.decisions:
            yield self._decision(decision), self._decision_text(decision)
        for command in step.commands:
            if isinstance(command, Place):
                yield self._place(command), ""
            elif isinstance(command, Cancel):
                yield {"event": "cancel", "order_id": command.order_id}, ""

    def _place(self, place: Place) -> dict[str, object]:
        return {
            "event": "place",
            "market": self._slug(place.market),
            "order_id": place.order_id,
            "outcome": self._outcome(place.market, place.token),
            "side": place.side,
            "price": price_text(place.price),
            "size": size_text(place.size),
        }

    def _fill(self, fill: Fill) -> dict[str, object]:
        return {
            "event": "fill",
            "at": utc_text(fill.at),
            "market": self._slug(fill.market),
            "order_id": fill.order_id,
            "trade_id": fill.trade_id,
            "outcome": self._outcome(fill.market, fill.token),
            "side": fill.side,
            "price": price_text(fill.price),
            "size": size_text(fill.size),
            "paid": money_text(fill.paid),
        }

    def _fill_text(self, fill: Fill) -> str:
        what = (
            f"{fill.side} {size_text(fill.size)} {self._outcome(fill.market, fill.token)} at {price_text(fill.price)}"
        )
        return f"{_clock(fill.at)}  FILL {what}  ({self._slug(fill.market)}, {fill.order_id})"

    def _decision(self, decision: Decision) -> dict[str, object]:
        targets = decision.targets
        return {
            "event": "decision",
            "at": utc_text(decision.at),
            "market": self._slug(decision.market),
            "best_bid": _price(decision.best_bid),
            "best_ask": _price(decision.best_ask),
            "mid": None if decision.mid2 is None else decimal_text(decision.mid2 * 5, 5),
            "bid": _target(targets.bid),
            "ask": _target(targets.ask),
            "bids": [_target(target) for target in targets.bids],
            "asks": [_target(target) for target in targets.asks],
            "position": size_text(decision.position),
            "source": decision.source,
            "reason": targets.reason,
        }

    def _decision_text(self, decision: Decision) -> str:
        targets = decision.targets
        sides = f"bid {_ladder_text(targets.bids)}  ask {_ladder_text(targets.asks)}"
        touch = f"book {_price(decision.best_bid) or '-'}/{_price(decision.best_ask) or '-'}"
        if decision.source != "websocket":
            touch += f" from {decision.source}"
        where = f"{self._slug(decision.market)}  " if len(self._markets) > 1 else ""
        why = f"  ({targets.reason})" if targets.reason else ""
        return f"{_clock(decision.at)}  {where}{sides}  {touch}  position {size_text(decision.position)}{why}"

    def _risk(self, said: RiskEvent) -> dict[str, object]:
        return {
            "event": "risk",
            "at": utc_text(said.at),
            "rule": said.rule,
            "verdict": said.verdict,
            "subject": self._slug(said.subject),
            "reason": said.reason,
            "enforced": said.enforced,
            "stage": said.stage.name,
            "size": None if said.size is None else size_text(said.size),
        }

    def _risk_text(self, said: RiskEvent) -> str:
        acted = "" if said.enforced else "  (not enforced)"
        return f"{_clock(said.at)}  RISK {said.rule}: {said.verdict} {self._slug(said.subject)}: {said.reason}{acted}"

    def _slug(self, market: ConditionId) -> str:
        """A market that nobody asked for, where an order of an earlier run was left, goes by its id."""
        known = self._markets.get(market)
        return market if known is None else known.slug

    def _outcome(self, market: ConditionId, token_id: str) -> str:
        known = self._markets.get(market)
        tokens = () if known is None else known.tokens
        return next((token.outcome for token in tokens if token.token_id == token_id), token_id)


def status_text(record: dict[str, object]) -> str:
    """The line for people."""
    told = (
        f"{str(record['mode']).upper().replace('-', ' ')}  pnl {record['pnl']} USD  net {record['net']} shares"
        f"  {record['fills']} fills of {record['orders_placed']} orders"
    )
    return f"{str(record['at'])[11:19]}  {told}  rules spoke {record['risk_events']}, acted {record['risk_enforced']}"


def mode_text(cli: Cli) -> str:
    return cli.mode.upper().replace("-", " ")


def _clock(at: Nanos) -> str:
    return utc_text(at)[11:19]


def _price(price: Price | None) -> str | None:
    return None if price is None else price_text(price)


def _target(target: Target | None) -> dict[str, str] | None:
    return None if target is None else {"price": price_text(target.price), "size": size_text(target.size)}


def _ladder_text(targets: Sequence[Target]) -> str:
    """The best levels of a side, and how many more there are."""
    shown = ", ".join(f"{price_text(target.price)} x {size_text(target.size)}" for target in targets[:LEVELS_SHOWN])
    more = len(targets) - LEVELS_SHOWN
    return f"{shown} +{more}" if more > 0 else shown or "-"


def _change(change: Change) -> dict[str, object]:
    return {
        "event": "change",
        "at": utc_text(change.at),
        "machine": change.machine,
        "subject": change.subject,
        "old": change.old,
        "new": change.new,
        "trigger": change.trigger,
        "cause": change.cause,
    }


def _routine(change: Change) -> bool:
    """Orders come and go and trades settle; people are told when one fails, and of what should not happen."""
    return change.machine in {"order", "settlement"} and change.new != "FAILED" and change.old != change.new


def _change_text(change: Change) -> str:
    return f"{_clock(change.at)}  {change.subject}: {change.old} -> {change.new} ({change.cause})"


def _answer_lines(times: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How long the venue took, where it answered at all."""
    told = [
        f"{kind} p50 {float(one['p50']) / 1000:.3g} ms, p99 {float(one['p99']) / 1000:.3g} ms"
        for kind, one in times.items()
        if one["p50"] is not None
    ]
    if told:
        yield "answers", "; ".join(told)


def _risk_lines(risk: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What rules said, where they did."""
    if risk["events"]:
        told = (
            f"{rule} {' '.join(f'{verdict} {n}' for verdict, n in one.items())}"
            for rule, one in risk["by_rule"].items()
        )
        yield "risk", f"{risk['events']} events, {risk['enforced']} enforced: {', '.join(told)}"


def summary_text(record: Mapping[str, Any]) -> str:  # a JSON record as `Summary.record` makes it
    """The end of a session for people."""
    orders, pnl, times = record["orders"], record["pnl"], record["step_time_us"]
    positions = ", ".join(f"{where['net']} net" for where in record["positions"].values()) or "0"
    lines = [
        ("run time", f"{record['run_time_s']} s  ({record['outcome']}: {record['cause']})"),
        ("quotes", f"{record['quotes']} of {record['decisions']} decisions two-sided"),
        (
            "orders",
            "{placed} placed, {cancels} cancelled, {rejected} refused".format(**orders)
            + f", {record['open_orders']} open",
        ),
        ("fills", f"{record['fills']}, {record['volume']} shares"),
        ("position", f"{positions}, cash {record['cash']}"),
        (
            "pnl",
            "{total} = spread captured {spread_captured} + inventory move {inventory_move}"
            "  (residual {residual})".format(**pnl),
        ),
        ("messages", f"{record['messages']}, step time p50 {times['p50']} us, p99 {times['p99']} us"),
        *_answer_lines(record["order_time_us"]),
        *_risk_lines(record["risk"]),
        ("feed", " > ".join(record["feed_states"])),
    ]
    limits = ((name.replace("_", " "), limit_text(one)) for name, one in record["limits"].items())
    lines += [("limit", f"{name} {text}") for name, text in limits if text]
    overflows = record.get("inbox", {}).get("overflows", 0)
    if overflows:
        lines.append(("inbox", f"full {overflows} times: the connection was opened anew each time"))
    return "\n".join(f"{name:>9}  {text}" for name, text in lines)

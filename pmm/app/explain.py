"""Explain what a run left in its state file: an order, or a decision by its number or its time, as plain records.

A decision is made once more from what was kept of it, by the strategy of its name with the parameters it had then;
the answer must be the same to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from pmm.app.strategies import STRATEGIES, factory
from pmm.core.explanation import Record, answer_again, difference, view_of
from pmm.core.plain import Plain, plain, whole
from pmm.core.reward_worth import RewardParams
from pmm.core.rule import RiskEvent, Stage
from pmm.core.view import QuoteSide, Strategy, Targets, Term, View
from pmm.model import MILLISECOND, decimal_text, price_text, size_text, unix_time, utc_text
from pmm.settings import Settings
from pmm.sinks import risk_events
from pmm.sinks.decisions import Decisions, Kept
from pmm.sinks.store import Store
from pmm.sinks.whereabouts import FoundOrder, find_order, market_names, outcome_of
from pmm.strategies.rewarded import REWARDED, Rewarded

Told: TypeAlias = dict[str, object]

# So many levels of each side of the book are shown.
LEVELS_SHOWN = 10
RULES_MAX = 100

_NUMBER = re.compile(r"#(\d{1,15})")


def explain(store: Store, code: str) -> Told | None:
    """What is known of an order id (ours or the venue's), `#12`, or a time; None where that is nothing.

    Raises DiskError, and StateDamaged for a decision that cannot be read.
    """
    number, at = _NUMBER.fullmatch(code), unix_time(code)
    if number is not None:
        kept = Decisions(store).numbered(int(number[1]))
        return None if kept is None else _decided(store, kept)
    if at is not None:
        kept = Decisions(store).before(at + MILLISECOND - 1)  # times are shown in whole milliseconds
        return None if kept is None else _decided(store, kept)
    order = find_order(store, code)
    return None if order is None else _ordered(store, order)


def remade(name: str, params: Plain) -> Strategy | None:
    """The strategy of that name with those parameters; None where no such strategy is installed.

    Raises TypeError, ValueError and KeyError for parameters that this version does not know.
    """
    if name.startswith(REWARDED) and isinstance(params, dict):
        inner = remade(name.removeprefix(REWARDED), params["inner"])
        return None if inner is None else Rewarded(inner, whole(RewardParams, params["rewards"]))
    make = STRATEGIES.get(name) or factory(name)
    if make is None:
        return None
    usual = make(Settings())
    kind, known = type(usual), getattr(usual, "params", None)
    return usual if known is None else kind(whole(type(known), params))  # type: ignore[call-arg]  # a strategy with parameters takes them


# --- an order ---------------------------------------------------------------------------------------------------------


def _ordered(store: Store, order: FoundOrder) -> Told:
    """The order, and the decision that placed it as far as that is kept."""
    kept = Decisions(store).of_order(order.account, order.epoch, order.order_id)
    said = risk_events.read(store, order.account, order.epoch, limit=RULES_MAX, subject=order.order_id)
    rules = [_rule(one) for one in said]
    told: Told = {"kind": "order", "mode": _mode(order.epoch), "order": _order(store, order), "rules": rules}
    if kept is None:
        why = "its decision is not kept: it is too old, was not written before a kill, or the order is of an older pmm"
        return told | {"decision": None, "why": why}
    decided = _decided(store, kept)
    on_the_way = decided["rules"]
    assert isinstance(on_the_way, list), "it was made as one"
    return decided | told | {"rules": [*rules, *(one for one in on_the_way if one not in rules)]}


def _order(store: Store, order: FoundOrder) -> Told:
    return {
        "order_id": order.order_id,
        "venue_id": order.venue_id,
        "market": order.market,
        "token_id": order.token,
        "outcome": outcome_of(store, order.token),
        "side": str(order.side),
        "price": price_text(order.price),
        "size": size_text(order.size),
        "matched": size_text(order.matched),
        "state": order.state,
        "created_at": utc_text(order.created_at),
    }


# --- a decision -------------------------------------------------------------------------------------------------------


def _decided(store: Store, kept: Kept) -> Told:
    slug, question = market_names(store, kept.market)
    decision = {
        "number": kept.seq,
        "at": utc_text(kept.at),
        "market": slug or kept.market,
        "condition_id": kept.market,
        "question": question,
        "strategy": kept.strategy,
    }
    told: Told = {"kind": "decision", "mode": _mode(kept.epoch), "decision": decision, "rules": []}
    if "unkept" in kept.inputs:
        return told | {"why": f"what it was made from could not be kept: {kept.inputs['unkept']}"}
    try:
        return told | _retold(kept)
    except (TypeError, ValueError, KeyError) as error:
        return told | {"why": f"it was kept by another version of pmm, which this one cannot read: {error!r}"}


def _retold(kept: Kept) -> Told:
    view, outputs = view_of(kept.inputs), kept.outputs
    said = whole(Targets, outputs["targets"])
    answer = None if outputs["answer"] is None else whole(Targets, outputs["answer"])
    return {
        "params": kept.inputs["params"],
        "terms": [] if answer is None else [_term(term) for term in answer.terms],
        "answer": None if answer is None else _targets(answer),
        "stage": Stage(_int(outputs["stage"])).name,
        "rules": [_rule(whole(RiskEvent, one)) for one in _list(outputs["rules"])],
        "targets": _targets(said),
        "placed": outputs["placed"],
        "canceled": outputs["canceled"],
        "seen": _seen(view),
        "recomputed": _recomputed(kept.strategy, kept.inputs, outputs["answer"], view),
    }


def _recomputed(name: str, inputs: Record, answer: Plain, view: View) -> Told:
    """Whether the same strategy says the same today: `equal` is None where nobody can tell, and `why` says so."""
    if answer is None:
        return {"equal": None, "why": "the strategy was not asked"}
    try:
        strategy = remade(name, inputs["params"])
    except (TypeError, ValueError, KeyError) as error:
        return {"equal": None, "why": f"strategy {name} takes other parameters today: {error}"}
    if strategy is None:
        return {"equal": None, "why": f"strategy {name} is not installed any more"}
    found = difference(answer, plain(answer_again(strategy, view)))
    return {"equal": found is None} if found is None else {"equal": False, "difference": found}


def _seen(view: View) -> Told:
    """The book and everything else that the strategy was told, in text."""
    return {
        "best_bid": _price(view.best_bid),
        "best_ask": _price(view.best_ask),
        "mid": None if view.mid2 is None else decimal_text(view.mid2 * 5, 5),
        "tick": price_text(view.market.tick),
        "position": size_text(view.position),
        "regime": str(view.regime),
        "signals": plain(view.signals),
        "event": plain(view.event),
        "own": [_resting(one.quote, one.price, one.size) for one in view.own],
        "working": [_resting(one.quote, one.price, one.size) for one in view.working],
        "book": {
            "bids": _levels(view, QuoteSide.BID),
            "asks": _levels(view, QuoteSide.ASK),
        },
    }


def _levels(view: View, side: QuoteSide) -> list[Told]:
    """The best levels of others."""
    levels = list(view.levels(side))[:LEVELS_SHOWN]
    return [{"price": price_text(price), "size": size_text(size)} for price, size in levels]


def _resting(quote: QuoteSide, price: int, size: int) -> Told:
    return {"quote": str(quote), "price": price_text(price), "size": size_text(size)}


def _targets(targets: Targets) -> Told:
    sides = {"bids": targets.bids, "asks": targets.asks}
    told: Told = {
        name: [{"price": price_text(one.price), "size": size_text(one.size), "level": one.level} for one in side]
        for name, side in sides.items()
    }
    return told | {"reason": targets.reason}


def _term(term: Term) -> Told:
    return {"name": term.name, "value": term.value, "unit": term.unit}


def _rule(event: RiskEvent) -> Told:
    return {
        "at": utc_text(event.at),
        "rule": event.rule,
        "verdict": event.verdict,
        "subject": event.subject,
        "reason": event.reason,
        "enforced": event.enforced,
        "stage": event.stage.name,
        "size": None if event.size is None else size_text(event.size),
    }


def _mode(epoch: int) -> str:
    return "live" if epoch == 0 else "dry-run"


def _price(price: int | None) -> str | None:
    return None if price is None else price_text(price)


def _int(data: Plain) -> int:
    if not isinstance(data, int):
        raise TypeError(f"not a number: {data!r}")
    return data


def _list(data: Plain) -> Sequence[Plain]:
    if not isinstance(data, list):
        raise TypeError(f"not a list: {data!r}")
    return data

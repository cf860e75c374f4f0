"""Asking a strategy, which is anybody's code: its word where an order can be made of it, otherwise why there is none.

A price that is no multiple of the tick or lies outside the range, a size that is none, two targets of one level, sides
that cross each other, more levels than `LEVELS_MAX`: such an answer is a fault of the strategy like an exception is.
Nothing of it is used, since nobody knows what the rest of it is worth.
"""

from __future__ import annotations

from pmm.core.view import Strategy, Target, Targets, View
from pmm.model import GRID, Price

# Orders on one side: more is a loop of the model's, or quoting that no limit of messages lets through.
LEVELS_MAX = 32


def ask(strategy: Strategy, view: View) -> tuple[Targets, bool]:
    """What a strategy wants of a view, and whether it failed; one that did wants nothing, for that reason."""
    try:
        answer = strategy.decide(view)
        fault = fault_of(answer, view.market.tick)
    except Exception as error:  # noqa: BLE001 - a strategy is anybody's code; without its word nothing is wanted
        fault = repr(error)
    return (Targets(reason=f"strategy {strategy.name} failed: {fault}"), True) if fault else (answer, False)


def fault_of(answer: object, tick: Price) -> str:
    """Why no order can be made of an answer, empty where they can."""
    if not isinstance(answer, Targets):
        return f"it said {answer!r}"
    for side in (answer.bids, answer.asks):
        if len(side) > LEVELS_MAX:
            return f"it wants {len(side)} orders on one side, {LEVELS_MAX} are the most"
        if len(side) > 1 and len({target.level for target in side}) < len(side):
            return "it wants two orders of one level"
        for target in side:
            if not _legal(target, tick):
                return f"nobody can place {target!r} on a tick of {tick}"
    if answer.bids and answer.asks and max(b.price for b in answer.bids) >= min(a.price for a in answer.asks):
        return "its bids and asks cross each other"
    return ""


def _legal(target: Target, tick: Price) -> bool:
    """Whether numbers are whole, as NaN never is, and in their ranges."""
    price, size = target.price, target.size
    whole = type(price) is int and type(size) is int and type(target.reference2) is int and type(target.level) is int
    return whole and tick <= price <= GRID - tick and price % tick == 0 and size > 0 and target.level >= 0

"""Why orders were what they were: everything a decision was made from, so that it can be made again.

    inputs = inputs_of(evidence)            # plain data: book, position, signals, regime, event, facts, parameters
    again = strategy.decide(view_of(inputs))
    difference(answer_of(outputs), plain(again)) is None

A strategy is pure: of the same view it makes the same targets with the same terms, to the last bit of every number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import orjson

from pmm.commands import Cancel, Command, Place
from pmm.core.asking import ask
from pmm.core.plain import Plain, plain, whole
from pmm.core.rule import RiskEvent, Stage
from pmm.core.view import Strategy, Targets, View
from pmm.model import OrderId

# Of what is written below: a reader tells another layout by another number.
VERSION = 1

Record: TypeAlias = dict[str, Plain]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one decision was made from, and what came of it.

    `answer` is the word of the strategy, before any rule; None where it was not asked, or failed.  `stage` is how far
    rules took it back, `rules` what they held at the time and said on the way.  `view` has a book of its own, which
    nothing changes.
    """

    strategy: str
    params: object
    view: View
    answer: Targets | None
    stage: Stage = Stage.NONE
    placed: tuple[OrderId, ...] = ()
    canceled: tuple[OrderId, ...] = ()
    rules: tuple[RiskEvent, ...] = ()


def seen(
    strategy: Strategy,
    view: View,
    answer: Targets | None,
    commands: Sequence[Command],
    rules: Sequence[RiskEvent],
    stage: Stage = Stage.NONE,
) -> Evidence:
    """Keep what a strategy saw, as it is now, and what came of it; its parameters are what it calls `params`."""
    return Evidence(
        strategy.name,
        getattr(strategy, "params", None),
        replace(view, book=view.book.copy()),
        answer,
        stage,
        tuple(command.order_id for command in commands if isinstance(command, Place)),
        tuple(command.order_id for command in commands if isinstance(command, Cancel)),
        tuple(rules),
    )


def answer_again(strategy: Strategy, view: View) -> Targets:
    """What the strategy says now, told as the engine would: one that fails wants nothing."""
    return ask(strategy, view)[0]


def inputs_of(evidence: Evidence) -> Record:
    """What the strategy was told, as plain data."""
    return {
        "version": VERSION,
        "strategy": evidence.strategy,
        "params": plain(evidence.params),
        "view": plain(evidence.view),
    }


def outputs_of(evidence: Evidence, said: Targets) -> Record:
    """What came of it, as plain data; `said` is what should be working after every rule."""
    return {
        "answer": plain(evidence.answer),
        "targets": plain(said),
        "stage": plain(evidence.stage),
        "placed": plain(evidence.placed),
        "canceled": plain(evidence.canceled),
        "rules": plain(evidence.rules),
    }


def view_of(inputs: Mapping[str, Plain]) -> View:
    """The view of a decision as it was.  Raises TypeError, ValueError and KeyError for what is no view of ours."""
    return whole(View, inputs["view"])


def canonical(data: Plain) -> bytes:
    """The one text of plain data: equal bytes are equal data."""
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS)


def difference(one: Plain, other: Plain, where: str = "") -> str | None:
    """None where the bytes of both are the same, otherwise the first place that differs and what stands there."""
    if canonical(one) == canonical(other):
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(f"{where}.{key}".lstrip("."), one.get(key), other.get(key)) for key in sorted(one.keys() | other)]
    elif isinstance(one, Sequence) and isinstance(other, Sequence) and len(one) == len(other):
        pairs = [(f"{where}[{index}]", here, there) for index, (here, there) in enumerate(zip(one, other, strict=True))]
    else:
        pairs = []
    found = (difference(here, there, place) for place, here, there in pairs)
    return next((text for text in found if text is not None), f"{where}: {_text(one)} became {_text(other)}")


def _text(data: Plain) -> str:
    return canonical(data).decode()

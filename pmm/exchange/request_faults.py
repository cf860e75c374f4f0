"""What may happen to a request on its way to the venue and back: every way in which an answer can mislead."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

import orjson
from aiohttp import web

from pmm.exchange.answers import HARM, SPOILED, Answer, Handler, Refused, answer
from pmm.exchange.clock import Clock
from pmm.model import SECOND
from pmm.sim.dice import Dice, Stream

Later: TypeAlias = Callable[[Coroutine[object, object, object]], None]

RULES_MAX = 1_000
_ORDER_ID = re.compile(rb"0x[0-9a-fA-F]{64}")
_NOT_FOUND = "Order not found or already canceled"


class Harm(StrEnum):
    """`done` says whether the venue does what was asked.

    | harm | done | answer |
    | --- | --- | --- |
    | answer_late | yes | the true one, `seconds` later |
    | cut | yes | none: the connection ends |
    | fail_done | yes | `status` and `text` |
    | lose | no | none: the connection ends after `seconds` |
    | park | `seconds` later | none: the connection ends at once |
    | fail | no | `status` and `text`, with Retry-After when `retry_after` is given |
    | lie_canceled | no | every order named in the body is canceled |
    | lie_not_found | no | every order named in the body is not found |
    | deny_canceled | yes | every order named in the body is not found |
    | delay | `seconds` later | the true one, when it is done |
    | shuffle | yes | the true list, in an order of the dice |
    | short | yes | the true list without its last entry |
    | partial | all but `entries` of a batch | the true list, with `text` as the error of those |
    | alter | yes | the true one with the values of `fields` wherever those keys are |
    """

    ANSWER_LATE = "answer_late"
    CUT = "cut"
    FAIL_DONE = "fail_done"
    LOSE = "lose"
    PARK = "park"
    FAIL = "fail"
    LIE_CANCELED = "lie_canceled"
    LIE_NOT_FOUND = "lie_not_found"
    DENY_CANCELED = "deny_canceled"
    DELAY = "delay"
    SHUFFLE = "shuffle"
    SHORT = "short"
    PARTIAL = "partial"
    ALTER = "alter"


@dataclass(frozen=True, slots=True)
class RequestRule:
    """Harm to requests `on`, which is a method and a path: "POST /order", "* /data/*".

    times       how often it still happens, None without end
    chance      decides each time
    seconds     of the venue's clock
    fields      what `alter` writes over, by key
    entries     how many orders of a batch `partial` strikes; the dice say where
    """

    on: str
    harm: Harm
    times: int | None = 1
    chance: float = 1.0
    seconds: float = 0.0
    status: int = 500
    text: str = "Internal server error"
    code: str | None = None
    retry_after: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    entries: int = 1

    def meets(self, method: str, path: str) -> bool:
        wanted_method, _, wanted_path = self.on.partition(" ")
        if wanted_method not in {"*", method}:
            return False
        return path.startswith(wanted_path[:-1]) if wanted_path.endswith("*") else path == wanted_path


class RequestFaults:
    """The rules in force, oldest first; each request meets the first one that fits and whose dice say so.

    `later` runs what happens after the answer.
    """

    def __init__(self, clock: Clock, later: Later, dice: Dice | None = None) -> None:
        self.rules: list[RequestRule] = []
        self.struck = 0
        self._clock = clock
        self._later = later
        self._dice = dice or Stream(0)

    def add(self, rule: RequestRule) -> bool:
        """Let a rule join the others; False when there are too many."""
        if rule.times == 0 or len(self.rules) >= RULES_MAX:
            return False
        self.rules.append(rule)
        return True

    def clear(self) -> int:
        """Forget every rule; how many there were."""
        count = len(self.rules)
        self.rules.clear()
        return count

    def strike(self, method: str, path: str) -> RequestRule | None:
        """The rule that a request meets; to be called once for each."""
        for number, rule in enumerate(self.rules):
            if not rule.meets(method, path) or (rule.chance < 1.0 and self._dice.random() >= rule.chance):
                continue
            if rule.times == 1:
                del self.rules[number]
            elif rule.times is not None:
                self.rules[number] = replace(rule, times=rule.times - 1)
            self.struck += 1
            return rule
        return None

    async def answer(self, rule: RequestRule, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request as the rule that it met will have it."""
        request[HARM] = rule.harm.value
        body = await request.read()
        match rule.harm:
            case Harm.ANSWER_LATE:
                reply = await _done(request, handler)
                await self._wait(rule)
                return reply
            case Harm.CUT:
                return _cut(request, await _done(request, handler))
            case Harm.FAIL_DONE:
                await _done(request, handler)
                return _failure(rule)
            case Harm.LOSE:
                await self._wait(rule)
                return _cut(request, _failure(rule))
            case Harm.PARK:
                self._later(self._parked(rule, request, handler))
                return _cut(request, _failure(rule))
            case Harm.FAIL:
                return _failure(rule)
            case Harm.DELAY:
                await self._wait(rule)
                return await _done(request, handler)
            case Harm.SHUFFLE | Harm.SHORT | Harm.ALTER:
                return self._altered(rule, await _done(request, handler))
            case Harm.PARTIAL:
                request[SPOILED] = self._spoiled(rule, body)
                return await _done(request, handler)
            case Harm.LIE_CANCELED:
                return answer({"canceled": _ids(body), "not_canceled": {}})
            case Harm.DENY_CANCELED:
                await _done(request, handler)
        return answer({"canceled": [], "not_canceled": dict.fromkeys(_ids(body), _NOT_FOUND)})

    def _altered(self, rule: RequestRule, reply: web.StreamResponse) -> web.StreamResponse:
        """The reply itself when there is nothing in it to alter."""
        if not isinstance(reply, Answer):
            return reply
        told = orjson.loads(reply.body)
        if rule.harm is Harm.ALTER:
            told = _overwritten(told, rule.fields)
        elif isinstance(told, list) and len(told) > 1:
            told = told[:-1] if rule.harm is Harm.SHORT else _shuffled(told, self._dice)
        reply.body = orjson.dumps(told)
        return reply

    def _spoiled(self, rule: RequestRule, body: bytes) -> dict[int, str]:
        """Neighbours in the batch, from one that the dice choose; none in what is no batch."""
        try:
            batch = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {}
        if not isinstance(batch, list) or not batch:
            return {}
        first = int(self._dice.random() * len(batch))
        return {(first + place) % len(batch): rule.text for place in range(min(rule.entries, len(batch)))}

    async def _parked(self, rule: RequestRule, request: web.Request, handler: Handler) -> None:
        await self._wait(rule)
        await _done(request, handler)

    async def _wait(self, rule: RequestRule) -> None:
        if rule.seconds > 0:
            await self._clock.reached(self._clock.now() + round(rule.seconds * SECOND))


async def _done(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The true answer, refusals included."""
    try:
        return await handler(request)
    except Refused as refused:
        return refused.answer()


def _cut(request: web.Request, reply: web.StreamResponse) -> web.StreamResponse:
    """End the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return reply


def _failure(rule: RequestRule) -> web.Response:
    body: dict[str, object] = {"error": rule.text}
    if rule.code is not None:
        body["code"] = rule.code
    if rule.retry_after is None:
        return answer(body, rule.status)
    body["retry_after_seconds"] = rule.retry_after
    return answer(body, rule.status, (("Retry-After", str(rule.retry_after)),))


def _overwritten(told: object, fields: Mapping[str, object]) -> object:
    """`told` with the values of `fields` under those of its keys that they name, at any depth."""
    if isinstance(told, list):
        return [_overwritten(one, fields) for one in told]
    if isinstance(told, dict):
        return {key: fields[key] if key in fields else _overwritten(value, fields) for key, value in told.items()}
    return told


def _shuffled(rows: list[object], dice: Dice) -> list[object]:
    """The rows in another order than their own: turned by at least one place."""
    places = 1 + int(dice.random() * (len(rows) - 1))
    return [*rows[places:], *rows[:places]]


def _ids(body: bytes) -> list[str]:
    """The order ids that a body names, in order."""
    return [name.decode() for name in dict.fromkeys(_ORDER_ID.findall(body))]

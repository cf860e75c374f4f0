"""The rules of a run with their modes: what they say about orders, and how far trading is taken back.

Order rules are asked in their order for each order.  One that makes it smaller hands the smaller order on, so that the
smallest clip wins; the first enforced refusal ends it.  Standing rules are asked for every market and for the account.
What one says holds for its rule and its scope until the rule says something else, a trip until its `until` at least,
and only changes are told: a limit that stays passed is no news.

    stage of a market = the highest of its enforced trips and those of the account

A rule in log mode is asked like any other, is told as not enforced, and changes nothing.  A rule that fails has not
said that trading is safe: as an order rule it refuses, as a standing rule it asks for CANCEL, until it works again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from pmm.core.risk_view import RiskView
from pmm.core.rule import (
    Allow,
    Clip,
    Mode,
    OrderRule,
    OrderVerdict,
    Refuse,
    RiskEvent,
    Rule,
    Stage,
    Standing,
    StandingRule,
    Trip,
    Warn,
    Wish,
)
from pmm.core.step import StepBuilder
from pmm.model import ConditionId, Nanos, Size

ACCOUNT = "account"

Rules: TypeAlias = Iterable[tuple[Rule, Mode]]


@dataclass(frozen=True, slots=True)
class Remark:
    """What one rule said about one order; `size` is what a clip leaves of it."""

    rule: str
    verdict: str
    reason: str
    enforced: bool
    size: Size | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What may be placed of an order: `size`, or nothing where `refusal` says why."""

    size: Size
    refusal: str = ""
    remarks: tuple[Remark, ...] = ()

    def tell(self, order_id: str, out: StepBuilder) -> None:
        """Announce what was said, once the order has a name."""
        out.risk += [
            RiskEvent(out.event.at, one.rule, one.verdict, order_id, one.reason, one.enforced, size=one.size)
            for one in self.remarks
        ]


# What may be placed of an order, by the rules of this moment.
Check: TypeAlias = Callable[[Wish], Ruling]


@dataclass(frozen=True, slots=True)
class Said:
    """What holds of one standing rule in one scope, which is a market or `ACCOUNT`."""

    rule: str
    scope: str
    standing: Warn | Trip
    since: Nanos
    enforced: bool

    @property
    def stage(self) -> Stage:
        return self.standing.stage if isinstance(self.standing, Trip) else Stage.NONE

    @property
    def verdict(self) -> str:
        return "trip" if isinstance(self.standing, Trip) else "warn"

    @property
    def cause(self) -> str:
        return f"{title(self.rule)}: {self.standing.reason}"

    @property
    def event(self) -> RiskEvent:
        reason = self.standing.reason
        return RiskEvent(self.since, self.rule, self.verdict, self.scope, reason, self.enforced, self.stage)


def title(rule: str) -> str:
    """The name of a rule for people."""
    return rule.replace("_", " ")


class Guard:
    """Ask `check` for each order, `judge` and `judge_account` whenever something may have changed.

    `modes` are those of all rules, by name.
    """

    def __init__(self, rules: Rules = ()) -> None:
        rules = tuple(rules)
        self.modes: Mapping[str, Mode] = {rule.name: mode for rule, mode in rules}
        acting = [(rule, mode is Mode.ENFORCE) for rule, mode in rules if mode is not Mode.OFF]
        self._order = [(rule, enforced) for rule, enforced in acting if isinstance(rule, OrderRule)]
        standing = [(rule, enforced) for rule, enforced in acting if isinstance(rule, StandingRule)]
        self._market = [(rule, enforced) for rule, enforced in standing if rule.per_market]
        self._account = [(rule, enforced) for rule, enforced in standing if not rule.per_market]
        self._said: dict[str, dict[str, Said]] = {}

    @property
    def watches_markets(self) -> bool:
        """Whether any rule is asked for every market."""
        return bool(self._market)

    # --- orders ---------------------------------------------------------------------------------------------------

    def check(self, wish: Wish, view: RiskView) -> Ruling:
        """What may be placed of an order, and what each rule said about it."""
        remarks: list[Remark] = []
        for rule, enforced in self._order:
            match _verdict(rule, wish, view):
                case Allow():
                    continue
                case Clip(size=size) if size >= wish.size:
                    continue
                case Clip(size=size, reason=reason) if size > 0:
                    remarks.append(Remark(rule.name, "clip", reason, enforced, size))
                    if enforced:
                        wish = replace(wish, size=size)
                case Clip(reason=reason) | Refuse(reason=reason):
                    remarks.append(Remark(rule.name, "refuse", reason, enforced))
                    if enforced:
                        return Ruling(0, f"{title(rule.name)}: {reason}", tuple(remarks))
        return Ruling(wish.size, "", tuple(remarks))

    # --- standing rules -------------------------------------------------------------------------------------------

    def judge(self, market: ConditionId, view: RiskView, out: StepBuilder) -> None:
        """Ask every rule for one market."""
        for rule, enforced in self._market:
            self._take(rule.name, market, _standing(rule, view), out, enforced=enforced)

    def judge_account(self, view: RiskView, out: StepBuilder) -> None:
        """Ask every rule for the account."""
        for rule, enforced in self._account:
            self._take(rule.name, ACCOUNT, _standing(rule, view), out, enforced=enforced)

    def forget(self, market: ConditionId) -> None:
        """A market is not quoted any more: nothing holds in it."""
        self._said.pop(market, None)

    # --- what holds -----------------------------------------------------------------------------------------------

    @property
    def holding(self) -> Iterator[Said]:
        """Everything that rules say at the moment."""
        return (said for scope in self._said.values() for said in scope.values())

    def heard(self, market: ConditionId) -> list[RiskEvent]:
        """What rules say of a market and of the account at the moment, each as it was told."""
        return [one.event for scope in (market, ACCOUNT) for one in self._said.get(scope, {}).values()]

    def said(self, rule: str, scope: str = ACCOUNT) -> Said | None:
        """What one rule says at the moment, None where that is nothing."""
        return self._said.get(scope, {}).get(rule)

    def stage(self, market: ConditionId) -> Stage:
        """How far trading in a market is taken back."""
        return max(self._stage_in(market), self.account_stage)

    def cause(self, market: ConditionId) -> str:
        """What put it there, empty where nothing did."""
        here = self._stage_in(market)
        return self.account_cause if here < self.account_stage else _cause(self._in_force(market), here)

    @property
    def account_stage(self) -> Stage:
        return self._stage_in(ACCOUNT)

    @property
    def account_cause(self) -> str:
        return _cause(self._in_force(ACCOUNT), self.account_stage)

    @property
    def halt(self) -> str:
        """Why trading has to halt, empty when it has not to; any rule may say so, in any scope."""
        return _cause((said for said in self.holding if said.enforced), Stage.HALT)

    def _stage_in(self, scope: str) -> Stage:
        return max((said.stage for said in self._in_force(scope)), default=Stage.NONE)

    def _in_force(self, scope: str) -> Iterator[Said]:
        return (said for said in self._said.get(scope, {}).values() if said.enforced)

    def _take(self, rule: str, scope: str, standing: Standing, out: StepBuilder, *, enforced: bool) -> None:
        """Keep what a rule says; tell it where that is something else than before."""
        at, here = out.event.at, self._said.setdefault(scope, {})
        old = here.get(rule)
        if isinstance(standing, Allow):
            if old is None or _holds(old.standing, at):
                return
            del here[rule]
            out.risk.append(RiskEvent(at, rule, "clear", scope, old.standing.reason, enforced, old.stage))
            return
        new = Said(rule, scope, standing, at, enforced)
        if old is not None and new.stage < old.stage and _holds(old.standing, at):
            return
        if old is not None and (old.verdict, old.stage) == (new.verdict, new.stage):
            here[rule] = replace(old, standing=standing)
            return
        here[rule] = new
        out.risk.append(RiskEvent(at, rule, new.verdict, scope, standing.reason, enforced, new.stage))


def _verdict(rule: OrderRule, wish: Wish, view: RiskView) -> OrderVerdict:
    try:
        said: object = rule.check(wish, view)
    except Exception as error:  # noqa: BLE001 - a rule is anybody's code
        return Refuse(f"the rule failed: {error!r}")
    if isinstance(said, Allow | Refuse) or (isinstance(said, Clip) and type(said.size) is int):
        return said
    return Refuse(f"the rule failed: it said {said!r}")


def _standing(rule: StandingRule, view: RiskView) -> Standing:
    try:
        said: object = rule.judge(view)
    except Exception as error:  # noqa: BLE001 - a rule is anybody's code
        return Trip(Stage.CANCEL, f"the rule failed: {error!r}")
    if isinstance(said, Allow | Warn):
        return said
    if isinstance(said, Trip) and isinstance(said.stage, Stage) and isinstance(said.until, int | None):
        return said
    return Trip(Stage.CANCEL, f"the rule failed: it said {said!r}")


def _cause(said: Iterable[Said], stage: Stage) -> str:
    """The first that asks for a stage."""
    return next((one.cause for one in said if one.stage is stage is not Stage.NONE), "")


def _holds(standing: Warn | Trip, at: Nanos) -> bool:
    """Whether a trip may not end yet."""
    return isinstance(standing, Trip) and standing.until is not None and at < standing.until

"""Judging: value what is held, ask the standing rules, and put the account where they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pmm.core.daily_loss import RULE, DailyLoss
from pmm.core.desk import Desk
from pmm.core.guard import Guard
from pmm.core.market_data import MarketData
from pmm.core.markets import QuotedMarket
from pmm.core.risk import Risk
from pmm.core.risk_facts import RiskFacts
from pmm.core.step import StepBuilder
from pmm.core.view import View
from pmm.model import Nanos


class Judging:
    """Each question returns why trading has to halt, empty when it has not to.  `view` is what a strategy sees."""

    def __init__(
        self,
        data: MarketData,
        desk: Desk,
        daily: DailyLoss,
        guard: Guard,
        facts: RiskFacts,
        risk: Risk,
        view: Callable[[QuotedMarket, Nanos], View],
    ) -> None:
        self._data = data
        self._desk = desk
        self._daily = daily
        self._guard = guard
        self._facts = facts
        self._risk = risk
        self._view = view

    def everything(self, out: StepBuilder) -> str:
        """Time passed: look at every market and at the account."""
        return self.markets(self._data.markets.values(), out)

    def markets(self, markets: Iterable[QuotedMarket], out: StepBuilder) -> str:
        """Something happened in these: look at them and at the account."""
        self._value(out)
        if self._guard.watches_markets:
            for quoted in markets:
                view = self._view(quoted, out.event.at)
                self._guard.judge(quoted.condition_id, self._facts.market(quoted, view, out), out)
        return self.account(out)

    def account(self, out: StepBuilder) -> str:
        """Something happened that is no market's matter: look at the account only."""
        guard = self._guard
        guard.judge_account(self._facts.account(out), out)
        self._daily.tell(guard.said(RULE), out)
        self._risk.follow(guard.account_stage, guard.account_cause, out)
        return guard.halt

    def _value(self, out: StepBuilder) -> None:
        held = tuple(self._data.held())
        for quoted in held:
            self._desk.value(quoted, out)
        valued = (quoted for quoted in held if not self._desk.positions.is_unvalued(quoted.condition_id))
        self._daily.see(out.event.at, valued, out)

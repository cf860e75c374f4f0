"""Gathers what risk rules may see: of the account as a whole, and of one market."""

from __future__ import annotations

from pmm.core.account_watch import AccountWatch
from pmm.core.daily_loss import DailyLoss
from pmm.core.desk import Desk
from pmm.core.markets import QuotedMarket
from pmm.core.outcomes import Stake
from pmm.core.risk_view import AccountFacts, MarketFacts, RiskView
from pmm.core.rule import Wish
from pmm.core.step import StepBuilder
from pmm.core.view import View
from pmm.model import Nanos


class RiskFacts:
    """Everything is read at the moment of asking: an order that was placed a moment ago counts."""

    def __init__(self, desk: Desk, daily: DailyLoss, account: AccountWatch) -> None:
        self._desk = desk
        self._daily = daily
        self._account = account

    def account(self, out: StepBuilder) -> RiskView:
        """For rules that judge the account."""
        return RiskView(out.event.at, self._account_facts(out))

    def market(self, quoted: QuotedMarket, view: View, out: StepBuilder) -> RiskView:
        """For rules that judge a market, or an order in it; `view` is what the strategy sees of it."""
        desk, name = self._desk, quoted.condition_id
        exposure = desk.exposure
        facts = MarketFacts(
            view=view,
            position=quoted.position,
            orders=tuple(desk.orders.open(name)),
            at_stake=exposure.loss(name),
            with_wish=lambda wish: exposure.loss_with(name, _stake(wish)),
            event_with_wish=lambda wish: exposure.event_with(name, _stake(wish)),
            data_at=_data_at(quoted),
            fills=desk.activity.fills(name),
            event_at_stake=exposure.event_loss(name),
            long_at_most=exposure.at_most(name, 1),
            short_at_most=exposure.at_most(name, -1),
            placed=desk.activity.placed(name),
        )
        return RiskView(out.event.at, self._account_facts(out), facts)

    def _account_facts(self, out: StepBuilder) -> AccountFacts:
        activity, result, balances = self._desk.activity, self._daily.result, self._account.balances
        activity.count(out)
        return AccountFacts(
            day=0 if result is None else result.money,
            resets=self._daily.resets,
            peak=self._daily.peak,
            at_stake=self._desk.exposure.total,
            errors=activity.errors,
            messages=activity.messages,
            worth=balances.worth,
            missing=balances.missing,
            missing_before=balances.missing_before,
        )


def _stake(wish: Wish) -> Stake:
    return Stake(wish.side, wish.price, wish.size, wish.is_yes)


def _data_at(quoted: QuotedMarket) -> Nanos | None:
    """When the book that is quoted on was last changed, proven or read."""
    source, copy = quoted.source, quoted.lead
    if source.state == "REST":
        return source.page_at
    return max(copy.changed_at, copy.proof_at) or None

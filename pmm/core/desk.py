"""The order desk: places and cancels what the reconciler asks for, and books what the venue reports."""

from __future__ import annotations

from collections.abc import Iterable

from pmm.commands import Cancel, Place
from pmm.core.markets import QuotedMarket
from pmm.core.orders import ORDER, Order, Orders, trigger_of
from pmm.core.placement import leg_for
from pmm.core.reconcile import Plan
from pmm.core.step import Fill, StepBuilder
from pmm.core.view import QuoteSide, Target
from pmm.events import ExecReport, Filled
from pmm.model import ConditionId


class Desk:
    """Our orders in every market.  `prefix` marks the ids of this run."""

    def __init__(self, prefix: str) -> None:
        self.orders = Orders()
        self._prefix = prefix
        self._count = 0

    def working(self, market: ConditionId) -> Iterable[Order]:
        return self.orders.open(market)

    @property
    def empty(self) -> bool:
        """Whether every order is proven to be over."""
        return not any(self.orders.open())

    def carry_out(self, plan: Plan, quoted: QuotedMarket, why: str, out: StepBuilder) -> None:
        """Turn a plan into commands."""
        for order in plan.cancels:
            out.move(ORDER, order, "cancel", order.order_id, why)
            out.commands.append(Cancel(order.order_id))
        for side, target in plan.places:
            self._place(quoted, side, target, out)

    def report(self, order: Order, report: ExecReport, quoted: QuotedMarket, out: StepBuilder) -> None:
        """Believe a report about an order of ours.  A fill that is told twice is booked once."""
        trigger = trigger_of(order, report)
        if isinstance(report, Filled):
            if report.trade_id in order.trades:
                return
            self._book(order, report, quoted, out)
        cause = getattr(report, "reason", "") or getattr(report, "cause", "")
        out.move(ORDER, order, trigger, order.order_id, cause)
        self.orders.refresh(order)

    def _place(self, quoted: QuotedMarket, side: QuoteSide, target: Target, out: StepBuilder) -> None:
        market = quoted.market
        token, order_side, price = leg_for(
            side, target, market, quoted.position, tuple(self.orders.open(market.condition_id))
        )
        self._count += 1
        order = Order(
            order_id=f"{self._prefix}{self._count}",
            market=market.condition_id,
            token=token,
            side=order_side,
            price=price,
            size=target.size,
            quote=side,
            price_yes=target.price,
            reference2=target.reference2,
            created_at=out.event.at,
        )
        self.orders.add(order)
        out.move(ORDER, order, "send", order.order_id, "wanted")
        out.commands.append(Place(order.order_id, order.market, token, order_side, price, target.size))

    @staticmethod
    def _book(order: Order, report: Filled, quoted: QuotedMarket, out: StepBuilder) -> None:
        is_yes = order.token == quoted.market.yes
        paid = quoted.position.apply(order.side, report.price, report.size, is_yes=is_yes)
        order.filled += report.size
        order.trades.add(report.trade_id)
        out.fills.append(
            Fill(
                at=report.at,
                order_id=order.order_id,
                trade_id=report.trade_id,
                market=order.market,
                token=order.token,
                is_yes=is_yes,
                side=order.side,
                price=report.price,
                size=report.size,
                paid=paid,
                mid2=quoted.mark2(),
            )
        )

"""The order desk: places and cancels what the reconciler asks for, and books what the venue reports.

Everything that is known of our orders meets here: the orders themselves, their fills and settlement, what is in
doubt, the ledger, and what could be lost at worst.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from pmm.account import Balances, OrderStatus, TradeStatus
from pmm.commands import Place, QueryOrder
from pmm.core.activity import Activity
from pmm.core.doubt import ANSWER_MAX, Doubts, Want
from pmm.core.exposure import Exposure
from pmm.core.guard import Check
from pmm.core.ledger import Ledger
from pmm.core.markets import QuotedMarket
from pmm.core.orders import GONE, ORDER, Order, Orders, trigger_of, trigger_of_shown
from pmm.core.placement import leg_for, quoted_as, wish_of
from pmm.core.position import cost_of
from pmm.core.positions import Positions
from pmm.core.reconcile import Plan
from pmm.core.settlement import Settlements
from pmm.core.step import Fill, StepBuilder
from pmm.core.view import QuoteSide, Target
from pmm.events import (
    Accepted,
    Adopted,
    Canceled,
    CancelRejected,
    ExecReport,
    Filled,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
    Unanswered,
)
from pmm.model import SECOND, ConditionId, Nanos, Side, TimeInForce, TokenId

OrderNews: TypeAlias = ExecReport | Settled | OrderShown | OrderMissing | Adopted
# An order is replaced when it has lived so many tenths of its life.
REFRESH_TENTHS = 8
# An order that is shown so trades no more: what it says of its trades is the last word.
SAYS_ALL = GONE | {OrderStatus.MATCHED}
# The venue shows a balance some time after the chain has it (protocol reference, section 4.7).
SHOWN_WITHIN: Nanos = 15 * SECOND
# So long an order of an earlier run is left alone while nothing can be decided about it.
ADOPTION_PATIENCE: Nanos = 15 * SECOND
# The venue shows shares later than it confirms their trade, 10 to 50 s were seen (protocol reference, section 4.7).
NO_BALANCE = "not enough balance"
SHORT_PAUSE: Nanos = 30 * SECOND


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """How orders are placed: `prefix` marks the ids of this run, `life` is their greatest age, None for any.

    Where cancels need `proof`, their answer does not free an order's exposure: how much of it traded does.
    """

    prefix: str = "dry-"
    tif: TimeInForce = TimeInForce.GTC
    life: Nanos | None = None
    proof: bool = False


class Desk:
    """Our orders in every market.  `want` has the account read for a cause."""

    def __init__(self, terms: OrderTerms, want: Want) -> None:
        self.orders = Orders()
        self.settlements = Settlements()
        self.ledger = Ledger()
        self.positions = Positions()
        self.activity = Activity()
        self.doubts = Doubts(self.orders, want)
        self.exposure = Exposure(self.orders, self.settlements, self.positions.of)
        self._terms = terms
        self._count = 0
        self._refused: dict[tuple[ConditionId, QuoteSide, int], str] = {}
        self._adopted: dict[ConditionId, Nanos] = {}
        self._final_at: dict[TokenId, Nanos] = {}
        self._short: dict[TokenId, Nanos] = {}

    def working(self, market: ConditionId, at: Nanos, *, undecided: bool = False) -> Iterable[Order]:
        """The open orders that a decision is about.

        One that is made for want of knowledge leaves orders of an earlier run where they rest, until the first real
        decision about them and for `ADOPTION_PATIENCE` at most.
        """
        if not undecided:
            self._adopted.pop(market, None)
        elif at - self._adopted.get(market, at - ADOPTION_PATIENCE) < ADOPTION_PATIENCE:
            return (order for order in self.orders.open(market) if not order.adopted)
        return self.orders.open(market)

    @property
    def empty(self) -> bool:
        """Whether every order is proven to be over."""
        return not any(self.orders.open())

    @property
    def settled_up(self) -> bool:
        """Whether every order is over and every trade of theirs that the venue knows was told."""
        return self.empty and not any(self.orders.owing())

    @property
    def wake_at(self) -> Nanos | None:
        return self.doubts.wake_at

    # --- what we want ---------------------------------------------------------------------------------------------

    def carry_out(self, plan: Plan, quoted: QuotedMarket, why: str, out: StepBuilder, check: Check) -> str:
        """Turn a plan into commands.  Returns why something was not placed, empty when everything was.

        `check` rules on each order, after those before it.
        """
        for order in plan.cancels:
            self.doubts.cancel(order, why, out)
        for order in plan.doubted:
            self.doubts.repost(order, out)
        refusals = [self._place(quoted, side, target, out, check) for side, target in plan.places]
        return "; ".join(refusal for refusal in refusals if refusal)

    def abandon(self, market: ConditionId, out: StepBuilder) -> None:
        """Cancel whatever is left in a market that is not quoted."""
        for order in self.orders.open(market):
            if order.state in ("LIVE", "PARTIAL", "UNKNOWN"):
                self.doubts.cancel(order, "its market is not quoted", out)

    def on_due(self, at: Nanos, out: StepBuilder) -> list[ConditionId]:
        """Ask about what is in doubt; returns the markets to decide on again."""
        return list(dict.fromkeys(order.market for order in self.doubts.due(at, out)))

    def on_time(self, at: Nanos, out: StepBuilder) -> None:
        """A request that was never answered is in doubt."""
        for order in self.orders.open():
            if order.state in ("SENT", "CANCEL_PENDING") and at - order.asked_at >= ANSWER_MAX:
                out.move(ORDER, order, "silence", order.order_id, "no answer ever came")
                self._after(order, out)

    def list_market(self, quoted: QuotedMarket) -> None:
        """A market is quoted: what was booked before it was known is put right."""
        market = quoted.market
        self.positions.list_market(quoted)
        self.exposure.list_market(market)
        for order in self.orders.open(market.condition_id):
            order.quote, order.price_yes = quoted_as(order.token, order.side, order.price, market)

    def _place(self, quoted: QuotedMarket, side: QuoteSide, target: Target, out: StepBuilder, check: Check) -> str:
        order = self._intend(quoted, side, target, out.event.at)
        ruling = check(wish_of(order))
        slot = (order.market, side, target.level)
        if ruling.refusal:
            # Said once, and again when something else is in the way.
            kind = ruling.refusal.partition(":")[0]
            if self._refused.get(slot) != kind:
                self._refused[slot] = kind
                ruling.tell(order.order_id, out)
                self._register(order, "deny", ruling.refusal, out)
            return ruling.refusal
        self._refused.pop(slot, None)
        ruling.tell(order.order_id, out)
        order.clipped, order.size = ruling.size < order.size, ruling.size
        self.activity.place(order)
        self._register(order, "send", "wanted", out)
        out.commands.append(
            Place(
                order.order_id,
                order.market,
                order.token,
                order.side,
                order.price,
                order.size,
                tif=self._terms.tif,
                expires_at=order.expires_at,
            )
        )
        return ""

    def _intend(self, quoted: QuotedMarket, side: QuoteSide, target: Target, at: Nanos) -> Order:
        market, life = quoted.market, self._terms.life
        working = tuple(self.orders.open(market.condition_id))
        short = [token for token, since in self._short.items() if at - since < SHORT_PAUSE]
        token, order_side, price = leg_for(side, target, market, quoted.position, working, short)
        return Order(
            order_id=f"{self._terms.prefix}{self._count + 1}",
            market=market.condition_id,
            token=token,
            side=order_side,
            price=price,
            size=target.size,
            quote=side,
            price_yes=target.price,
            reference2=target.reference2,
            created_at=at,
            expires_at=at + life if life is not None and self._terms.tif is TimeInForce.GTD else None,
            refresh_at=None if life is None else at + life * REFRESH_TENTHS // 10,
            asked_at=at,
            level=target.level,
        )

    def _register(self, order: Order, trigger: str, why: str, out: StepBuilder) -> None:
        self._count += 1
        self.orders.add(order)
        out.move(ORDER, order, trigger, order.order_id, why)
        self._after(order, out)

    def open_with(self, balances: Balances, asked_at: Nanos, markets: Iterable[QuotedMarket]) -> None:
        """What the account held before this run is ours to sell, and part of what could be lost."""
        moving = {fill.token for fill in self.settlements.pending()}
        moving |= {token for token, at in self._final_at.items() if asked_at - at < SHOWN_WITHIN}
        for market in self.positions.open_with(
            balances, markets, self.settlements.mined, lambda token: token not in moving
        ):
            self.exposure.changed(market)

    def value(self, quoted: QuotedMarket, out: StepBuilder) -> None:
        """Take over what was held before this run at the mid of its book, once there is one."""
        if self.positions.is_unvalued(quoted.condition_id):
            out.openings += self.positions.value(quoted, out.event.at)
            self.exposure.changed(quoted.condition_id)

    # --- what the venue says --------------------------------------------------------------------------------------

    def take(self, news: OrderNews, quoted: QuotedMarket | None, out: StepBuilder) -> None:
        """Believe what is said about an order of ours; `quoted` is its market, None where that is not quoted."""
        if isinstance(news, Settled):
            self._settle(news, out)
            return
        order = self.orders.get(news.order_id)
        if isinstance(news, Adopted):
            if order is None:
                self._adopt(news, quoted, out)
            return
        assert order is not None, "news about orders that nobody knows are not handed in"
        match news:
            case OrderShown():
                self._shown(order, news, out)
            case OrderMissing():
                self._missing(order, news, out)
            case _:
                self._report(order, news, quoted, out)
        self._after(order, out)

    def _report(self, order: Order, report: ExecReport, quoted: QuotedMarket | None, out: StepBuilder) -> None:
        """An exec report.  A fill that is told twice is booked once, as it was told last."""
        doubted, over = order.state == "UNKNOWN", not order.open
        trigger = trigger_of(order, report)
        match report:
            case Filled():
                if report.trade_id in order.trades:
                    self._correct(order, report, out)
                    return
                self._book(order, report, quoted, out)
                order.told_at = report.at
            case Accepted():
                order.told_at = report.at
            case Rejected() if order.side is Side.SELL and NO_BALANCE in report.reason.lower():
                # The complement is bought instead, and the same sale is not tried in a loop.
                self._short[order.token] = report.at
        cause = getattr(report, "reason", "") or getattr(report, "cause", "")
        out.move(ORDER, order, trigger, order.order_id, cause)
        if order.state != "CANCELED":
            order.unproven = False
        elif isinstance(report, Canceled) and not over:
            order.unproven = self._terms.proof
        if doubted and order.state == "UNKNOWN" and isinstance(report, CancelRejected | Unanswered):
            self.doubts.answered(order, out)
        if order.reposts and isinstance(report, Accepted) and order.state == "LIVE":
            # The venue knows these bytes, which may as well have traded or gone by now.
            out.commands.append(QueryOrder(order.order_id))

    def _shown(self, order: Order, shown: OrderShown, out: StepBuilder) -> None:
        order.matched = max(order.matched, shown.matched)
        if shown.status is OrderStatus.UNKNOWN:
            out.alarm(ORDER, order, "shown", order.order_id, "the venue shows a status that nobody knows")
        trigger = trigger_of_shown(order, shown)
        if trigger in ("ack", "partial", "rests"):
            order.told_at = shown.at
        out.move(ORDER, order, trigger, order.order_id, f"shown as {shown.status}")
        order.unproven = order.unproven and not order.open and shown.status not in SAYS_ALL

    def _missing(self, order: Order, missing: OrderMissing, out: StepBuilder) -> None:
        if order.state in ("LIVE", "PARTIAL") and missing.asked_at > (order.told_at or 0):
            out.move(ORDER, order, "doubt", order.order_id, f"not found by {missing.reading}")
            self.doubts.watch(order, out)
        if order.state == "UNKNOWN":
            self.doubts.missing(order, missing, out)
        elif missing.reading is Reading.ORDER and missing.asked_at >= (order.ended_at or missing.asked_at):
            order.unproven = False

    def _adopt(self, news: Adopted, quoted: QuotedMarket | None, out: StepBuilder) -> None:
        quote, price_yes = QuoteSide.BID if news.side.sign > 0 else QuoteSide.ASK, news.price
        if quoted is not None:
            quote, price_yes = quoted_as(news.token, news.side, news.price, quoted.market)
        life = news.expires_at - news.created_at
        order = Order(
            order_id=news.order_id,
            market=news.market,
            token=news.token,
            side=news.side,
            price=news.price,
            size=news.size,
            quote=quote,
            price_yes=price_yes,
            reference2=None,
            created_at=news.created_at,
            expires_at=news.expires_at if life > 0 else None,
            refresh_at=news.created_at + life * REFRESH_TENTHS // 10 if life > 0 else None,
            adopted=True,
            level=None,
        )
        self._adopted[news.market] = news.at
        self.orders.add(order)
        out.move(ORDER, order, "adopt", order.order_id, "")
        self._after(order, out)

    def _after(self, order: Order, out: StepBuilder) -> None:
        """Keep everything that is derived from an order true."""
        if order.open:
            order.ended_at = None
        elif order.ended_at is None:
            order.ended_at = out.event.at
        self.orders.refresh(order)
        left = order.size_left if order.open else 0
        self.ledger.reserve(order.order_id, order.side, order.token, order.price, left, out.event.at)
        self.exposure.changed(order.market)
        self.doubts.watch(order, out)

    # --- fills and their settlement -------------------------------------------------------------------------------

    def _book(self, order: Order, report: Filled, quoted: QuotedMarket | None, out: StepBuilder) -> None:
        is_yes, position, mid2 = self.positions.place_of(order, report.price, quoted)
        paid = position.apply(order.side, report.price, report.size, is_yes=is_yes)
        order.filled += report.size
        order.trades.add(report.trade_id)
        fill = Fill(
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
            mid2=mid2,
        )
        out.fills.append(fill)
        self.activity.fill(fill)
        self.ledger.fill(fill)
        for status in self.settlements.begin(fill):
            self._settle(Settled(report.at, order.order_id, report.trade_id, status), out)

    def _correct(self, order: Order, report: Filled, out: StepBuilder) -> None:
        """A fill is told with another size than before: it is taken back, and booked as it is told now."""
        trade = self.settlements.known(report.trade_id, order.order_id)
        if trade is None or trade.fill.size == report.size:
            return
        old, position, is_yes = trade.fill, self.positions.of(order.market), self.positions.is_yes(trade.fill)
        paid = cost_of(old.side, report.price, report.size)
        new = trade.fill = replace(old, price=report.price, size=report.size, paid=paid)
        order.filled += new.size - old.size
        out.fills.append(new)
        if trade.state == "FAILED":
            out.reversals.append(new)
            return
        self.activity.correct(old, new)
        settled = trade.state == "CONFIRMED"
        for fill, sign in ((old, -1), (new, 1)):
            position.rebook(fill.side, sign * fill.size, sign * fill.paid, is_yes=is_yes, settled=settled)
        self.ledger.reverse(old, report.at)
        self.ledger.fill(new)
        out.reversals.append(old)
        self.exposure.changed(order.market)

    def _settle(self, news: Settled, out: StepBuilder) -> None:
        trade = self.settlements.find(news)
        if trade is None:
            return
        fill, final = trade.fill, self.settlements.advance(trade, news.status, out)
        if final is None:
            return
        self._final_at[fill.token] = news.at
        position, is_yes = self.positions.of(fill.market), self.positions.is_yes(fill)
        if final is TradeStatus.CONFIRMED:
            position.settle(fill.side, fill.size, is_yes=is_yes)
        else:
            position.reverse(fill.side, fill.size, fill.paid, is_yes=is_yes)
            self.ledger.reverse(fill, news.at)
            out.reversals.append(fill)
            self.activity.reverse(fill)
        self.exposure.changed(fill.market)

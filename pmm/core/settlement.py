"""What becomes of a fill: matched, mined, confirmed, tried again, or failed after all.

A fill counts from MATCHED on, is settled at CONFIRMED, and is taken back exactly once at FAILED.  News of a trade come
late, repeated and in any order: whatever is final stays final, and a final word that contradicts an earlier final
word is recorded and changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pmm.account import TradeStatus
from pmm.core.step import Fill, StepBuilder
from pmm.events import Settled
from pmm.fsm import Row, Table
from pmm.model import ConditionId, OrderId, Size, TokenId

SETTLEMENT = Table(
    "settlement",
    "MATCHED",
    [
        Row("MATCHED", "match", "MATCHED", "the venue repeats itself"),
        Row("MATCHED", "mine", "MINED", "its transaction is in a block"),
        Row("MATCHED", "confirm", "CONFIRMED", "final: the shares have changed hands"),
        Row("MATCHED", "retry", "RETRYING", "its transaction reverted and is sent again"),
        Row("MATCHED", "fail", "FAILED", "final: the trade is void"),
        Row("MINED", "match", "MINED", "late news"),
        Row("MINED", "mine", "MINED", "the venue repeats itself"),
        Row("MINED", "confirm", "CONFIRMED", "final: the block is safe"),
        Row("MINED", "retry", "RETRYING", "the chain took the block back; it is sent again"),
        Row("MINED", "fail", "FAILED", "final: the trade is void"),
        Row("RETRYING", "match", "MATCHED", "sent again, or late news: pending either way"),
        Row("RETRYING", "mine", "MINED", "this time it is in a block"),
        Row("RETRYING", "confirm", "CONFIRMED", "final: the shares have changed hands"),
        Row("RETRYING", "retry", "RETRYING", "and again"),
        Row("RETRYING", "fail", "FAILED", "final: no attempt is left"),
        Row("CONFIRMED", "match", "CONFIRMED", "late news"),
        Row("CONFIRMED", "mine", "CONFIRMED", "late news"),
        Row("CONFIRMED", "confirm", "CONFIRMED", "the venue repeats itself"),
        Row("CONFIRMED", "retry", "CONFIRMED", "late news"),
        Row("CONFIRMED", "fail", "CONFIRMED", "contradiction: what is confirmed cannot fail; recorded"),
        Row("FAILED", "match", "FAILED", "late news"),
        Row("FAILED", "mine", "FAILED", "late news"),
        Row("FAILED", "confirm", "FAILED", "contradiction: what has failed cannot be confirmed; recorded"),
        Row("FAILED", "retry", "FAILED", "late news"),
        Row("FAILED", "fail", "FAILED", "the venue repeats itself"),
    ],
)

TRIGGERS = {
    TradeStatus.MATCHED: "match",
    TradeStatus.MINED: "mine",
    TradeStatus.CONFIRMED: "confirm",
    TradeStatus.RETRYING: "retry",
    TradeStatus.FAILED: "fail",
}
FINAL = frozenset({"CONFIRMED", "FAILED"})
_CONTRADICTIONS = frozenset({("CONFIRMED", "fail"), ("FAILED", "confirm")})
# Trades that are final and still remembered for late news; and news that overtook their fill.
FINAL_MAX = 10_000
EARLY_MAX = 1_000

Key: TypeAlias = tuple[str, OrderId]


@dataclass(slots=True)
class Trade:
    """Our part of a trade: the fill as it was booked, and how far it is settled."""

    fill: Fill
    state: str = field(default=SETTLEMENT.initial)


class Settlements:
    """Every fill that is not final yet, and the last of those that are, by trade and order."""

    def __init__(self) -> None:
        self._trades: dict[Key, Trade] = {}
        self._pending: dict[ConditionId, dict[Key, Trade]] = {}
        self._final: deque[Key] = deque()
        self._early: dict[Key, list[TradeStatus]] = {}

    def begin(self, fill: Fill) -> list[TradeStatus]:
        """A fill was booked; returns what was told of its settlement before, which has to be told again."""
        key = (fill.trade_id, fill.order_id)
        trade = self._trades[key] = Trade(fill)
        self._pending.setdefault(fill.market, {})[key] = trade
        return self._early.pop(key, [])

    def find(self, news: Settled) -> Trade | None:
        """The trade that news are about; news that overtook their fill are kept for it."""
        key = (news.trade_id, news.order_id)
        trade = self._trades.get(key)
        if trade is None:
            known = self._early.setdefault(key, [])
            if news.status not in known:
                known.append(news.status)
            if len(self._early) > EARLY_MAX:
                del self._early[next(iter(self._early))]
        return trade

    def known(self, trade_id: str, order_id: OrderId) -> Trade | None:
        """A trade by its ids; None once it is forgotten."""
        return self._trades.get((trade_id, order_id))

    def pending(self, market: ConditionId | None = None) -> Iterator[Fill]:
        """Fills that may still settle or fail, in one market or in all."""
        groups = self._pending.values() if market is None else [self._pending.get(market, {})]
        return (trade.fill for group in groups for trade in group.values())

    def mined(self, token: TokenId) -> Size:
        """Shares of a token that pending trades have brought (negative: taken) on the chain, which may undo it."""
        trades = (trade for group in self._pending.values() for trade in group.values())
        return sum(
            trade.fill.side.sign * trade.fill.size
            for trade in trades
            if trade.state == "MINED" and trade.fill.token == token
        )

    def advance(self, trade: Trade, status: TradeStatus, out: StepBuilder) -> TradeStatus | None:
        """Take a status in; returns CONFIRMED or FAILED when the trade became final by it, once."""
        name = f"{trade.fill.order_id} {trade.fill.trade_id}"
        trigger = TRIGGERS.get(status)
        if trigger is None:
            out.alarm(SETTLEMENT, trade, "unknown", name, "the venue tells a status that nobody knows")
            return None
        if (trade.state, trigger) in _CONTRADICTIONS:
            row = SETTLEMENT.row(trade.state, trigger)
            out.alarm(SETTLEMENT, trade, trigger, name, row.why if row else "")
        old = trade.state
        out.move(SETTLEMENT, trade, trigger, name, "")
        if trade.state == old or trade.state not in FINAL:
            return None
        self._finish(trade)
        return TradeStatus(trade.state)

    def _finish(self, trade: Trade) -> None:
        key = (trade.fill.trade_id, trade.fill.order_id)
        pending = self._pending[trade.fill.market]
        del pending[key]
        if not pending:
            del self._pending[trade.fill.market]
        self._final.append(key)
        if len(self._final) > FINAL_MAX:
            del self._trades[self._final.popleft()]

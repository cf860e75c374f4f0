"""What the state file knows of an account: orders, trades, positions and profit, as the venue would show them.

The same types as reads of the venue give (`pmm.account`), so that a command need not know which it prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pmm.account import OrderStatus, OwnOrder, OwnTrade, TradeStatus
from pmm.core.rule import RiskEvent
from pmm.core.step import Fill, Opening
from pmm.metrics.pnl import MarketPnl
from pmm.metrics.sample import Sample
from pmm.model import GRID, ConditionId, Money, Nanos, OrderId, Side, Size, TokenId
from pmm.sinks import risk_events, samples
from pmm.sinks.store import Store, whole

# The state of an order in the words of the venue; what is on its way or in doubt counts as live and is shown as such.
STATUS: Mapping[str, OrderStatus] = {
    "INTENT": OrderStatus.UNKNOWN,
    "SENT": OrderStatus.UNKNOWN,
    "UNKNOWN": OrderStatus.UNKNOWN,
    "LIVE": OrderStatus.LIVE,
    "PARTIAL": OrderStatus.LIVE,
    "CANCEL_PENDING": OrderStatus.LIVE,
    "FILLED": OrderStatus.MATCHED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.INVALID,
    "DENIED": OrderStatus.INVALID,
}
LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of one token; `cost` is the money that left us for them altogether, negative when more came in.

    `settled` of them are there for certain.  `event` names the neg-risk event of the market, empty where it stands
    alone; there the first token, which `is_yes`, pays where this outcome wins.
    """

    market: ConditionId
    token: TokenId
    outcome: str
    size: Size
    cost: Money
    settled: Size = 0
    is_yes: bool = True
    event: str = ""


class Records:
    """Reads of one account.  `epoch` None is the last run of a dry run; 0 is the whole life of a live account.

    Every method raises DiskError.
    """

    def __init__(self, store: Store, account: int, *, epoch: int | None = None) -> None:
        self._store = store
        self._account = account
        self._epoch = self._last() if epoch is None else epoch

    @property
    def epoch(self) -> int:
        """Which run is read; 0 for the whole life of a live account."""
        return self._epoch

    def orders(self, token: TokenId | None = None, *, limit: int = LIMIT, only_open: bool = True) -> list[OwnOrder]:
        """Orders, the newest first; the open ones alone unless told otherwise."""
        rows = self._store.rows(
            "SELECT o.order_id, coalesce(i.venue_id, ''), o.market, o.token, o.side, o.price, o.size, o.matched,"
            " o.state, o.created_at, o.expires_at FROM orders o"
            " LEFT JOIN intents i ON i.account = o.account AND i.order_id = o.order_id"
            " WHERE o.account = ? AND o.epoch = ? AND (? IS NULL OR o.token = ?)"
            " ORDER BY o.created_at DESC, o.order_id DESC",
            (self._account, self._epoch, token, token),
        )
        outcomes = self._outcomes()
        found = [_order(row, outcomes) for row in rows]
        return [order for order in found if order.is_live or not only_open][:limit]

    def trades(self, token: TokenId | None = None, *, limit: int = LIMIT, since: Nanos = 0) -> list[OwnTrade]:
        """Trades, the newest first: those of the token, then the limit."""
        rows = self._store.rows(
            "SELECT t.trade_id, t.order_id, coalesce(i.venue_id, ''), t.market, t.token, t.side, t.price, t.size,"
            " t.status, t.at FROM trades t"
            " LEFT JOIN intents i ON i.account = t.account AND i.order_id = t.order_id"
            " WHERE t.account = ? AND t.epoch = ? AND (? IS NULL OR t.token = ?) AND t.at >= ?"
            " ORDER BY t.at DESC, t.trade_id DESC LIMIT ?",
            (self._account, self._epoch, token, token, since, limit),
        )
        outcomes = self._outcomes()
        return [_trade(row, outcomes) for row in rows]

    def positions(self) -> list[Held]:
        """What openings, and trades that did not fail, left; tokens of which nothing is left are left out."""
        rows = self._store.rows(
            "SELECT h.market, h.token, sum(h.size), sum(h.paid), sum(h.settled), max(h.is_yes),"
            " coalesce(max(m.event), '') FROM (SELECT market, token,"
            " CASE side WHEN 'BUY' THEN size ELSE -size END AS size, paid, is_yes,"
            " CASE WHEN status = 'CONFIRMED' OR side = 'SELL' THEN CASE side WHEN 'BUY' THEN size ELSE -size END"
            " ELSE 0 END AS settled FROM trades"
            " WHERE account = ?1 AND epoch = ?2 AND status <> 'FAILED' UNION ALL SELECT market, token, size,"
            " size * (CASE is_yes WHEN 1 THEN mid2 ELSE ?3 - mid2 END) / ?3, is_yes, size FROM openings"
            " WHERE account = ?1 AND epoch = ?2) h LEFT JOIN markets m ON m.condition_id = h.market"
            " GROUP BY h.market, h.token ORDER BY h.market, h.token",
            (self._account, self._epoch, 2 * GRID),
        )
        outcomes = self._outcomes()
        held = [
            Held(
                market=str(market),
                token=str(token),
                outcome=outcomes.get(str(token), ""),
                size=whole(size),
                cost=whole(cost),
                settled=max(0, whole(settled)),
                is_yes=bool(is_yes),
                event=str(event),
            )
            for market, token, size, cost, settled, is_yes, event in rows
        ]
        return [one for one in held if one.size]

    def pnl(self) -> dict[ConditionId, MarketPnl]:
        """Profit by market, marked at the last mid that was decided on; trades that failed never happened."""
        markets: dict[ConditionId, MarketPnl] = {}
        told: list[Opening | Fill] = [*self.openings(), *self.fills()]
        for one in sorted(told, key=lambda one: one.at):
            ledger = markets.setdefault(one.market, MarketPnl())
            if isinstance(one, Opening):
                ledger.open(one)
            else:
                ledger.book(one)
        for market, mid2 in self.marks().items():
            if market in markets:
                markets[market].mark(mid2)
        return markets

    def marks(self) -> dict[ConditionId, int]:
        """Twice the mid of every market as it was last seen."""
        rows = self._store.rows(
            "SELECT market, mid2 FROM marks WHERE account = ? AND epoch = ?", (self._account, self._epoch)
        )
        return {str(market): whole(mid2) for market, mid2 in rows}

    def risk_events(self, *, limit: int = LIMIT, since: Nanos = 0) -> list[RiskEvent]:
        """What rules said, acted on or not, the newest first."""
        return risk_events.read(self._store, self._account, self._epoch, limit=limit, since=since)

    def samples(self, *, since: Nanos = 0, until: Nanos = 2**63 - 1) -> dict[ConditionId, list[Sample]]:
        """How every market stood every few seconds, the oldest first."""
        return samples.read(self._store, self._account, self._epoch, since=since, until=until)

    def markouts(self) -> dict[tuple[OrderId, str], dict[Nanos, int]]:
        """Twice the mid so long after a trade, by order and trade id."""
        return samples.read_markouts(self._store, self._account, self._epoch)

    def rebates(self) -> dict[ConditionId, list[tuple[Nanos, Money]]]:
        """What fills earned of the fees of their market, by market: when, and how much."""
        return samples.read_rebates(self._store, self._account, self._epoch)

    def fills(self) -> list[Fill]:
        """Trades that did not fail, as they were booked, the oldest first."""
        rows = self._store.rows(
            "SELECT at, order_id, trade_id, market, token, is_yes, side, price, size, paid, mid2 FROM trades"
            " WHERE account = ? AND epoch = ? AND status <> 'FAILED' ORDER BY at, trade_id, order_id",
            (self._account, self._epoch),
        )
        return [
            Fill(
                at=whole(at),
                order_id=str(order_id),
                trade_id=str(trade_id),
                market=str(market),
                token=str(token),
                is_yes=bool(is_yes),
                side=Side(str(side)),
                price=whole(price),
                size=whole(size),
                paid=whole(paid),
                mid2=whole(mid2),
            )
            for at, order_id, trade_id, market, token, is_yes, side, price, size, paid, mid2 in rows
        ]

    def openings(self) -> list[Opening]:
        """Shares that no trade here explains, as they were taken over."""
        rows = self._store.rows(
            "SELECT at, market, token, is_yes, size, mid2 FROM openings WHERE account = ? AND epoch = ?",
            (self._account, self._epoch),
        )
        return [
            Opening(whole(at), str(market), str(token), bool(is_yes), whole(size), whole(size), whole(mid2))
            for at, market, token, is_yes, size, mid2 in rows
        ]

    def slugs(self) -> dict[ConditionId, str]:
        """The names of the markets that this file has met."""
        return {str(market): str(slug) for market, slug in self._store.rows("SELECT condition_id, slug FROM markets")}

    def _outcomes(self) -> dict[TokenId, str]:
        rows = self._store.rows("SELECT yes, yes_outcome, no, no_outcome FROM markets")
        return {str(token): str(outcome) for row in rows for token, outcome in (row[:2], row[2:])}

    def _last(self) -> int:
        ((run,),) = self._store.rows("SELECT coalesce(max(id), 0) FROM runs WHERE account = ?", (self._account,))
        return whole(run)


def _order(row: tuple[object, ...], outcomes: Mapping[TokenId, str]) -> OwnOrder:
    order_id, venue_id, market, token, side, price, size, matched, state, created_at, expires_at = row
    return OwnOrder(
        order_id=str(order_id),
        venue_id=str(venue_id),
        market=str(market),
        token=str(token),
        side=Side(str(side)),
        price=whole(price),
        size=whole(size),
        matched=whole(matched),
        status=STATUS.get(str(state), OrderStatus.UNKNOWN),
        created_at=whole(created_at),
        expires_at=None if expires_at is None else whole(expires_at),
        outcome=outcomes.get(str(token), ""),
    )


def _trade(row: tuple[object, ...], outcomes: Mapping[TokenId, str]) -> OwnTrade:
    trade_id, order_id, venue_id, market, token, side, price, size, status, at = row
    return OwnTrade(
        trade_id=str(trade_id),
        order_id=str(order_id),
        venue_id=str(venue_id),
        market=str(market),
        token=str(token),
        side=Side(str(side)),
        price=whole(price),
        size=whole(size),
        status=TradeStatus.of(str(status)),
        matched_at=whole(at),
        maker=True,
        outcome=outcomes.get(str(token), ""),
    )

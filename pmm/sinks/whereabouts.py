"""Find an order in a state file by our id or the venue's, whatever account or run it belongs to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pmm.model import ConditionId, Nanos, OrderId, Price, Side, Size, TokenId
from pmm.sinks.store import Store, whole

_COLUMNS = (
    "o.account, o.epoch, o.order_id, coalesce(i.venue_id, ''), o.market, o.token, o.side, o.price, o.size, o.matched,"
    " o.state, o.created_at"
)
_JOINED = "orders o LEFT JOIN intents i ON i.account = o.account AND i.order_id = o.order_id"


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """`epoch` is 0 where the order was real, otherwise the dry run; `state` is that of our own machine."""

    account: int
    epoch: int
    order_id: OrderId
    venue_id: str
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    matched: Size
    state: str
    created_at: Nanos


def find_order(store: Store, order_id: str) -> FoundOrder | None:
    """The newest order of that id: ids of dry runs begin anew with every run.  Raises DiskError."""
    rows = store.rows(
        f"SELECT {_COLUMNS} FROM {_JOINED} WHERE o.order_id = ?1 OR i.venue_id = lower(?1)"  # noqa: S608 - constants
        " ORDER BY o.created_at DESC, o.epoch DESC LIMIT 1",
        (order_id,),
    )
    return _order(rows[0]) if rows else None


def recent_orders(store: Store, count: int) -> Iterable[OrderId]:
    """Ids of the newest orders.  Raises DiskError."""
    rows = store.rows("SELECT order_id FROM orders ORDER BY created_at DESC LIMIT ?", (count,))
    return [str(order_id) for (order_id,) in rows]


def market_names(store: Store, market: ConditionId) -> tuple[str, str]:
    """Slug and question of a market that the file has met, empty where it has not.  Raises DiskError."""
    rows = store.rows("SELECT slug, question FROM markets WHERE condition_id = ?", (market,))
    return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")


def outcome_of(store: Store, token: TokenId) -> str:
    """The name of a token in a market that the file has met, empty where it has not.  Raises DiskError."""
    rows = store.rows(
        "SELECT CASE yes WHEN ?1 THEN yes_outcome ELSE no_outcome END FROM markets WHERE yes = ?1 OR no = ?1", (token,)
    )
    return str(rows[0][0]) if rows else ""


def _order(row: tuple[object, ...]) -> FoundOrder:
    account, epoch, order_id, venue_id, market, token, side, price, size, matched, state, created_at = row
    return FoundOrder(
        account=whole(account),
        epoch=whole(epoch),
        order_id=str(order_id),
        venue_id=str(venue_id),
        market=str(market),
        token=str(token),
        side=Side(str(side)),
        price=whole(price),
        size=whole(size),
        matched=whole(matched),
        state=str(state),
        created_at=whole(created_at),
    )

"""The state of an account as the file has it: what the next run must come back to."""

from __future__ import annotations

from pmm.core.orders import TERMINAL
from pmm.core.state_image import HeldImage, OrderImage, StateImage, TradeImage
from pmm.model import Side
from pmm.sinks.store import Store, whole

_HELD = (
    "SELECT token, sum(settled), sum(bought), sum(sold) FROM ("
    " SELECT token, CASE WHEN status <> 'CONFIRMED' THEN 0 WHEN side = 'BUY' THEN size ELSE -size END AS settled,"
    " (status <> 'CONFIRMED' AND side = 'BUY') * size AS bought,"
    " (status <> 'CONFIRMED' AND side = 'SELL') * size AS sold"
    " FROM trades WHERE account = ?1 AND epoch = ?2 AND status <> 'FAILED'"
    " UNION ALL SELECT token, size, 0, 0 FROM openings WHERE account = ?1 AND epoch = ?2) GROUP BY token"
)
# One that was sent and not yet written down is only among the intents.
_ORDERS = (
    "SELECT order_id, token, side, price, size, matched, state FROM orders WHERE account = ?1 AND epoch = ?2"
    " UNION ALL SELECT order_id, token, side, price, size, 0, 'SENT' FROM intents i WHERE account = ?1 AND closed = 0"
    " AND ?2 = 0 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account = ?1 AND o.epoch = 0"
    " AND o.order_id = i.order_id)"
)
_TRADES = (
    "SELECT trade_id, order_id, price, size, status FROM trades WHERE account = ? AND epoch = ?"
    " AND status NOT IN ('CONFIRMED', 'FAILED')"
)
_DAY = "SELECT day, money FROM days WHERE account = ? ORDER BY day DESC LIMIT 1"


def image(store: Store, account: int, epoch: int = 0) -> StateImage:
    """Of a live account, or of one dry run, which has no day.  Raises DiskError."""
    key = account, epoch
    held = (
        HeldImage(str(token), whole(settled), whole(bought), whole(sold))
        for token, settled, bought, sold in store.rows(_HELD, key)
    )
    orders = (
        OrderImage(str(order_id), str(token), Side(str(side)), whole(price), whole(size), whole(matched))
        for order_id, token, side, price, size, matched, state in store.rows(_ORDERS, key)
        if str(state) not in TERMINAL
    )
    trades = (
        TradeImage(str(trade_id), str(order_id), whole(price), whole(size), str(status))
        for trade_id, order_id, price, size, status in store.rows(_TRADES, key)
    )
    days = store.rows(_DAY, (account,)) if epoch == 0 else []
    return StateImage(
        held=tuple(sorted(one for one in held if one.settled or one.bought or one.sold)),
        orders=tuple(sorted(orders)),
        trades=tuple(sorted(trades)),
        day=next(((whole(day), whole(money)) for day, money in days), None),
        latches=tuple(sorted({str(latch.name) for latch in store.latched(account)})),
    )

"""Our orders: what we asked for, what the venue is known to have done, and what is still unknown.

Terminal states need the venue's word.  An order whose fate is unknown keeps its slot and its exposure, and a fill is
believed in every state, also when it arrives after a cancel or a rejection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmm.core.view import QuoteSide
from pmm.events import Accepted, Canceled, CancelRejected, ExecReport, Filled, Rejected, Unanswered
from pmm.fsm import Row, Table
from pmm.model import ConditionId, Nanos, OrderId, Price, Side, Size, TokenId

ORDER = Table(
    "order",
    "INTENT",
    [
        Row("INTENT", "send", "SENT", "the command left the engine"),
        Row("INTENT", "deny", "DENIED", "a rule of ours refused it before it left"),
        Row("SENT", "ack", "LIVE", "the venue says that it rests"),
        Row("SENT", "reject", "REJECTED", "the venue refused it"),
        Row("SENT", "partial", "PARTIAL", "a fill overtook the acknowledgement"),
        Row("SENT", "fill", "FILLED", "filled whole before the acknowledgement"),
        Row("SENT", "cancel", "CANCEL_PENDING", "no longer wanted, although not yet acknowledged"),
        Row("SENT", "gone", "CANCELED", "the venue removed it at once"),
        Row("SENT", "silence", "UNKNOWN", "time-out, reset or 5xx: it may rest or not"),
        Row("LIVE", "ack", "LIVE", "the venue repeats itself"),
        Row("LIVE", "partial", "PARTIAL", "some of it traded"),
        Row("LIVE", "fill", "FILLED", "all of it traded"),
        Row("LIVE", "cancel", "CANCEL_PENDING", "we asked the venue to remove it"),
        Row("LIVE", "gone", "CANCELED", "removed by the venue, not by us"),
        Row("LIVE", "expire", "EXPIRED", "its time is over"),
        Row("PARTIAL", "ack", "PARTIAL", "the acknowledgement came after the fill"),
        Row("PARTIAL", "partial", "PARTIAL", "some more of it traded"),
        Row("PARTIAL", "fill", "FILLED", "the rest of it traded"),
        Row("PARTIAL", "cancel", "CANCEL_PENDING", "we asked the venue to remove the rest"),
        Row("PARTIAL", "gone", "CANCELED", "the rest was removed by the venue"),
        Row("PARTIAL", "expire", "EXPIRED", "the time of the rest is over"),
        Row("CANCEL_PENDING", "ack", "CANCEL_PENDING", "the acknowledgement crossed our cancel"),
        Row("CANCEL_PENDING", "reject", "REJECTED", "it never rested: the refusal crossed our cancel"),
        Row("CANCEL_PENDING", "partial", "CANCEL_PENDING", "a fill crossed our cancel"),
        Row("CANCEL_PENDING", "fill", "FILLED", "the last fill crossed our cancel"),
        Row("CANCEL_PENDING", "gone", "CANCELED", "the venue confirms the cancel"),
        Row("CANCEL_PENDING", "keep", "LIVE", "the venue refused the cancel: it still rests"),
        Row("CANCEL_PENDING", "expire", "EXPIRED", "its time ran out before the cancel"),
        Row("CANCEL_PENDING", "silence", "UNKNOWN", "the cancel got no answer"),
        Row("UNKNOWN", "ack", "LIVE", "proof: it rests"),
        Row("UNKNOWN", "reject", "REJECTED", "proof: it never rested"),
        Row("UNKNOWN", "partial", "PARTIAL", "proof: it traded in part"),
        Row("UNKNOWN", "fill", "FILLED", "proof: it traded whole"),
        Row("UNKNOWN", "gone", "CANCELED", "proof: it was removed"),
        Row("UNKNOWN", "expire", "EXPIRED", "proof: its time is over"),
        Row("UNKNOWN", "cancel", "UNKNOWN", "a cancel is sent although nobody knows whether it rests"),
        Row("UNKNOWN", "keep", "UNKNOWN", "a refused cancel proves nothing"),
        Row("UNKNOWN", "silence", "UNKNOWN", "still no answer"),
        Row("FILLED", "ack", "FILLED", "late news: the acknowledgement came last"),
        Row("FILLED", "gone", "FILLED", "late news: the cancel crossed the last fill"),
        Row("FILLED", "keep", "FILLED", "late news: too late to cancel"),
        Row("FILLED", "fill", "FILLED", "late news: the venue filled more than it should"),
        Row("CANCELED", "ack", "CANCELED", "late news: the acknowledgement came last"),
        Row("CANCELED", "gone", "CANCELED", "late news: the venue repeats itself"),
        Row("CANCELED", "keep", "CANCELED", "late news: already gone"),
        Row("CANCELED", "partial", "CANCELED", "late news: it traded in part before it was removed"),
        Row("CANCELED", "fill", "FILLED", "late news: it had traded whole before the cancel"),
        Row("EXPIRED", "partial", "EXPIRED", "late news: it traded in part before its time was over"),
        Row("EXPIRED", "fill", "FILLED", "late news: it had traded whole in time"),
        Row("EXPIRED", "gone", "EXPIRED", "late news: the venue repeats itself"),
        Row("EXPIRED", "keep", "EXPIRED", "late news: already gone"),
        Row("REJECTED", "partial", "PARTIAL", "a fill is believed: the refusal was wrong"),
        Row("REJECTED", "fill", "FILLED", "a fill is believed: the refusal was wrong"),
        Row("REJECTED", "gone", "REJECTED", "late news: the cancel of something that never rested"),
        Row("REJECTED", "keep", "REJECTED", "late news: nothing there to cancel"),
    ],
)

TERMINAL = frozenset({"DENIED", "REJECTED", "FILLED", "CANCELED", "EXPIRED"})
CANCELABLE = frozenset({"SENT", "LIVE", "PARTIAL", "UNKNOWN"})
# Orders that are over and still remembered: hours of busy quoting, a few megabytes.
RETIRED_MAX = 10_000


@dataclass(slots=True)
class Order:
    """One order of ours.  `side` and `price` are in the token's own terms, `quote` and `price_yes` in the market's."""

    order_id: OrderId
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    quote: QuoteSide
    price_yes: Price
    reference2: int
    created_at: Nanos
    state: str = field(default=ORDER.initial)
    filled: Size = 0
    trades: set[str] = field(default_factory=set)

    @property
    def size_left(self) -> Size:
        return max(0, self.size - self.filled)

    @property
    def open(self) -> bool:
        """Whether it may still trade: everything that is not proven to be over."""
        return self.state not in TERMINAL


def trigger_of(order: Order, report: ExecReport) -> str:
    """The trigger of the order table that an exec report amounts to; a fill must not be booked before."""
    match report:
        case Accepted():
            return "ack"
        case Rejected():
            return "reject"
        case Canceled():
            return "gone"
        case CancelRejected():
            return "keep"
        case Unanswered():
            return "silence"
        case Filled():
            return "fill" if order.filled + report.size >= order.size else "partial"


class Orders:
    """Every order that still matters, by id, and the open ones by market.

    Of those that are over, the last `RETIRED_MAX` are kept for late news; an open order is never forgotten.
    """

    def __init__(self) -> None:
        self._all: dict[OrderId, Order] = {}
        self._open: dict[ConditionId, dict[OrderId, Order]] = {}
        self._retired: deque[Order] = deque()

    def add(self, order: Order) -> None:
        assert order.order_id not in self._all, "order ids are never reused"
        self._all[order.order_id] = order
        self._open.setdefault(order.market, {})[order.order_id] = order

    def get(self, order_id: OrderId) -> Order | None:
        return self._all.get(order_id)

    def refresh(self, order: Order) -> None:
        """Keep the indexes true after a change of state; late news may open an order again."""
        open_here = self._open.setdefault(order.market, {})
        if order.open:
            open_here[order.order_id] = order
        elif open_here.pop(order.order_id, None) is not None:
            self._retire(order)

    def open(self, market: ConditionId | None = None) -> Iterator[Order]:
        groups = self._open.values() if market is None else [self._open.get(market, {})]
        return (order for group in groups for order in tuple(group.values()))

    def _retire(self, order: Order) -> None:
        self._retired.append(order)
        if len(self._retired) > RETIRED_MAX:
            oldest = self._retired.popleft()
            if not oldest.open:
                self._all.pop(oldest.order_id, None)

"""Our orders: what we asked for, what the venue is known to have done, and what is still unknown.

Terminal states need the venue's word.  An order whose fate is unknown keeps its slot and its exposure, and a fill is
believed in every state, also when it arrives after a cancel or a rejection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from pmm.account import OrderStatus
from pmm.core.view import QuoteSide
from pmm.events import Accepted, Canceled, CancelRejected, ExecReport, Filled, OrderShown, Rejected, Unanswered
from pmm.fsm import Row, Table
from pmm.model import SHARE, ConditionId, Nanos, OrderId, Price, Side, Size, TokenId

ORDER = Table(
    "order",
    "INTENT",
    [
        Row("INTENT", "send", "SENT", "the command left the engine"),
        Row("INTENT", "deny", "DENIED", "a rule of ours refused it before it left"),
        Row("INTENT", "adopt", "UNKNOWN", "an order of an earlier run: it may rest"),
        Row("SENT", "ack", "LIVE", "the venue says that it rests"),
        Row("SENT", "reject", "REJECTED", "the venue refused it"),
        Row("SENT", "partial", "PARTIAL", "a fill overtook the acknowledgement"),
        Row("SENT", "fill", "FILLED", "filled whole before the acknowledgement"),
        Row("SENT", "cancel", "CANCEL_PENDING", "no longer wanted, although not yet acknowledged"),
        Row("SENT", "gone", "CANCELED", "the venue removed it at once"),
        Row("SENT", "keep", "SENT", "a cancel of everything overtook it; its own answer is still to come"),
        Row("SENT", "silence", "UNKNOWN", "time-out, reset or 5xx: it may rest or not"),
        Row("SENT", "doubt", "UNKNOWN", "the venue shows it in a way that nobody understands"),
        Row("LIVE", "ack", "LIVE", "the venue repeats itself"),
        Row("LIVE", "partial", "PARTIAL", "some of it traded"),
        Row("LIVE", "fill", "FILLED", "all of it traded"),
        Row("LIVE", "cancel", "CANCEL_PENDING", "we asked the venue to remove it"),
        Row("LIVE", "gone", "CANCELED", "removed by the venue, not by us"),
        Row("LIVE", "silence", "UNKNOWN", "late news: a request about it had no answer"),
        Row("LIVE", "keep", "UNKNOWN", "late news: a refused cancel proves nothing"),
        Row("LIVE", "doubt", "UNKNOWN", "not listed any more, or shown in a way that nobody understands"),
        Row("PARTIAL", "ack", "PARTIAL", "the acknowledgement came after the fill"),
        Row("PARTIAL", "partial", "PARTIAL", "some more of it traded"),
        Row("PARTIAL", "fill", "FILLED", "the rest of it traded"),
        Row("PARTIAL", "cancel", "CANCEL_PENDING", "we asked the venue to remove the rest"),
        Row("PARTIAL", "gone", "CANCELED", "the rest was removed by the venue"),
        Row("PARTIAL", "silence", "UNKNOWN", "the fill overtook a request that had no answer"),
        Row("PARTIAL", "keep", "UNKNOWN", "late news: a refused cancel proves nothing"),
        Row("PARTIAL", "doubt", "UNKNOWN", "not listed any more, or shown in a way that nobody understands"),
        Row("CANCEL_PENDING", "ack", "CANCEL_PENDING", "the acknowledgement crossed our cancel"),
        Row("CANCEL_PENDING", "reject", "REJECTED", "it never rested: the refusal crossed our cancel"),
        Row("CANCEL_PENDING", "partial", "CANCEL_PENDING", "a fill crossed our cancel"),
        Row("CANCEL_PENDING", "fill", "FILLED", "the last fill crossed our cancel"),
        Row("CANCEL_PENDING", "gone", "CANCELED", "the venue confirms the cancel"),
        Row("CANCEL_PENDING", "keep", "UNKNOWN", "a refused cancel proves nothing: filled, gone or resting"),
        Row("CANCEL_PENDING", "silence", "UNKNOWN", "the cancel got no answer"),
        Row("CANCEL_PENDING", "doubt", "CANCEL_PENDING", "the answer to the cancel is still to come"),
        Row("UNKNOWN", "ack", "LIVE", "proof: it rests"),
        Row("UNKNOWN", "reject", "REJECTED", "proof: it never rested"),
        Row("UNKNOWN", "partial", "PARTIAL", "proof: it traded in part"),
        Row("UNKNOWN", "fill", "FILLED", "proof: it traded whole"),
        Row("UNKNOWN", "gone", "CANCELED", "proof: it was removed"),
        Row("UNKNOWN", "expire", "EXPIRED", "its time is over, and two independent reads since then do not know it"),
        Row("UNKNOWN", "cancel", "UNKNOWN", "a cancel is sent although nobody knows whether it rests"),
        Row("UNKNOWN", "keep", "UNKNOWN", "a refused cancel proves nothing"),
        Row("UNKNOWN", "silence", "UNKNOWN", "still no answer"),
        Row("UNKNOWN", "doubt", "UNKNOWN", "a second copy was refused: the first may still arrive"),
        Row("FILLED", "ack", "FILLED", "late news: the acknowledgement came last"),
        Row("FILLED", "reject", "FILLED", "late news: a fill is believed, the refusal was wrong"),
        Row("FILLED", "gone", "FILLED", "late news: the cancel crossed the last fill"),
        Row("FILLED", "keep", "FILLED", "late news: too late to cancel"),
        Row("FILLED", "partial", "FILLED", "late news: the crumb that was missing"),
        Row("FILLED", "fill", "FILLED", "late news: the venue filled more than it should"),
        Row("FILLED", "silence", "FILLED", "late news: a request about it had no answer"),
        Row("FILLED", "doubt", "FILLED", "late news: a second copy was refused"),
        Row("CANCELED", "ack", "CANCELED", "late news: the acknowledgement came last"),
        Row("CANCELED", "reject", "CANCELED", "late news: gone either way"),
        Row("CANCELED", "gone", "CANCELED", "late news: the venue repeats itself"),
        Row("CANCELED", "keep", "CANCELED", "late news: already gone"),
        Row("CANCELED", "partial", "CANCELED", "late news: it traded in part before it was removed"),
        Row("CANCELED", "fill", "FILLED", "late news: it had traded whole before the cancel"),
        Row("CANCELED", "silence", "CANCELED", "late news: a request about it had no answer"),
        Row("CANCELED", "doubt", "CANCELED", "late news: a second copy was refused"),
        Row("CANCELED", "rests", "LIVE", "the venue said that it was gone and shows it resting later"),
        Row("EXPIRED", "ack", "UNKNOWN", "the venue knows it after all"),
        Row("EXPIRED", "reject", "EXPIRED", "late news: gone either way"),
        Row("EXPIRED", "partial", "EXPIRED", "late news: it traded in part before its time was over"),
        Row("EXPIRED", "fill", "FILLED", "late news: it had traded whole in time"),
        Row("EXPIRED", "gone", "EXPIRED", "late news: the venue repeats itself"),
        Row("EXPIRED", "keep", "EXPIRED", "late news: already gone"),
        Row("EXPIRED", "silence", "EXPIRED", "late news: a request about it had no answer"),
        Row("EXPIRED", "doubt", "EXPIRED", "late news: a second copy was refused"),
        Row("EXPIRED", "rests", "LIVE", "shown resting beyond its time"),
        Row("REJECTED", "ack", "LIVE", "an acceptance is believed: the refusal was wrong"),
        Row("REJECTED", "reject", "REJECTED", "late news: the venue repeats itself"),
        Row("REJECTED", "partial", "PARTIAL", "a fill is believed: the refusal was wrong"),
        Row("REJECTED", "fill", "FILLED", "a fill is believed: the refusal was wrong"),
        Row("REJECTED", "gone", "REJECTED", "late news: the cancel of something that never rested"),
        Row("REJECTED", "keep", "REJECTED", "late news: nothing there to cancel"),
        Row("REJECTED", "silence", "REJECTED", "late news: a request about it had no answer"),
        Row("REJECTED", "doubt", "REJECTED", "late news: a second copy was refused too"),
        Row("REJECTED", "rests", "LIVE", "shown resting: the refusal was wrong"),
    ],
)

TERMINAL = frozenset({"DENIED", "REJECTED", "FILLED", "CANCELED", "EXPIRED"})
CANCELABLE = frozenset({"SENT", "LIVE", "PARTIAL", "UNKNOWN"})
# Orders that are over and still remembered: hours of busy quoting, a few megabytes.
RETIRED_MAX = 10_000
# What a trade may lack of the size of its order: the venue rounds (reliability reference, F37).
CRUMB: Size = SHARE // 100
GONE = frozenset({OrderStatus.CANCELED, OrderStatus.UNMATCHED, OrderStatus.INVALID})


@dataclass(slots=True)
class Order:
    """One order of ours.  `side` and `price` are in the token's own terms, `quote` and `price_yes` in the market's.

    `reference2` is None where only the price says whether it is still wanted (an order of an earlier run).  `told_at`
    is when the venue last said that it has the order, `ended_at` when it was proven to be over, `asked_at` when a
    placement or cancel left without an answer yet.  `matched` is how much of it the venue says has traded, and
    `unproven` that it is over by an answer to a cancel, which does not say how much.  `level` is its place in the
    ladder of its side, None where nobody knows (an order of an earlier run); `clipped` says that a rule made it smaller
    than was wanted.
    """

    order_id: OrderId
    market: ConditionId
    token: TokenId
    side: Side
    price: Price
    size: Size
    quote: QuoteSide
    price_yes: Price
    reference2: int | None
    created_at: Nanos
    state: str = field(default=ORDER.initial)
    filled: Size = 0
    trades: set[str] = field(default_factory=set)
    expires_at: Nanos | None = None
    refresh_at: Nanos | None = None
    adopted: bool = False
    asked_at: Nanos = 0
    told_at: Nanos | None = None
    ended_at: Nanos | None = None
    canceled_at: Nanos | None = None
    reposts: int = 0
    matched: Size = 0
    unproven: bool = False
    level: int | None = 0
    clipped: bool = False

    @property
    def size_left(self) -> Size:
        return max(0, self.size - self.filled)

    @property
    def open(self) -> bool:
        """Whether it may still trade: everything that is not proven to be over."""
        return self.state not in TERMINAL

    @property
    def owed(self) -> Size:
        """What has traded by the venue's own word and was not told as fills yet; crumbs of rounding are none."""
        missing = self.matched - self.filled
        return missing if missing > CRUMB else 0

    @property
    def at_stake(self) -> Size:
        """Shares of it that may turn into a position that is not booked yet."""
        return self.size_left if self.open or self.unproven else self.owed


def trigger_of(order: Order, report: ExecReport) -> str:
    """The trigger of the order table that an exec report amounts to; a fill must not be booked before."""
    match report:
        case Accepted():
            return "ack"
        case Rejected():
            # The same bytes were sent twice: the refusal of one copy says nothing about the other.
            return "doubt" if order.reposts else "reject"
        case Canceled():
            return "gone"
        case CancelRejected():
            return "keep"
        case Unanswered():
            return "silence"
        case Filled():
            return "fill" if order.filled + report.size >= order.size else "partial"


def trigger_of_shown(order: Order, shown: OrderShown) -> str | None:
    """The trigger that an order as the venue shows it amounts to; None where only its trades say more."""
    status = shown.status
    if status in GONE:
        return "gone"
    if status is OrderStatus.MATCHED:
        # It rests no longer; what it still owes is told by its trades.  Matched in part is a contradiction.
        if order.matched < order.size - CRUMB:
            return "doubt" if order.open else None
        return None if order.owed else "fill"
    if status is OrderStatus.UNKNOWN:
        return "doubt" if order.open else None
    if order.open:
        return "partial" if order.state == "UNKNOWN" and order.filled else "ack"
    stale = order.state == "CANCELED" and (order.ended_at or 0) > shown.asked_at
    return None if stale or order.state == "FILLED" else "rests"


class Orders:
    """Every order that still matters, by id, and the open ones by market.

    Of those that are over, the last `RETIRED_MAX` are kept for late news; one that may still trade, or owes a fill,
    is never forgotten.
    """

    def __init__(self) -> None:
        self._all: dict[OrderId, Order] = {}
        self._open: dict[ConditionId, dict[OrderId, Order]] = {}
        self._owing: dict[OrderId, Order] = {}
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
        if order.owed or order.unproven:
            self._owing[order.order_id] = order
        else:
            self._owing.pop(order.order_id, None)

    def open(self, market: ConditionId | None = None) -> Iterator[Order]:
        groups = self._open.values() if market is None else [self._open.get(market, {})]
        return (order for group in groups for order in tuple(group.values()))

    def owing(self) -> Iterator[Order]:
        """Orders, open or over, of which the venue knows, or may know, more trades than were told."""
        return iter(tuple(self._owing.values()))

    def _retire(self, order: Order) -> None:
        self._retired.append(order)
        if len(self._retired) > RETIRED_MAX:
            oldest = self._retired.popleft()
            if oldest.owed or oldest.unproven:
                self._retired.append(oldest)
            elif not oldest.open:
                self._all.pop(oldest.order_id, None)

"""The way out of doubt about an order, in stated steps.

    UNKNOWN -> query at once, then after 250 ms, 500 ms, 1, 2 and 4 s, then every 5 s
      no longer wanted -> cancel by id as well, at the same pace; a refused cancel is followed by a query
      still wanted by the decision of the moment, and not known to the venue -> the same bytes again, a few times
      past its end and the grace, two independent reads do not know it -> EXPIRED
      anything else -> it stays UNKNOWN, and counts in full

An order without an end is never given up: no number of reads proves that it cannot arrive any more.  What the venue
says has traded and was not told as fills yet is asked for by reading the account, at the same pace.  An order that is
over by the answer to a cancel is asked about too, unless the user socket shows it first: only an order that is shown
says how much of it traded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pmm.commands import Cancel, QueryOrder, Repost
from pmm.core.agenda import Agenda
from pmm.core.orders import ORDER, Order, Orders
from pmm.core.step import StepBuilder
from pmm.events import OrderMissing, Reading
from pmm.model import MILLISECOND, SECOND, Nanos, OrderId

PACE: tuple[Nanos, ...] = (250 * MILLISECOND, 500 * MILLISECOND, SECOND, 2 * SECOND, 4 * SECOND)
PACE_LAST: Nanos = 5 * SECOND
# How long after its end an order may still show up: the venue sweeps now and then, and reads may be old.
GRACE: Nanos = 10 * SECOND
# A request without an answer is in doubt at the latest now; a gateway gives its calls a shorter deadline.
ANSWER_MAX: Nanos = 30 * SECOND
# How often the bytes of one order are sent again at most.
REPOSTS_MAX = 8
_OWED = ""

Want: TypeAlias = Callable[[str, Nanos], None]


@dataclass(slots=True)
class Ladder:
    """When something may be asked for again: soon at first, then ever more rarely."""

    asked: int = 0
    asked_at: Nanos = 0
    next_at: Nanos = 0

    def step(self, at: Nanos) -> None:
        self.asked_at = at
        self.next_at = at + (PACE[self.asked] if self.asked < len(PACE) else PACE_LAST)
        self.asked += 1


@dataclass(slots=True)
class Doubt:
    """About one order: what was asked, and the latest read of either kind that did not know it.

    It is kept until the order is over, `active` or not, so that an order that falls into doubt again and again is
    asked about no more often than one that stays there.
    """

    queries: Ladder = field(default_factory=Ladder)
    cancels: Ladder = field(default_factory=Ladder)
    reposts: Ladder = field(default_factory=Ladder)
    missing: dict[Reading, Nanos] = field(default_factory=dict)
    active: bool = False

    def lost_since(self, moment: Nanos) -> bool:
        """Whether both reads were sent after a moment and do not know the order."""
        return all(self.missing.get(reading, -1) >= moment for reading in Reading)

    def next_at(self, at: Nanos) -> Nanos:
        ahead = [ladder.next_at for ladder in (self.queries, self.cancels, self.reposts) if ladder.next_at > at]
        return min(ahead, default=at + PACE_LAST)


class Doubts:
    """Every order in doubt.  `want` has the account read for a cause."""

    def __init__(self, orders: Orders, want: Want) -> None:
        self._want = want
        self._orders = orders
        self._agenda: Agenda[OrderId] = Agenda()
        self._doubts: dict[OrderId, Doubt] = {}
        self._owed: Ladder | None = None

    @property
    def wake_at(self) -> Nanos | None:
        return self._agenda.next_at

    def watch(self, order: Order, out: StepBuilder) -> None:
        """An order may have changed: ask at once about one that is newly in doubt, and about trades it owes."""
        doubt = self._doubts.get(order.order_id)
        if order.unproven:
            self._prove(order, out)
        elif not order.open:
            self._doubts.pop(order.order_id, None)
        elif order.state != "UNKNOWN":
            if doubt is not None and doubt.active:
                doubt.active = False
                doubt.missing.clear()
                # It is there after all: what a cancel did not find a moment ago, the next one may.
                doubt.cancels.next_at = min(doubt.cancels.next_at, (order.canceled_at or 0) + PACE[0])
        elif doubt is None or not doubt.active:
            self._enter(order, doubt or Doubt(), out)
        if order.owed and self._owed is None:
            self._owed = Ladder()
            self._ask_for_trades(out)

    def _enter(self, order: Order, doubt: Doubt, out: StepBuilder) -> None:
        self._doubts[order.order_id], at = doubt, out.event.at
        doubt.active = True
        if not doubt.cancels.asked and order.canceled_at is not None:
            doubt.cancels.step(order.canceled_at)
        if at - doubt.queries.next_at >= PACE_LAST:
            doubt.queries = Ladder()
        if at >= doubt.queries.next_at:
            self.ask(order, out)
        else:
            self._agenda.note(order.order_id, doubt.next_at(at))

    def _prove(self, order: Order, out: StepBuilder) -> None:
        """Ask how much of a canceled order traded, when nobody has said so by then."""
        doubt = self._doubts.setdefault(order.order_id, Doubt())
        if not doubt.active:
            doubt.active = True
            doubt.queries.next_at = max(doubt.queries.next_at, out.event.at + PACE[0])
            self._agenda.note(order.order_id, doubt.queries.next_at)

    def ask(self, order: Order, out: StepBuilder) -> None:
        """Ask about an order in doubt now; past its end also for the second, independent reading."""
        doubt, at = self._doubts[order.order_id], out.event.at
        out.commands.append(QueryOrder(order.order_id))
        if order.expires_at is not None and at >= order.expires_at + GRACE:
            self._want("an order is past its end and in doubt", at)
        doubt.queries.step(at)
        self._agenda.note(order.order_id, doubt.next_at(at))

    def answered(self, order: Order, out: StepBuilder) -> None:
        """A cancel or a second copy had an answer that proves nothing: ask as soon as the pace allows at all."""
        doubt, at = self._doubts[order.order_id], out.event.at
        doubt.queries.next_at = min(doubt.queries.next_at, doubt.queries.asked_at + PACE[0])
        if at >= doubt.queries.next_at:
            self.ask(order, out)
        else:
            self._agenda.note(order.order_id, doubt.next_at(at))

    def missing(self, order: Order, event: OrderMissing, out: StepBuilder) -> None:
        """A read does not know an order in doubt.  Only beyond its end do two of them prove anything."""
        doubt = self._doubts[order.order_id]
        doubt.missing[event.reading] = max(event.asked_at, doubt.missing.get(event.reading, 0))
        if order.expires_at is not None and doubt.lost_since(order.expires_at + GRACE):
            out.move(ORDER, order, "expire", order.order_id, "")

    def cancel(self, order: Order, why: str, out: StepBuilder) -> None:
        """Cancel an order by its id; one that is or was in doubt not sooner than its pace allows."""
        doubt, at = self._doubts.get(order.order_id), out.event.at
        if doubt is not None:
            if at < doubt.cancels.next_at:
                self._agenda.note(order.order_id, doubt.next_at(at))
                return
            doubt.cancels.step(at)
            self._agenda.note(order.order_id, doubt.next_at(at))
        out.move(ORDER, order, "cancel", order.order_id, why)
        order.asked_at = order.canceled_at = at
        out.commands.append(Cancel(order.order_id))

    def repost(self, order: Order, out: StepBuilder) -> None:
        """Send the bytes of an order that this step's decision wants again, where the venue does not know them.

        The venue takes one copy, however many arrive and whenever the first one does.  An order that the venue has
        confirmed once is not sent again: it has traded or was removed.
        """
        doubt, at = self._doubts[order.order_id], out.event.at
        if Reading.ORDER not in doubt.missing or order.told_at is not None or order.reposts >= REPOSTS_MAX:
            return
        if at < doubt.reposts.next_at:
            self._agenda.note(order.order_id, doubt.next_at(at))
            return
        doubt.missing.clear()
        doubt.reposts.step(at)
        order.reposts += 1
        out.commands.append(Repost(order.order_id))

    def due(self, at: Nanos, out: StepBuilder) -> Iterator[Order]:
        """Ask about whatever is due by now; yields the orders in doubt, which may have to be cancelled again."""
        while (subject := self._agenda.pop(at)) is not None:
            if subject == _OWED:
                self._ask_for_trades(out)
                continue
            order, doubt = self._orders.get(subject), self._doubts.get(subject)
            if order is None or doubt is None:
                continue
            if doubt.active and at >= doubt.queries.next_at:
                self.ask(order, out)
            elif doubt.active or doubt.cancels.next_at > at:
                self._agenda.note(subject, doubt.next_at(at))
            yield order

    def _ask_for_trades(self, out: StepBuilder) -> None:
        if self._owed is None or not any(order.owed for order in self._orders.owing()):
            self._owed = None
            return
        at = out.event.at
        self._want("an order traded more than was told", at)
        self._owed.step(at)
        self._agenda.note(_OWED, self._owed.next_at)

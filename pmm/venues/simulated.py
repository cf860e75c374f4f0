"""A gateway whose orders really rest in a pretend venue of the same process: they hold their place in its queues,
move its prices, and trade with whoever comes.

A dry run cannot do that (`pmm.venues.shadow` guesses what would have happened); comparisons of quoting models and
backtests against synthetic traders can.  Money is not checked here: what one may not afford is for limits to say.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import count

from pmm.account import OrderStatus, TradeStatus
from pmm.commands import Cancel, CancelAll, OrderCommand, Place, QueryOrder
from pmm.events import (
    Accepted,
    Canceled,
    CancelRejected,
    Event,
    Filled,
    OrderMissing,
    OrderShown,
    Reading,
    Rejected,
    Settled,
)
from pmm.model import GRID, MILLISECOND, Nanos, OrderId, Size
from pmm.ports import Emit
from pmm.sim.floor import Floor
from pmm.sim.matching import Outcome, Report, Status
from pmm.sim.world import DemoWorld

OWNER = "pmm"


class SimulatedGateway:
    """Implements the `Gateway` port.  `latency` is one way, in nanoseconds; fills settle at once.

    Give `told` to the world as what is told of trades, then `attach` the world.
    """

    def __init__(self, latency: Nanos = 50 * MILLISECOND) -> None:
        self.latency = latency
        self._world: DemoWorld | None = None
        self._arrivals: list[tuple[Nanos, int, OrderCommand]] = []
        self._answers: list[tuple[Nanos, int, Event]] = []
        self._sequence = count()
        self._trades = count(1)
        self._resting: dict[OrderId, Size] = {}
        self._over: dict[OrderId, tuple[OrderStatus, Size]] = {}

    def attach(self, world: DemoWorld) -> None:
        self._world = world

    def told(self, floor: Floor, report: Report) -> None:
        """A trade or a cancel happened on a floor: what of it is ours reaches us after `latency`."""
        at = floor.now + self.latency
        for fill in report.fills:
            if fill.owner != OWNER:
                continue
            traded = self._resting[fill.order_id] + fill.size
            self._resting[fill.order_id] = traded
            if not fill.left:
                self._end(fill.order_id, OrderStatus.MATCHED)
            trade, price = f"sim-{next(self._trades)}", fill.price_yes
            price = price if fill.outcome is Outcome.YES else GRID - price
            self._answer(Filled(at, fill.order_id, trade, price, fill.size))
            self._answer(Settled(at, fill.order_id, trade, TradeStatus.CONFIRMED))

    # --- the Gateway port ---------------------------------------------------------------------------------------

    def submit(self, commands: Sequence[OrderCommand], at: Nanos, _emit: Emit) -> None:
        for command in commands:
            heapq.heappush(self._arrivals, (at + self.latency, next(self._sequence), command))

    def observe(self, event: Event, emit: Emit) -> None:
        """Nothing is read off the tape: the venue itself says what trades."""

    def next_at(self) -> Nanos | None:
        heads = [queue[0][0] for queue in (self._arrivals, self._answers) if queue]
        return min(heads, default=None)

    def advance(self, emit: Emit) -> None:
        due = self.next_at()
        while due is not None and self._answers and self._answers[0][0] <= due:
            emit(heapq.heappop(self._answers)[2])
        while due is not None and self._arrivals and self._arrivals[0][0] <= due:
            at, _, command = heapq.heappop(self._arrivals)
            self._arrive(command, at)

    # --- commands -----------------------------------------------------------------------------------------------

    def _arrive(self, command: OrderCommand, at: Nanos) -> None:
        match command:
            case Place():
                self._place(command, at)
            case Cancel():
                self._cancel(command.order_id, at)
            case CancelAll():
                for order_id in tuple(self._resting):
                    self._cancel(order_id, at)
            case QueryOrder():
                self._show(command.order_id, at)
            case _:
                pass  # there is no account to read, no heartbeat to stop, and nothing is ever lost on its way

    def _place(self, place: Place, at: Nanos) -> None:
        world, answer_at = self._venue(), at + self.latency
        self._resting[place.order_id] = 0
        report = world.submit(
            place.order_id,
            place.token,
            place.side,
            place.price,
            place.size,
            tif=place.tif,
            post_only=place.post_only,
            owner=OWNER,
            at=at,
        )
        if report is None or report.status is Status.REJECTED:
            del self._resting[place.order_id]
            reason = "no such token" if report is None else str(report.reason)
            self._answer(Rejected(answer_at, place.order_id, reason))
        else:
            self._answer(Accepted(answer_at, place.order_id))

    def _cancel(self, order_id: OrderId, at: Nanos) -> None:
        report = self._venue().cancel(order_id, at=at)
        if report.status is Status.CANCELED:
            self._end(order_id, OrderStatus.CANCELED)
            self._answer(Canceled(at + self.latency, order_id, "canceled by us"))
        else:
            self._answer(CancelRejected(at + self.latency, order_id, str(report.reason)))

    def _show(self, order_id: OrderId, at: Nanos) -> None:
        asked_at, answer_at = at - self.latency, at + self.latency
        if order_id in self._resting:
            self._answer(OrderShown(answer_at, asked_at, order_id, OrderStatus.LIVE, self._resting[order_id]))
        elif order_id in self._over:
            self._answer(OrderShown(answer_at, asked_at, order_id, *self._over[order_id]))
        else:
            self._answer(OrderMissing(answer_at, asked_at, order_id, Reading.ORDER))

    def _end(self, order_id: OrderId, status: OrderStatus) -> None:
        self._over[order_id] = status, self._resting.pop(order_id)

    def _answer(self, event: Event) -> None:
        heapq.heappush(self._answers, (event.at, next(self._sequence), event))

    def _venue(self) -> DemoWorld:
        assert self._world is not None, "a gateway is attached before it is used"
        return self._world

"""The trading floor of one market: its book, the people who trade there, and what of it goes out on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from pmm.model import GRID, MILLISECOND, SECOND, Money, Nanos, OrderId, Price, Side, Size, TokenId, notional
from pmm.sim.catalog import Listing
from pmm.sim.desk import Desk
from pmm.sim.dice import Dice
from pmm.sim.frames import MarketWire, WireFrame
from pmm.sim.matching import LevelChange, MatchingMarket, Outcome, Report, Status
from pmm.sim.traders import TraderParams, traders
from pmm.sim.truth import Truth, TruthParams
from pmm.sim.verdict import Verdict


@dataclass(frozen=True, slots=True)
class WorldParams:
    """What a pretend market is like.

    truth, traders      how probabilities move and who trades on them
    warm_up_s           how long markets have been open when the world begins, so that books and last trades exist
    print_lag_ms        how long after the book a trade appears on the tape (70 to 85 ms in the recordings)
    silent              make no messages at all, for campaigns that nobody listens to
    """

    truth: TruthParams = field(default_factory=TruthParams)
    traders: TraderParams = field(default_factory=TraderParams)
    warm_up_s: int = 20
    print_lag_ms: int = 75
    silent: bool = False


class Floor:
    """One market of the world.  `outbox` fills with messages and the time at which each is due.

    `clear` is told every trade and every cancel, after its messages: it is where money follows.  `hears` says whether
    anybody listens to one of these tokens; a message for nobody is not made.  `truth` is what nobody here may see but
    the trader who knows, and whoever judges a run afterwards.
    """

    def __init__(
        self, listing: Listing, params: WorldParams, dice: Dice, opened_at: Nanos, clear: Clear | None = None
    ) -> None:
        self.listing = listing
        self.condition_id = listing.market.condition_id
        self.open = listing.market.tradable
        self.book = MatchingMarket(listing.market.tick, listing.market.min_size)
        self.wire = MarketWire(listing.market, opened_at // MILLISECOND)
        self.volume: Money = listing.market.volume
        self.outbox: list[tuple[Nanos, WireFrame]] = []
        self.now = opened_at
        self.hears: Hears = _somebody
        self._on_air = True
        self._silent = params.silent
        self._clear = clear
        self._lag = params.print_lag_ms * MILLISECOND
        truth = self.truth = Truth(params.truth, listing.probability, listing.pace, dice)
        self.desk = Desk(self.book, dice, self.publish)
        people = traders(self.desk, truth, params.traders, listing.pace)
        wakes: list[Callable[[Nanos], Nanos]] = [truth.wake, *(one.wake for one in people)]
        self._due = [(opened_at, number, wake) for number, wake in enumerate(wakes)]
        heapify(self._due)

    @property
    def next_at(self) -> Nanos | None:
        """When somebody next acts; None on a floor where everybody has gone home."""
        return self._due[0][0] if self._due else None

    def warm_up(self, until: Nanos) -> None:
        """Live through the time before `until` without a message."""
        self._on_air = False
        while self.next_at is not None and self.next_at < until:
            self.wake_due(self.next_at)
        self._on_air = True

    def wake_due(self, at: Nanos) -> None:
        """Let everybody act whose time has come."""
        self.now = max(self.now, at)
        while self._due and self._due[0][0] <= at:
            due, number, wake = heappop(self._due)
            if not self.open:
                heappush(self._due, (due + SECOND, number, wake))
                continue
            again = due + wake(due)
            if self.listing.pace:
                heappush(self._due, (again, number, wake))

    def postpone(self, gone: Nanos) -> None:
        """Everybody was away for that long and now acts that much later."""
        self._due = [(due + gone, number, wake) for due, number, wake in self._due]

    def cancel(self, order_id: OrderId, at: Nanos) -> Report:
        """Cancel a resting order and publish it."""
        self.now = at
        report = self.book.cancel(order_id)
        self.publish(report)
        return report

    def change_tick(self, tick: Price, at: Nanos) -> None:
        """Go over to another grid; orders that do not lie on it are cancelled first."""
        self.now = at
        for order in self.book.orders():
            if order.index * self.book.tick % tick:
                self.cancel(order.order_id, at)
        self.book.change_tick(tick)
        self.amend(tick=tick)
        self._send(at, self.wire.change_tick(tick, at // MILLISECOND))
        self._send(at, [self.wire.snapshot(outcome) for outcome in Outcome])

    def amend(self, **facts: object) -> None:
        """Change facts about the market."""
        market = replace(self.listing.market, **facts)  # type: ignore[arg-type]  # names of its fields
        self.listing = replace(self.listing, market=market)
        self.open = market.tradable
        self.wire.market = market if "tick" not in facts else self.wire.market

    def resolve(self, verdict: Verdict, at: Nanos) -> None:
        """Tell that it is over and how; everybody goes home."""
        self.now = at
        self._due.clear()
        self._send(at, [self.wire.resolve(verdict, self.listing.market_id, at // MILLISECOND)])

    def publish(self, report: Report) -> None:
        """Make what a request changed known: messages first, then whoever clears."""
        self._tell(report)
        if self._clear is not None and (report.fills or report.status is Status.CANCELED):
            self._clear(self, report)

    def rest(self, order_id: OrderId, outcome: Outcome, side: Side, price: Price, size: Size, owner: str) -> None:
        """Let an order rest that meets nobody, and make that known: see `MatchingMarket.rest`."""
        change = self.book.rest(order_id, outcome, side, price, size, owner)
        self._show(change, outcome, self.now // MILLISECOND, heard=self.hears(self.wire.tokens))

    def _show(self, change: LevelChange, first: Outcome, at_ms: int, *, heard: bool) -> None:
        """Write one level into the books of the wire, with a message where somebody hears it."""
        if heard and self._on_air and not self._silent:
            self.outbox.extend((self.now, frame) for frame in self.wire.price_change(change, at_ms, first))
        else:
            self.wire.apply(change, at_ms)

    def _tell(self, report: Report) -> None:
        """Turn a report into messages: level by level, then both books and the tape after a trade."""
        at_ms = self.now // MILLISECOND
        prints = list(_prints(report)) if report.fills else []
        if prints:
            self.wire.note_trade(report.outcome, report.side, prints[-1][0])
            self.volume += sum(notional(price, size) for price, size in prints)
        heard = bool(prints) or self.hears(self.wire.tokens)
        for change in report.levels:
            self._show(change, report.outcome, at_ms, heard=heard)
        if prints:
            self._send(self.now, [self.wire.snapshot(outcome) for outcome in Outcome])
        late = self.now + self._lag
        for price, size in prints:
            self._send(late, [self.wire.print_(report.outcome, report.side, price, size, late // MILLISECOND)])

    def _send(self, at: Nanos, frames: Iterable[WireFrame]) -> None:
        if self._on_air and not self._silent:
            self.outbox.extend((at, frame) for frame in frames)


Clear: TypeAlias = Callable[[Floor, Report], None]
Hears: TypeAlias = Callable[[Sequence[TokenId]], bool]


def _somebody(_: Sequence[TokenId]) -> bool:
    return True


def _prints(report: Report) -> Iterator[tuple[Price, Size]]:
    """What the tape shows of a taker's order: one print per price, in the terms of the taker's token."""
    totals: dict[Price, Size] = {}
    for fill in report.fills:
        totals[fill.price_yes] = totals.get(fill.price_yes, 0) + fill.size
    for price, size in totals.items():
        yield (price if report.outcome is Outcome.YES else GRID - price), size

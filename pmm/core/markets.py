"""One quoted market: its facts, its books, what we hold in it, and whether it may be quoted on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pmm._fast import ASK, BID, Book
from pmm.core.book_copy import BookCopy
from pmm.core.calendar import Calendar
from pmm.core.line import Line, Print
from pmm.core.position import Position
from pmm.core.regime import REGIME, RegimeWatch
from pmm.core.signals.market import MarketSignals
from pmm.core.source import SOURCE, Source
from pmm.core.step import Fill, StepBuilder
from pmm.core.view import QuoteSide, Resting, sizes
from pmm.model import GRID, ConditionId, Market, Nanos, Price, Side, Size


@dataclass(slots=True, eq=False)
class QuotedMarket:
    """`copies` are its books by connection, `lead` the one that is read; quoting reads the first token's book.

    `rivalry` is what the venue's word on our share of the reward has taught of the others (`View`).
    """

    market: Market
    copies: dict[int, BookCopy]
    lead: BookCopy
    source: Source
    position: Position = field(default_factory=Position)
    dropped: bool = False
    rivalry: float = 1.0
    regime: RegimeWatch = field(default_factory=RegimeWatch)
    signals: MarketSignals = field(init=False)
    _seen: tuple[Price | None, Price | None, str | None, str] | None = None
    _last_mid2: int = GRID
    _own: tuple[Resting, ...] = ()
    _ours: tuple[dict[Price, Size], dict[Price, Size]] = ({}, {})
    _touch: tuple[Price, Price, Size, Size] | None = None

    def __post_init__(self) -> None:
        self.signals = MarketSignals(self.market.tick)

    @property
    def condition_id(self) -> ConditionId:
        return self.market.condition_id

    @property
    def book(self) -> Book:
        """The first token's book as its present source shows it; where there is none, as it was last known."""
        stand_in = self.source.book if self.source.state == "REST" else None
        return self.lead.book if stand_in is None else stand_in

    @property
    def held(self) -> bool:
        """Whether the book looks like the middle of a batch, so that nothing is decided on it."""
        return self.source.state == "WEBSOCKET" and self.lead.held

    def moved(self) -> bool:
        """Whether the best prices, what forbids quoting or the regime differ from when this was last asked."""
        if self.held:
            return False
        book = self.book
        seen = (book.best_bid, book.best_ask, self.problem(), self.regime.state)
        if seen == self._seen:
            return False
        self._seen = seen
        return True

    def mark2(self) -> int:
        """Twice the mid, or the last one there was: what holdings are valued at (even odds before the first)."""
        mid2 = self.book.mid2
        if mid2 is not None:
            self._last_mid2 = mid2
        return self._last_mid2

    def learn(self, market: Market) -> None:
        """New facts: other dates, another tick."""
        self.market, self.signals.tick = market, market.tick
        self.regime.calendar = Calendar.of(market, self.regime.limits.calendar)

    def on_tick(self, tick: Price) -> None:
        if tick != self.market.tick:
            self.market = replace(self.market, tick=tick)
            self.signals.tick = tick

    def tell_own(self, own: tuple[Resting, ...]) -> None:
        """These are our orders in the book, whenever they changed: they are no news."""
        if own != self._own:
            self._own, self._ours = own, (sizes(own, QuoteSide.BID), sizes(own, QuoteSide.ASK))

    def observe(self, at: Nanos) -> None:
        """Fold the touch of others into the signals; a book that is read elsewhere or makes no sense is no news."""
        if self.source.state != "WEBSOCKET" or self.lead.contradiction is not None:
            return
        book, (bids, asks) = self.lead.book, self._ours
        bid, ask = book.best_bid, book.best_ask
        if bid is None or ask is None:
            touch = None
        elif bids or asks:
            touch = _touch(book, bids, asks)
        else:
            touch = bid, ask, book.size_at(BID, bid), book.size_at(ASK, ask)
        if touch == self._touch:
            return
        self._touch = touch
        if touch is None:
            self.signals.interrupt()
        else:
            self.signals.on_book(at, *touch)

    def on_trade(self, at: Nanos, line: Line, trade: Print) -> None:
        """A taker traded one of the two tokens: who buys the second one sells the first.

        The tape of a spare connection is the same tape again.
        """
        index, sells, price, size, _ = trade
        if self.source.state == "WEBSOCKET" and line.copies[index] is self.lead:
            yes = index == self.lead.yes
            side = Side.BUY if (not sells) is yes else Side.SELL
            self.signals.on_trade(at, side, size, price if yes else GRID - price)

    def on_fills(self, fills: Iterable[Fill]) -> None:
        """Orders of ours traded."""
        for fill in fills:
            self.signals.on_fill(fill.at, fill.side if fill.is_yes else fill.side.opposite, fill.size)

    def judge(self, at: Nanos, out: StepBuilder) -> None:
        """Say what kind of time it is now."""
        regime, signals = self.regime, self.signals
        score = signals.trend_score(at)
        trigger = regime.judge(at, tradable=self.market.tradable, trend_score=score, jumped_at=signals.jumped_at)
        out.move(REGIME, regime, trigger, f"regime {self.market.slug}", "")

    def next_at(self, at: Nanos) -> Nanos | None:
        """When something about the source or the calendar changes."""
        ahead = self.source.next_at(at), self.regime.calendar.next_at(at)
        return min((moment for moment in ahead if moment is not None), default=None)

    def settle(self, at: Nanos, out: StepBuilder) -> None:
        """Read a trusted copy, if there is one, and say where the book is read now; orders stay where they are."""
        if not self.lead.usable:
            self.lead = next((copy for copy in self.copies.values() if copy.usable), self.lead)
        trigger = self.source.on_usable(at, usable=self.lead.usable)
        self.change_source(trigger, "" if self.lead.usable else self.lead.cause, out)

    def change_source(self, trigger: str | None, cause: str, out: StepBuilder) -> None:
        out.move(SOURCE, self.source, trigger, f"source {self.market.slug}", cause)
        if trigger is not None and self.source.state != "WEBSOCKET":
            self._touch = None
            self.signals.interrupt()

    def problem(self) -> str | None:
        """Why the market must not be quoted, or None."""
        if self.dropped:
            return "the market is dropped"
        if not self.market.tradable:
            return _closed(self.market)
        source = self.source
        if source.state == "NONE":
            return self._untrusted()
        if source.state == "REST" and not source.limits.quote_on_rest:
            return "the book is read over REST only, and feed.quote_on_rest is off"
        book = self.book
        if book.best_bid is None or book.best_ask is None:
            return "one side of the book is empty"
        return None

    def _untrusted(self) -> str:
        feed, copy = self.lead.feed, self.lead
        if feed.state != "RUNNING":
            return f"feed is {feed.state}" + (f": {feed.cause}" if feed.cause else "")
        if not copy.known or copy.trusted:
            return "no book yet"
        return copy.cause if copy.state == "SUSPECT" else f"the book is lost: {copy.cause}"


def _closed(market: Market) -> str:
    if market.closed:
        return "the market is closed"
    return "the market is not accepting orders" if market.active else "the market is not active"


def _touch(book: Book, bids: dict[Price, Size], asks: dict[Price, Size]) -> tuple[Price, Price, Size, Size] | None:
    """Best bid and ask of others and the sizes there, without ours; None where a side is empty."""
    bid, ask = _best(book, BID, book.best_bid, bids), _best(book, ASK, book.best_ask, asks)
    return None if bid is None or ask is None else (bid[0], ask[0], bid[1], ask[1])


def _best(book: Book, side: int, best: Price | None, ours: dict[Price, Size]) -> tuple[Price, Size] | None:
    """The best level of one side: looking deeper is only needed where nobody else stands at the best price."""
    if best is None:
        return None
    left = book.size_at(side, best) - ours.get(best, 0)
    if left > 0:
        return best, left
    levels = ((price, size - ours.get(price, 0)) for price, size in book.levels(side, len(ours) + 1))
    return next((level for level in levels if level[1] > 0), None)

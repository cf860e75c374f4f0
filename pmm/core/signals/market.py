"""The signals of one market, folded from its book, the tape and our fills, and read when a view is made.

Everything is in the terms of YES.  A change of the book costs a few additions; decays, moves of ended blocks and
everything that only a view needs wait for `read`.  Sizes must not contain our own orders: they are no news.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from pmm.core.signals import Signals
from pmm.core.signals.averages import Averages, Moves
from pmm.core.signals.flow import Flow
from pmm.core.signals.jumps import Jumps
from pmm.core.signals.level import Level
from pmm.core.signals.markout import Markout
from pmm.core.signals.reach import Reach
from pmm.core.signals.trend import Trend
from pmm.core.signals.volatility import Volatility
from pmm.model import GRID, SECOND, Nanos, Price, Side, Size


@dataclass(frozen=True, slots=True)
class Memory:
    """How long each signal remembers: half-lives in seconds, times in ns.

    `block` is what the fair price is averaged over, `jump_window` how sudden a jump is.
    """

    block: Nanos = 5 * SECOND
    variance: float = 120.0
    level: float = 2.0
    trend: float = 120.0
    flow: float = 120.0
    reach: float = 600.0
    jumps: float = 600.0
    jump_window: Nanos = 2 * SECOND
    markout: float = 1_800.0
    horizons: tuple[Nanos, ...] = (5 * SECOND, 30 * SECOND)


class MarketSignals:
    """`tick` is the market's price step, kept true by whoever owns this."""

    def __init__(self, tick: Price, memory: Memory | None = None) -> None:
        memory = memory or Memory()
        self.tick = tick
        self._averages = Averages(memory.block)
        seconds = self._averages.seconds
        self._volatility = Volatility(seconds, memory.variance)
        self._level = Level(memory.level)
        self._trend = Trend(seconds, memory.trend)
        self._jumps = Jumps(memory.jump_window, memory.jumps)
        self._flow = Flow(memory.flow)
        self._reach = Reach(memory.reach)
        self._markout = Markout(memory.horizons, memory.markout)
        self._known = False

    # --- what happened --------------------------------------------------------------------------------------------

    def on_book(self, at: Nanos, bid: Price, ask: Price, bid_size: Size, ask_size: Size) -> None:
        """The touch of others is this from now on: prices on the grid, micro-shares above 0."""
        fair = (bid * ask_size + ask * bid_size) / (bid_size + ask_size) / GRID
        moves = self._averages.on_fair(at, fair)
        if moves:
            self._take(moves)
        self._known = True
        self._reach.watch(at)
        self._level.on_fair(at, fair)
        self._markout.on_fair(at, fair)
        self._jumps.on_touch(at, bid, ask, self.tick, self._diffusive)

    def on_trade(self, at: Nanos, side: Side, size: Size, price: Price) -> None:
        """A taker bought or sold YES, or the other way round NO; `price` is that of YES."""
        self._flow.on_trade(at, side, size)
        level = self._level.value(at)
        if level is not None:
            self._reach.on_trade(at, abs(price / GRID - level))

    def on_fill(self, at: Nanos, side: Side, size: Size) -> None:
        """An order of ours traded: `side` is ours, of YES."""
        self._markout.on_fill(at, side.sign, size)

    def interrupt(self) -> None:
        """Nobody knows what the market is worth until the next `on_book`; what was learnt stays."""
        self._averages.interrupt()
        self._volatility.interrupt()
        self._level.interrupt()
        self._markout.interrupt()

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def jumped_at(self) -> Nanos | None:
        """When the last jump was seen."""
        return self._jumps.last_at

    def trend_score(self, at: Nanos) -> float:
        """How many deviations the drift is away from none."""
        self._advance(at)
        return self._trend.score(self._variance()) if self._known else 0.0

    def read(self, at: Nanos, imbalance: float = 0.0) -> Signals:
        """Everything at this moment; `imbalance` is that of the book as the view shows it."""
        self._advance(at)
        return Signals(
            variance=self._variance() if self._known else 0.0,
            imbalance=imbalance,
            fair=self._averages.fair,
            flow=self._flow.value(at),
            trend=self._trend.value,
            jumps=self._jumps.rate(at),
            bid_markout=self._markout.value(at, 1),
            ask_markout=self._markout.value(at, -1),
            level=self._level.value(at),
            takers=self._reach.takers(at),
            arrival=self._reach.arrival(at),
            reach=self._reach.depth,
        )

    def _advance(self, at: Nanos) -> None:
        self._take(self._averages.advance(at))
        self._markout.advance(at)

    def _take(self, moves: Iterable[Moves]) -> None:
        for move, blocks in moves:
            drift = self._volatility.on_move(move, blocks, self.tick / GRID)
            self._trend.on_move(drift, blocks)

    def _variance(self) -> float:
        return self._volatility.value(self.tick / GRID)

    def _diffusive(self) -> float:
        """What a jump is held against: before there is a variance nothing is too large for it."""
        return self._variance() if self._volatility.known else inf

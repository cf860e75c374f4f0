"""What a market was worth, and what had traded on it, at every full minute of the venue's time."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from operator import itemgetter

from pmm.model import GRID, SECOND, Money, Nanos
from pmm.sim.frames import MarketWire
from pmm.sim.matching import Outcome

MINUTE: Nanos = 60 * SECOND
DAY: Nanos = 24 * 60 * MINUTE
# 31 days: what an account of a market reaches back to.
MINUTES_KEPT_MAX = 31 * 24 * 60


class Track:
    """One number by minutes.  Only minutes in which it is another one than before take room."""

    def __init__(self) -> None:
        self._changes: deque[tuple[int, int]] = deque(maxlen=MINUTES_KEPT_MAX)

    def note(self, minute: int, value: int) -> None:
        """`value` is that of `minute` and of those after it until the next note, which must be later."""
        if not self._changes or self._changes[-1][1] != value:
            self._changes.append((minute, value))

    @property
    def opening(self) -> tuple[int, int] | None:
        """The oldest minute that is known, and its value."""
        return self._changes[0] if self._changes else None

    def value(self, minute: int) -> int | None:
        """The value of a minute; None before the oldest one."""
        index = bisect_right(self._changes, minute, key=itemgetter(0))
        return self._changes[index - 1][1] if index else None


class MarketHistory:
    """The history of one market.  It is told the state that lasted up to a moment, before that changes.

    It begins with the minute of `opened_at`.  Prices are those of YES in half steps of the grid (1/20000 USD).
    """

    def __init__(self, opened_at: Nanos) -> None:
        self._next = opened_at // MINUTE
        self._prices = Track()
        self._volumes = Track()

    def tell(self, at: Nanos, wire: MarketWire, volume: Money) -> None:
        """The books, and what has traded so far, have been like this at every full minute up to `at`."""
        if at < self._next * MINUTE:
            return
        price = worth(wire)
        if price is not None:
            self._prices.note(self._next, price)
        self._volumes.note(self._next, volume)
        self._next = at // MINUTE + 1

    def prices(self, start: Nanos, end: Nanos, every: int = 1) -> list[tuple[int, int]]:
        """Unix seconds and price of every so many minutes from `start` to `end`, oldest first."""
        opening = self._prices.opening
        if opening is None:
            return []
        last = min(end // MINUTE, self._next - 1)
        first = max(-(-start // MINUTE), opening[0], last - MINUTES_KEPT_MAX + 1)
        found = (
            (minute * 60, self._prices.value(minute)) for minute in range(-(-first // every) * every, last + 1, every)
        )
        return [(seconds, price) for seconds, price in found if price is not None]

    def price_change(self, at: Nanos, wire: MarketWire) -> int:
        """How much more YES is worth than a day before `at`, or than in the beginning when that is later."""
        price, before = worth(wire), _since(self._prices, at - DAY)
        return 0 if price is None or before is None else price - before

    def volume(self, at: Nanos, total: Money) -> Money:
        """What has traded in the day before `at`, or since the beginning when that is later; `total` has by now."""
        before = _since(self._volumes, at - DAY)
        return 0 if before is None else total - before


def worth(wire: MarketWire) -> int | None:
    """The price of YES in half steps: the middle, else the last trade; None when there never was either."""
    mid2: int | None = wire.books[Outcome.YES].mid2
    if mid2 is not None or wire.last_price is None:
        return mid2
    return 2 * (wire.last_price if wire.last_outcome is Outcome.YES else GRID - wire.last_price)


def _since(track: Track, at: Nanos) -> int | None:
    value = track.value(at // MINUTE)
    return value if value is not None or track.opening is None else track.opening[1]
